#include "app/ctl_offline.h"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

#include "port/linux/linux_clock.h"
#include "port/linux/linux_files.h"

namespace tipring::app {
namespace {

using admin::PutMode;

// A database in a folder of its own. Each tool() is a run of tipringctl.
struct Scene {
  Scene() {
    char name[] = "/tmp/tipring-offline-XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    folder = name;
    config.store.path = folder + "/tipring.db";
    config.sip.domains = {"home.example"};
  }
  ~Scene() { std::filesystem::remove_all(folder); }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  CtlOffline tool() { return {files, clock, config}; }
  std::string put(const admin::UserName& user, std::string_view password, PutMode mode,
                  const admin::UserFields& fields = {}) {
    return tool().put_user({user, mode, password, fields});
  }
  std::string import(std::string_view text) {
    created = changed = 0;
    return tool().import(admin::parse_import(text), created, changed);
  }
  std::vector<std::string> names() {
    CtlRows rows;
    CHECK(tool().list(CtlListing::Users, rows) == "");
    std::vector<std::string> names;
    for (const CtlRow& row : rows)
      names.push_back(find_cell(row, "name")->text + "@" + find_cell(row, "domain")->text +
                      (find_cell(row, "has_password")->text == "true" ? "" : "!"));
    std::sort(names.begin(), names.end());
    return names;
  }

  std::string folder;
  Config config;
  port::LinuxFiles files;
  port::LinuxClock clock;
  uint32_t created = 0;
  uint32_t changed = 0;
};

using Names = std::vector<std::string>;

TEST_CASE("offline: no database yet: no users, nothing to change, and none is made") {
  Scene scene;
  CHECK(scene.names().empty());
  CHECK(scene.tool().remove_user({"100", ""}) != "");
  CHECK(scene.put({"100", ""}, "x", PutMode::Change) != "");
  CHECK(std::filesystem::is_empty(scene.folder));
}

TEST_CASE("offline: users are created, changed and removed; the default domain has no name" *
          doctest::description("C13, C22")) {
  Scene scene;
  CHECK(scene.put({"100", ""}, "x", PutMode::Create) == "");
  CHECK(scene.put({"100", "home.example"}, "y", PutMode::Create).find("exists already") !=
        std::string::npos);
  CHECK(scene.put({"100", "home.example"}, "y", PutMode::Change) == "");
  CHECK(scene.put({"100", "other.example"}, "y", PutMode::Create) == "");
  CHECK(scene.names() == Names{"100@", "100@other.example"});
  CHECK(scene.tool().remove_user({"100", "home.example"}) == "");
  CHECK(scene.tool().remove_user({"100", ""}).find("no such user") != std::string::npos);
  CHECK(scene.names() == Names{"100@other.example"});
}

TEST_CASE("offline: a user is renamed with a new password, or with a login of its own") {
  Scene scene;
  REQUIRE(scene.put({"100", ""}, "x", PutMode::Create) == "");
  CHECK(scene.tool().rename_user({"100", ""}, "101", "").find("a new password must come") !=
        std::string::npos);
  CHECK(scene.tool().rename_user({"100", "home.example"}, "101", "y") == "");
  CHECK(scene.names() == Names{"101@"});
  admin::UserFields fields;
  REQUIRE(admin::set_user_field(fields, "auth_name", "login") == "");
  REQUIRE(scene.put({"101", ""}, "z", PutMode::Change, fields) == "");
  CHECK(scene.tool().rename_user({"101", ""}, "102", "y").find("password: the user has") == 0);
  CHECK(scene.tool().rename_user({"101", ""}, "102", "") == "");
  CHECK(scene.names() == Names{"102@"});
}

TEST_CASE("offline: an import creates and changes") {
  Scene scene;
  CHECK(scene.import("100,a,b\n101,c\n") == "");
  CHECK(scene.created == 2);
  CHECK(scene.import("101,d\n102@other.example,e\n") == "");
  CHECK(scene.created == 1);
  CHECK(scene.changed == 1);
  CHECK(scene.names() == Names{"100@", "101@", "102@other.example"});
}

TEST_CASE("offline: another realm: the users are there, without a password" *
          doctest::description("C22")) {
  Scene scene;
  CHECK(scene.import("100,a\n") == "");
  scene.config.auth.realm = "elsewhere";
  CHECK(scene.names() == Names{"100@!"});
}

TEST_CASE("offline: while another process has the file, nothing is done and the way out is told") {
  Scene scene;
  CHECK(scene.import("100,a\n") == "");
  scene.config.admin.socket = "/run/somewhere.sock";
  CtlOffline other = scene.tool();
  CtlRows rows;
  CHECK(other.list(CtlListing::Users, rows) == "");  // opens the file
  const auto told = [&](const std::string& fault) {
    return fault.find(scene.config.store.path + " is in use") != std::string::npos &&
           fault.find("--offline") != std::string::npos &&
           fault.find("/run/somewhere.sock") != std::string::npos;
  };
  CHECK(told(scene.import("100,b\n101,c\n")));
  CHECK(scene.created + scene.changed == 0);
  CHECK(told(scene.tool().remove_user({"100", ""})));
}

TEST_CASE("offline: a file that is no database: says what to do") {
  Scene scene;
  int error = 0;
  const auto file =
      scene.files.open(scene.config.store.path, port::OpenMode::ReadWriteCreate, error);
  const std::string text(4096, 'x');
  REQUIRE(file->append(text) == 0);
  const std::string fault = scene.import("100,a\n");
  CHECK(fault.find(scene.config.store.path) != std::string::npos);
  CHECK(scene.created == 0);
}

TEST_CASE("offline: fields change one by one; a hash is made for the auth_name that stands" *
          doctest::description("RFC 7616 3.4.2")) {
  Scene scene;
  admin::UserFields fields;
  CHECK(admin::set_user_field(fields, "auth_name", "a.smith") == "");
  CHECK(admin::set_user_field(fields, "aliases", "1,2") == "");
  CHECK(scene.put({"100", ""}, "x", PutMode::Create, fields) == "");
  admin::UserFields timer;
  CHECK(admin::set_user_field(timer, "session_timer", "exempt") == "");
  CHECK(scene.put({"100", ""}, "", PutMode::Change, timer) == "");
  CHECK(scene.put({"100", ""}, "y", PutMode::Change) == "");
  CtlRow row;
  CHECK(scene.tool().show_user({"100", "home.example"}, row) == "");
  CHECK(format_json(row) ==
        R"({"name":"100","domain":"","bindings":0,"has_password":true,"auth_name":"a.smith",)"
        R"("display_name":"","aliases":["1","2"],"algorithms":[],"session_timer":"exempt"})");
  admin::UserFields renamed;
  CHECK(admin::set_user_field(renamed, "auth_name", "other") == "");
  CHECK(scene.put({"100", ""}, "", PutMode::Change, renamed).find("auth_name: a new password") ==
        0);
  CHECK(scene.tool().show_user({"101", ""}, row).find("no such user") != std::string::npos);
}

TEST_CASE("offline: an import with a heading, and without a password only for who stands") {
  Scene scene;
  CHECK(scene.import("name,password,display_name\n100,x,Anna\n") == "");
  CHECK(scene.import("name,display_name\n100,Bert\n") == "");
  CHECK(scene.changed == 1);
  CHECK(scene.import("name,display_name\n100,Carl\n101,Dora\n").find("line 3: there is no such") ==
        0);
  CtlRow row;
  CHECK(scene.tool().show_user({"100", ""}, row) == "");
  CHECK(find_cell(row, "display_name")->text == "Bert");
}

}  // namespace
}  // namespace tipring::app
