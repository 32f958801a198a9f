#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>

#include "app/ctl_offline.h"
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
  std::string put(const std::string& group, PutMode mode = PutMode::Either,
                  const admin::GroupFields& fields = {}) {
    return tool().put_group({group, "home.example"}, mode, fields);
  }
  std::string put_member(const std::string& group, const std::string& member,
                         PutMode mode = PutMode::Either, const admin::MemberFields& fields = {}) {
    return tool().put_member({group, ""}, member, mode, fields);
  }
  std::string put_user(const std::string& name, std::string_view aliases = "") {
    admin::UserFields fields;
    CHECK(admin::set_user_field(fields, "aliases", aliases) == "");
    return tool().put_user({{name, ""}, PutMode::Either, "x", fields});
  }
  std::string members(const std::string& group) {
    CtlRows rows;
    CHECK(tool().list_members({group, ""}, rows) == "");
    std::string text;
    for (const CtlRow& row : rows)
      text += find_cell(row, "name")->text + ":" + find_cell(row, "order")->text +
              (find_cell(row, "enabled")->text == "true" ? " " : "! ");
    return text;
  }

  std::string folder;
  Config config;
  port::LinuxFiles files;
  port::LinuxClock clock;
};

bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("offline groups: no database yet: no groups, nothing to change, and none is made") {
  Scene scene;
  CtlRows rows;
  CHECK(scene.tool().list(CtlListing::Groups, rows) == "");
  CHECK(rows.empty());
  CHECK(says(scene.put("600", PutMode::Change), "no such hunt group"));
  CHECK(says(scene.put_member("600", "201"), "no such hunt group"));
  CHECK(says(scene.tool().remove_group({"600", ""}), "no such hunt group"));
  CHECK(says(scene.tool().remove_member({"600", ""}, "201"), "no such hunt group"));
  CtlRow row;
  CHECK(says(scene.tool().show_group({"600", ""}, row), "no such hunt group"));
  CHECK(std::filesystem::is_empty(scene.folder));
}

TEST_CASE("offline groups: created, changed and removed, with their members" *
          doctest::description("R15.1, R17.2, R17.3")) {
  Scene scene;
  admin::GroupFields fields;
  REQUIRE(admin::set_group_field(fields, "strategy", "random") == "");
  REQUIRE(admin::set_group_field(fields, "no_answer_to", "200") == "");
  CHECK(scene.put("600", PutMode::Create, fields) == "");
  CHECK(says(scene.put("600", PutMode::Create), "exists already"));
  CHECK(scene.put_member("600", "201", PutMode::Create) == "");
  CHECK(scene.put_member("600", "202", PutMode::Create) == "");
  CHECK(says(scene.put_member("600", "202", PutMode::Create), "a member of the group already"));
  CHECK(says(scene.put_member("600", "203", PutMode::Change), "no such member"));
  admin::MemberFields off;
  REQUIRE(admin::set_member_field(off, "enabled", "no") == "");
  CHECK(scene.put_member("600", "201", PutMode::Change, off) == "");
  CHECK(scene.members("600") == "201:1! 202:2 ");

  admin::GroupFields longer;
  REQUIRE(admin::set_group_field(longer, "ring_timeout_s", "90") == "");
  CHECK(scene.put("600", PutMode::Change, longer) == "");
  CtlRow row;
  REQUIRE(scene.tool().show_group({"600", ""}, row) == "");
  CHECK(find_cell(row, "ring_timeout_s")->text == "90");
  CHECK(find_cell(row, "strategy")->text == "random");
  CHECK(find_cell(row, "no_answer_to")->text == "200");
  CHECK(find_cell(row, "member_count")->text == "2");
  CHECK(find_cell(row, "members_enabled")->text == "1");

  CHECK(scene.tool().remove_member({"600", ""}, "201") == "");
  CHECK(says(scene.tool().remove_member({"600", ""}, "201"), "no such member"));
  CHECK(scene.members("600") == "202:2 ");
  CHECK(scene.tool().remove_group({"600", ""}) == "");
  CtlRows rows;
  CHECK(scene.tool().list(CtlListing::Groups, rows) == "");
  CHECK(rows.empty());
}

TEST_CASE("offline groups: an extension belongs to a user or to a group" *
          doctest::description("R17.5")) {
  Scene scene;
  REQUIRE(scene.put_user("200", "100") == "");
  CHECK(says(scene.put("200"), "a user of this domain has that"));
  CHECK(says(scene.put("100"), "a user of this domain has that"));
  REQUIRE(scene.put("600") == "");
  CHECK(says(scene.put_user("600"), "a hunt group of this domain has that"));
  CHECK(says(scene.put_user("201", "5,600"), "a hunt group of this domain has that"));
  CHECK(says(scene.tool().rename_user({"200", ""}, "600", "x"), "a hunt group of this domain"));
  CHECK(scene.tool().put_user({{"600", "other.example"}, PutMode::Create, "x", {}}) == "");
}

TEST_CASE("offline groups: a rename takes those who name it along" *
          doctest::description("R17.2")) {
  Scene scene;
  for (const char* name : {"600", "610"}) REQUIRE(scene.put(name) == "");
  REQUIRE(scene.put_user("201") == "");
  REQUIRE(scene.put_member("600", "201") == "");
  REQUIRE(scene.put_member("610", "600") == "");
  REQUIRE(scene.put_member("600", "800") == "");
  const auto rename = [&](const char* name, const char* other) {
    return scene.tool().rename_group({name, ""}, other);
  };
  CHECK(says(rename("600", "610"), "exists already"));
  CHECK(says(rename("600", "201"), "a user of this domain has that"));
  CHECK(says(rename("999", "201"), "no such hunt group"));
  CHECK(says(rename("610", "800"), "come back to it: 800 > 600 > 800"));
  CHECK(rename("600", "700") == "");
  CHECK(scene.members("700") == "201:1 800:2 ");
  CHECK(scene.members("610") == "700:1 ");
}

TEST_CASE("offline groups: a loop is refused and named, a full group too") {
  Scene scene;
  for (const char* name : {"600", "610", "620"}) REQUIRE(scene.put(name) == "");
  REQUIRE(scene.put_member("600", "610") == "");
  REQUIRE(scene.put_member("610", "620") == "");
  CHECK(says(scene.put_member("620", "600"), "come back to it: 620 > 600 > 610 > 620"));
  CHECK(says(scene.put_member("620", "620"), "come back to it: 620 > 620"));
  admin::GroupFields back;
  REQUIRE(admin::set_group_field(back, "no_answer_to", "610") == "");
  CHECK(says(scene.put("620", PutMode::Change, back), "come back to it: 620 > 610 > 620"));
  for (int i = 0; i < 32; ++i) REQUIRE(scene.put_member("620", "m" + std::to_string(i)) == "");
  CHECK(says(scene.put_member("620", "one-more"), "at most 32 members"));
}

}  // namespace
}  // namespace tipring::app
