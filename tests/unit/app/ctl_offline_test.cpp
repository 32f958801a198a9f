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
  CHECK(scene.tool().put_user({"100", ""}, "x", PutMode::Change) != "");
  CHECK(std::filesystem::is_empty(scene.folder));
}

TEST_CASE("offline: users are created, changed and removed; the default domain has no name" *
          doctest::description("C13, C22")) {
  Scene scene;
  CHECK(scene.tool().put_user({"100", ""}, "x", PutMode::Create) == "");
  CHECK(
      scene.tool().put_user({"100", "home.example"}, "y", PutMode::Create).find("exists already") !=
      std::string::npos);
  CHECK(scene.tool().put_user({"100", "home.example"}, "y", PutMode::Change) == "");
  CHECK(scene.tool().put_user({"100", "other.example"}, "y", PutMode::Create) == "");
  CHECK(scene.names() == Names{"100@", "100@other.example"});
  CHECK(scene.tool().remove_user({"100", "home.example"}) == "");
  CHECK(scene.tool().remove_user({"100", ""}).find("no such user") != std::string::npos);
  CHECK(scene.names() == Names{"100@other.example"});
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

}  // namespace
}  // namespace tipring::app
