#include "app/ctl_run.h"

#include <doctest/doctest.h>

#include <map>

namespace tipring::app {
namespace {

struct FakeBackend final : CtlBackend {
  std::string put_user(const admin::UserName& user, std::string_view password,
                       admin::PutMode mode) override {
    last_mode = mode;
    if (fault.empty()) users[user.text()] = password;
    return fault;
  }
  std::string remove_user(const admin::UserName& user) override {
    return users.erase(user.text()) > 0 ? "" : "there is no such user";
  }
  std::string import(const admin::ImportLines& lines, uint32_t& created, uint32_t&) override {
    for (const admin::ImportLine& line : lines.lines) users[line.user.text()] = line.password;
    created = static_cast<uint32_t>(lines.lines.size());
    return fault;
  }
  std::string list(CtlListing, CtlRows& into) override {
    into = rows;
    for (const auto& [name, password] : users) {
      const admin::UserName user = admin::split_user_name(name);
      into.push_back({{"name", user.name}, {"domain", user.domain}});
    }
    return fault;
  }

  std::map<std::string, std::string> users;
  CtlRows rows;  // listed before them
  std::string fault;
  admin::PutMode last_mode = admin::PutMode::Either;
};

struct FakeConsole final : CtlConsole {
  std::string read_password(const admin::UserName&, admin::SecretText& text) override {
    text.append(input);
    return input_fault;
  }
  std::string read_import(const std::string&, admin::SecretText& text) override {
    text.append(input);
    return input_fault;
  }
  void write(std::string_view text) override { out += text; }
  void write_error(std::string_view text) override { errors += text; }

  std::string input;
  std::string input_fault;
  std::string out;
  std::string errors;
};

struct Scene {
  int run(std::vector<std::string_view> words) {
    const CtlArguments arguments = parse_ctl_arguments(words);
    REQUIRE(arguments.fault == "");
    return run_ctl(arguments, "example.org", backend, console);
  }
  FakeBackend backend;
  FakeConsole console;
};

TEST_CASE("user add and passwd: the password comes from the console and is shown nowhere") {
  Scene scene;
  scene.console.input = "secretive";
  CHECK(scene.run({"user", "add", "100@Example.org"}) == 0);
  CHECK(scene.backend.users["100@example.org"] == "secretive");
  CHECK(scene.backend.last_mode == admin::PutMode::Create);
  CHECK(scene.run({"user", "passwd", "100@example.org", "--json"}) == 0);
  CHECK(scene.backend.last_mode == admin::PutMode::Change);
  CHECK(scene.console.out == "user 100@example.org created\n{\"result\":\"changed\"}\n");
  CHECK(scene.console.errors == "");
}

TEST_CASE("user add: a wrong name, a wrong password, a console that fails, a refusal: exit 1") {
  Scene scene;
  scene.console.input = "x";
  CHECK(scene.run({"user", "add", "a:b"}) == 1);
  scene.console.input = std::string(129, 'x');
  CHECK(scene.run({"user", "add", "100"}) == 1);
  CHECK(scene.console.errors.find("128 bytes") != std::string::npos);
  scene.console.input = "x";
  scene.console.input_fault = "the two passwords differ";
  CHECK(scene.run({"user", "add", "100"}) == 1);
  CHECK(scene.backend.users.empty());
  scene.console.input_fault = "";
  scene.backend.fault = "no room";
  CHECK(scene.run({"user", "add", "100"}) == 1);
  CHECK(scene.console.errors.find("tipringctl: user 100: no room\n") != std::string::npos);
  CHECK(scene.console.out == "");
}

TEST_CASE("user delete: done once, refused the second time") {
  Scene scene;
  scene.backend.users["100"] = "x";
  CHECK(scene.run({"user", "delete", "100"}) == 0);
  CHECK(scene.run({"user", "delete", "100"}) == 1);
}

TEST_CASE("user list --quiet: one name a line, and nothing when there is none") {
  Scene scene;
  CHECK(scene.run({"user", "list", "--quiet"}) == 0);
  CHECK(scene.console.out == "");
  scene.backend.users = {{"100", "x"}, {"101@example.org", "x"}};
  CHECK(scene.run({"user", "list", "-q"}) == 0);
  CHECK(scene.console.out == "100\n101@example.org\n");
}

TEST_CASE("user list: a table, and JSON") {
  Scene scene;
  CHECK(scene.run({"user", "list"}) == 0);
  CHECK(scene.console.out == "no users\n");
  scene.backend.users = {{"100", "x"}};
  CHECK(scene.run({"user", "list"}) == 0);
  CHECK(scene.run({"user", "list", "--json"}) == 0);
  CHECK(scene.console.out == "no users\nNAME\n100\n[{\"name\":\"100\",\"domain\":\"\"}]\n");
}

TEST_CASE("user import: a wrong line stops all of it, each fault is named, no password is shown") {
  Scene scene;
  scene.console.input = "100,secretive\n101\nsecretive:x,y\n";
  CHECK(scene.run({"user", "import", "users.csv"}) == 1);
  CHECK(scene.backend.users.empty());
  CHECK(scene.console.errors.find("users.csv, line 2: ") != std::string::npos);
  CHECK(scene.console.errors.find("users.csv, line 3: ") != std::string::npos);
  CHECK(scene.console.errors.find("secretive") == std::string::npos);
}

TEST_CASE("user import: a user of the default domain in both forms is in the file twice") {
  Scene scene;
  scene.console.input = "100,a\n100@example.org,b\n";
  CHECK(scene.run({"user", "import", "-"}) == 1);
  CHECK(scene.console.errors.find("line 2: user 100@example.org is in line 1 already") !=
        std::string::npos);
  CHECK(scene.backend.users.empty());
}

TEST_CASE("user import: a refusal by the store names the source") {
  Scene scene;
  scene.console.input = "100,a\n";
  scene.backend.fault = "lines 1 to 1: no room";
  CHECK(scene.run({"user", "import", "users.csv"}) == 1);
  CHECK(scene.console.errors == "tipringctl: users.csv, lines 1 to 1: no room\n");
}

TEST_CASE("user import: tells how many were created and changed") {
  Scene scene;
  scene.console.input = "100,a,b\n101,c\n";
  CHECK(scene.run({"user", "import", "-"}) == 0);
  CHECK(scene.backend.users["100"] == "a,b");
  CHECK(scene.console.out == "2 users created, 0 changed\n");
  scene.console.out.clear();
  CHECK(scene.run({"user", "import", "-", "--json"}) == 0);
  CHECK(scene.console.out == "{\"created\":2,\"changed\":0}\n");
}

TEST_CASE("user list and registrations: by domain and name, whatever the server's order") {
  Scene scene;
  scene.backend.rows = {{{"name", "b"}, {"domain", "x"}, {"contact", "2"}},
                        {{"name", "c"}, {"domain", ""}, {"contact", "3"}},
                        {{"name", "b"}, {"domain", "x"}, {"contact", "1"}}};
  const std::string sorted =
      "NAME  DOMAIN  CONTACT\n"
      "c             3\n"
      "b     x       2\n"
      "b     x       1\n";
  CHECK(scene.run({"user", "list"}) == 0);
  CHECK(scene.run({"registrations"}) == 0);
  CHECK(scene.console.out == sorted + sorted);
}

TEST_CASE("version: with or without dashes") {
  Scene scene;
  CHECK(scene.run({"--version"}) == 0);
  CHECK(scene.run({"version"}) == 0);
  CHECK(scene.console.out.starts_with("tipringctl 0."));
}

TEST_CASE("help: on standard output") {
  Scene scene;
  CHECK(scene.run({"help"}) == 0);
  CHECK(scene.console.out == ctl_help());
}

}  // namespace
}  // namespace tipring::app
