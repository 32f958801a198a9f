#include <doctest/doctest.h>

#include "ctl_scene.h"

namespace tipring::app {
namespace {

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

TEST_CASE("user add --generate: the password is shown once, and stored") {
  Scene scene;
  CHECK(scene.run({"user", "add", "100", "--generate", "display-name=Anna B", "alias+=7"}) == 0);
  CHECK(scene.console.out == "user 100 created\npassword: made-for-you\n");
  CHECK(scene.backend.users["100"] == "made-for-you");
  CHECK(scene.backend.last_fields.display_name.view() == "Anna B");
  CHECK(scene.backend.last_fields.aliases.view() == "7");
  scene.console.out.clear();
  CHECK(scene.run({"user", "password", "100", "--generate", "--json"}) == 0);
  CHECK(scene.console.out == "{\"result\":\"changed\",\"password\":\"made-for-you\"}\n");
}

TEST_CASE("user set: fields change, the password stays; aliases one by one") {
  Scene scene;
  scene.backend.users["100"] = "x";
  CHECK(scene.run({"user", "set", "100", "alias+=9", "alias-=1", "session_timer=exempt"}) == 0);
  CHECK(scene.console.out == "user 100 changed\n");
  CHECK(scene.backend.last_mode == admin::PutMode::Change);
  CHECK(scene.backend.last_fields.present == (store::kAliases | store::kSessionTimer));
  CHECK(scene.backend.last_fields.aliases.view() == "2\n9");
  CHECK(scene.run({"user", "set", "100", "alias-=3"}) == 1);
  CHECK(scene.console.errors == "tipringctl: user 100: aliases: 3 is none of them\n");
}

TEST_CASE("user set: a new auth_name asks for a password, the same one does not") {
  Scene scene;
  scene.backend.users["100"] = "x";
  scene.console.input_fault = "asked";
  CHECK(scene.run({"user", "set", "100", "auth_name=100"}) == 0);
  CHECK(scene.run({"user", "set", "100", "auth_name="}) == 0);
  CHECK(scene.run({"user", "set", "100", "auth_name=anna"}) == 1);
  CHECK(scene.console.errors == "tipringctl: a new auth_name needs a new password: asked\n");
  CHECK(scene.run({"user", "set", "100", "auth_name=anna", "--generate"}) == 0);
  CHECK(scene.backend.users["100"] == "made-for-you");
}

TEST_CASE("user set: a wrong value ends with 1, a wrong field with 2, and nothing is changed") {
  const std::pair<const char*, int> rows[] = {{"algorithms=MD4", 1}, {"alias+=a@b", 1},
                                              {"alias-=9", 1},       {"alias+=", 1},
                                              {"colour=red", 2},     {"=x", 2}};
  for (const auto& row : rows) {
    const char* word = row.first;
    CAPTURE(word);
    Scene scene;
    scene.backend.users["100"] = "x";
    CHECK(scene.run({"user", "set", "100", "display_name=y", word}) == row.second);
    CHECK(scene.backend.last_fields.present == 0);
    CHECK(scene.console.errors != "");
  }
}

TEST_CASE("user export: a heading and values that import reads back, no passwords") {
  Scene scene;
  scene.backend.rows = {{{"name", "100"},
                         {"domain", "x.example"},
                         {"display_name", "Bell, Anna"},
                         {"aliases", "1\n2\n", true, true}}};
  CHECK(scene.run({"user", "export"}) == 0);
  CHECK(scene.console.out ==
        "name,auth_name,display_name,aliases,algorithms,session_timer\n"
        "100@x.example,,\"Bell, Anna\",\"1,2\",,\n");
  CHECK(admin::parse_import(scene.console.out).faults.empty());
}

TEST_CASE("user export: with credentials into a file that is named, and nowhere else") {
  Scene scene;
  scene.backend.rows = {{{"name", "101"}, {"domain", "x.example"}, {"auth_name", "101"}},
                        {{"name", "100"}, {"domain", "x.example"}, {"auth_name", "before"}}};
  const std::string md5(32, 'a');
  scene.backend.credentials = {{{"name", "100"},
                                {"domain", "x.example"},
                                {"auth_name", "phone"},
                                {"realm", "a,b"},
                                {"ha1_md5", md5},
                                {"ha1_sha256", ""}}};
  CHECK(scene.run({"user", "export", "f", "--with-credentials"}) == 0);
  CHECK(scene.console.file ==
        "f: name,auth_name,display_name,aliases,algorithms,session_timer,realm,ha1_md5,ha1_sha256\n"
        "100@x.example,phone,,,,,\"a,b\"," +
            md5 + ",\n101@x.example,101,,,,,,,\n");
  CHECK(scene.console.out.find(md5) == std::string::npos);
  const std::string text = scene.console.file.substr(3);
  const admin::ImportLines import = admin::parse_import(text);
  REQUIRE(admin::describe(import.faults) == "");
  CHECK(import.lines[0].realm == "a,b");
  CHECK(import.lines[0].ha1.present == store::kAlgorithmMd5);
  CHECK(import.lines[0].ha1.md5.front() == 0xaa);
  CHECK(import.lines[1].ha1.present == 0);
  scene.console.input_fault = "f is there already";
  CHECK(scene.run({"user", "export", "f", "--with-credentials"}) == 1);
}

TEST_CASE("registrations: of one user, and their removal") {
  Scene scene;
  CHECK(scene.run({"registrations", "100"}) == 0);
  CHECK(scene.console.out == "NAME  CONTACT\n100   sip:x\n");
  CHECK(scene.run({"registrations", "remove", "100@X.example", "sip:x"}) == 0);
  CHECK(scene.backend.removed == "100@x.example sip:x");
  CHECK(scene.run({"registrations", "remove", "100", "--json"}) == 0);
  CHECK(scene.backend.removed == "100 ");
  scene.backend.fault = "no such phone is registered";
  CHECK(scene.run({"registrations", "remove", "100"}) == 1);
  scene.console.errors.clear();
  CHECK(scene.run({"registrations", "100"}) == 1);
  CHECK(scene.console.errors == "tipringctl: user 100: no such phone is registered\n");
}

TEST_CASE("user rename: with a new password where the login is the name, else without") {
  Scene scene;
  scene.console.input = "secretive";
  scene.backend.users["100"] = "x";
  CHECK(scene.run({"user", "rename", "100", "101"}) == 0);
  CHECK(scene.backend.renamed == "100 101 secretive");
  CHECK(scene.run({"user", "rename", "100", "101@Example.org", "--generate", "--json"}) == 0);
  CHECK(scene.backend.renamed == "100 101 made-for-you");
  CHECK(scene.console.out ==
        "user 100 renamed to 101\n"
        "{\"result\":\"renamed\",\"name\":\"101\",\"password\":\"made-for-you\"}\n");
  scene.backend.login = "login";
  CHECK(scene.run({"user", "rename", "100", "101"}) == 0);
  CHECK(scene.backend.renamed == "100 101 ");
  CHECK(scene.console.errors == "");
}

TEST_CASE("user rename: what cannot be is refused before anybody is asked for a password") {
  Scene scene;
  scene.backend.users["100"] = "x";
  const auto refused = [&](std::string_view word, std::vector<std::string_view> words) {
    scene.console.errors.clear();
    CHECK(scene.run(std::move(words)) == 1);
    CHECK_MESSAGE(scene.console.errors.find(word) != std::string::npos, scene.console.errors);
  };
  scene.console.input_fault = "nobody types here";
  refused("the new name: a user name may not hold", {"user", "rename", "100", "a:b"});
  refused("has that name already", {"user", "rename", "100", "100@example.org"});
  refused("stays in its domain", {"user", "rename", "100", "101@other.example"});
  refused("there is no such user", {"user", "rename", "200", "201"});
  refused("a new name needs a new password: nobody types here", {"user", "rename", "100", "101"});
  scene.console.input_fault.clear();
  scene.console.input = "x";
  scene.backend.fault = "another has it";
  refused("user 100: cannot become 101: another has it", {"user", "rename", "100", "101"});
  scene.backend.login = "login";
  refused("leave out --generate", {"user", "rename", "100", "101", "--generate"});
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

TEST_CASE("blocks: a table, and lifted by source or by source and user" *
          doctest::description("C6")) {
  Scene scene;
  CHECK(scene.run({"blocks"}) == 0);
  CHECK(scene.console.out == "no blocks\n");
  scene.console.out.clear();
  scene.backend.rows = {{{"source", "192.0.2.7"}, {"user", "100"}, {"remaining_s", "59", false}}};
  CHECK(scene.run({"blocks"}) == 0);
  CHECK(scene.console.out == "SOURCE     USER  REMAINING S\n192.0.2.7  100            59\n");
  scene.console.out.clear();
  CHECK(scene.run({"blocks", "lift", "192.0.2.7"}) == 0);
  CHECK(scene.backend.lifted == "192.0.2.7 ");
  CHECK(scene.run({"blocks", "lift", "192.0.2.7", "100", "--json"}) == 0);
  CHECK(scene.backend.lifted == "192.0.2.7 100");
  CHECK(scene.console.out == "blocks of 192.0.2.7 lifted\n{\"result\":\"lifted\"}\n");
  scene.backend.fault = "nothing is blocked there";
  CHECK(scene.run({"blocks", "lift", "192.0.2.8"}) == 1);
}

TEST_CASE("refused: a table, and the commands behind it" * doctest::description("C1")) {
  Scene scene;
  CHECK(scene.run({"refused"}) == 0);
  CHECK(scene.console.out == "no calls refused for want of session timers\n");
  scene.console.out.clear();
  scene.backend.rows = {{{"name", "100"}, {"calls", "3", false}, {"except", "tipringctl user"}}};
  CHECK(scene.run({"refused"}) == 0);
  CHECK(scene.console.out ==
        "NAME  CALLS\n100       3\n\nTo let them call from phones without session timers:\n"
        "  tipringctl user\n");
  scene.console.out.clear();
  CHECK(scene.run({"refused", "--json"}) == 0);
  CHECK(scene.console.out == "[{\"name\":\"100\",\"calls\":3,\"except\":\"tipringctl user\"}]\n");
}

TEST_CASE("calls: the oldest first, times and URIs as a screen has room for them") {
  Scene scene;
  CHECK(scene.run({"calls"}) == 0);
  CHECK(scene.console.out == "no calls\n");
  scene.backend.rows = {{{"id", "0-9"},
                         {"state", "early"},
                         {"begun_ms", "1700000100000", false},
                         {"caller", "sip:100@x"},
                         {"callee", "tel:7"},
                         {"call_id", "b"},
                         {"supervised", "false", false}},
                        {{"id", "1-1"},
                         {"state", "confirmed"},
                         {"begun_ms", "1700000000000", false},
                         {"answered_ms", "1700000003000", false},
                         {"caller", "sip:200@x"},
                         {"callee", "sip:300@x"},
                         {"call_id", "a"},
                         {"interval_s", "1800", false},
                         {"refresher", "callee"},
                         {"refresh_s", "800", false},
                         {"left_s", "1700", false},
                         {"supervised", "true", false}}};
  scene.console.out.clear();
  CHECK(scene.run({"calls"}) == 0);
  CHECK(
      scene.console.out ==
      "ID   STATE      BEGUN           ANSWERED  CALLER  CALLEE  INTERVAL  REFRESHER  REFRESH  LEFT"
      "  SUPERVISED\n"
      "1-1  confirmed  11-14 22:13:20  22:13:23  200@x   300@x       1800  callee         800  1700"
      "  yes\n"
      "0-9  early      11-14 22:15:00            100@x   tel:7                                     "
      "  no\n");
  scene.console.out.clear();
  CHECK(scene.run({"calls", "--json"}) == 0);
  CHECK(scene.console.out.starts_with(
      R"([{"id":"1-1","state":"confirmed","begun_ms":1700000000000,)"));
  CHECK(scene.console.out.ends_with("\"call_id\":\"b\",\"supervised\":false}]\n"));
}

TEST_CASE("calls end: done, or told why not") {
  Scene scene;
  CHECK(scene.run({"calls", "end", "2f-3"}) == 0);
  CHECK(scene.backend.ended == "2f-3");
  CHECK(scene.run({"calls", "end", "2f-3", "--json"}) == 0);
  CHECK(scene.console.out == "call 2f-3 ended\n{\"result\":\"ended\"}\n");
  scene.backend.fault = "it only rings";
  CHECK(scene.run({"calls", "end", "2f-3"}) == 1);
  CHECK(scene.console.errors == "tipringctl: call 2f-3: it only rings\n");
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
