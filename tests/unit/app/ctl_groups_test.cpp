#include <doctest/doctest.h>

#include "ctl_scene.h"

namespace tipring::app {
namespace {

bool says(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("group add: fields and members, of which each is added by itself" *
          doctest::description("R17.2")) {
  Scene scene;
  CHECK(scene.run({"group", "add", "600@Branch.example", "members=201, 202,610",
                   "display-name=Sales", "strategy=longest-idle", "ring-timeout=45",
                   "member_ring_s=9", "no_answer_to=700", "enabled=no"}) == 0);
  CHECK(scene.backend.changed_group == "600@branch.example");
  CHECK(scene.backend.changed_members ==
        "600@branch.example/201 600@branch.example/202 600@branch.example/610 ");
  CHECK(scene.backend.last_mode == admin::PutMode::Create);
  const admin::GroupFields& fields = scene.backend.group_fields;
  CHECK(fields.present == store::kAllGroupFields);
  CHECK(fields.display_name.view() == "Sales");
  CHECK(fields.strategy == store::GroupStrategy::LongestIdle);
  CHECK(fields.ring_timeout_s == 45);
  CHECK(fields.member_ring_s == 9);
  CHECK(fields.no_answer_to.view() == "700");
  CHECK_FALSE(fields.enabled);
  CHECK(scene.console.out == "group 600@branch.example created\n");
}

TEST_CASE("group add: what is wrong is said before anything is stored" *
          doctest::description("R17.5")) {
  const auto refuses = [](std::vector<std::string_view> words, int code, std::string_view why) {
    words.insert(words.begin(), {"group", "add"});
    Scene scene;
    CAPTURE(why);
    CHECK(scene.run(words) == code);
    CHECK_MESSAGE(says(scene.console.errors, why), scene.console.errors);
    CHECK(scene.backend.changed_group == "");
  };
  refuses({"a:b"}, 1, "a group's name may not hold");
  refuses({"600", "members=2:1"}, 1, "a member's name may not hold");
  refuses({"600", "ring_timeout=0"}, 1, "ring_timeout_s must be from 1 to 3600");
  refuses({"600", "ring_timeout=65597"}, 1, "ring_timeout_s must be");
  refuses({"600", "strategy=all-at-once"}, 1, "strategy must be all, sequential");
  refuses({"600", "no_answer_status=200"}, 1, "must be a SIP status from 400 to 699");
  refuses({"600", "no_answer_to=a@b"}, 1, "no_answer_to must be the name");
  refuses({"600", "no_answer_status=486", "no_answer_to=200"}, 1, "exclude each other");
  refuses({"600", "enabled=perhaps"}, 1, "enabled must be yes or no");
  refuses({"600", "colour=red"}, 2, "there is no such field; there are display_name");
}

TEST_CASE("group add: a member that is refused is named, and the group stands") {
  Scene scene;
  CHECK(scene.run({"group", "add", "600", "members=201,refused,203"}) == 1);
  CHECK(scene.backend.changed_group == "600");
  CHECK(scene.backend.changed_members == "600/201 ");
  CHECK(says(scene.console.errors, "created, but not with member refused: no"));
}

TEST_CASE("group: set, enable and disable touch what they name") {
  Scene scene;
  CHECK(scene.run({"group", "set", "600", "no_answer_status=486"}) == 0);
  CHECK(scene.backend.last_mode == admin::PutMode::Change);
  CHECK(scene.backend.group_fields.present == store::kGroupNoAnswer);
  CHECK(scene.run({"group", "disable", "600"}) == 0);
  CHECK(scene.backend.group_fields.present == store::kGroupEnabled);
  CHECK_FALSE(scene.backend.group_fields.enabled);
  CHECK(scene.run({"group", "enable", "600", "--json"}) == 0);
  CHECK(scene.backend.group_fields.enabled);
  CHECK(scene.console.out == "group 600 changed\ngroup 600 disabled\n{\"result\":\"enabled\"}\n");
}

TEST_CASE("group: members are added, changed, switched and removed" *
          doctest::description("R17.3")) {
  Scene scene;
  CHECK(scene.run({"group", "member", "add", "600", "201", "order=3", "delay=5", "ring=9"}) == 0);
  CHECK(scene.backend.last_mode == admin::PutMode::Create);
  CHECK(scene.backend.member_fields.order == 3);
  CHECK(scene.backend.member_fields.delay_s == 5);
  CHECK(scene.backend.member_fields.ring_s == 9);
  CHECK(scene.run({"group", "member", "set", "600", "201", "enabled=no"}) == 0);
  CHECK(scene.backend.last_mode == admin::PutMode::Change);
  CHECK(scene.backend.member_fields.present == store::kMemberEnabled);
  CHECK(scene.run({"group", "member", "enable", "600", "201"}) == 0);
  CHECK(scene.backend.member_fields.enabled);
  CHECK(scene.run({"group", "member", "remove", "600", "201"}) == 0);
  CHECK(scene.backend.removed == "600/201");
  CHECK(scene.run({"group", "delete", "600"}) == 0);
  CHECK(scene.backend.removed == "600");
  CHECK(scene.console.out ==
        "member 201 of group 600 added\nmember 201 of group 600 changed\n"
        "member 201 of group 600 enabled\nmember 201 of group 600 removed\ngroup 600 removed\n");
  CHECK(scene.run({"group", "member", "add", "600", "201", "order=0"}) == 1);
  CHECK(scene.run({"group", "member", "set", "600", "201", "colour=red"}) == 2);
  scene.backend.fault = "no room";
  CHECK(scene.run({"group", "member", "add", "600", "201"}) == 1);
  CHECK(says(scene.console.errors, "tipringctl: group 600: member 201: no room\n"));
}

TEST_CASE("group rename: within its domain, to a name that can be one" *
          doctest::description("R17.2")) {
  Scene scene;
  CHECK(scene.run({"group", "rename", "600", "700@example.org"}) == 0);
  CHECK(scene.backend.renamed == "600 700");
  CHECK(scene.run({"group", "rename", "600@branch.example", "700", "--json"}) == 0);
  CHECK(scene.backend.renamed == "600@branch.example 700");
  CHECK(scene.console.out == "group 600 renamed to 700\n{\"result\":\"renamed\"}\n");
  scene.backend.renamed.clear();
  CHECK(scene.run({"group", "rename", "600", "700@elsewhere.example"}) == 1);
  CHECK(scene.run({"group", "rename", "600", "7:0"}) == 1);
  CHECK(scene.run({"group", "rename", "600", "600"}) == 1);
  CHECK(scene.backend.renamed == "");
  scene.backend.fault = "no";
  CHECK(scene.run({"group", "rename", "600", "700"}) == 1);
  CHECK(says(scene.console.errors, "group 600: cannot become 700: no\n"));
}

TEST_CASE("group show: times for people, and members that nobody is" *
          doctest::description("R17.4")) {
  Scene scene;
  const auto number = [](const char* name, const char* text) { return CtlCell{name, text, false}; };
  scene.backend.rows = {{{"name", "600"},
                         {"strategy", "sequential"},
                         number("ring_timeout_s", "45"),
                         number("member_ring_s", "9"),
                         number("no_answer_status", "0"),
                         {"no_answer_to", "700"},
                         {"no_answer_to_exists", "false", false},
                         {"enabled", "true", false},
                         number("offered", "3"),
                         number("answered", "2"),
                         number("answer_total_ms", "5000"),
                         number("answer_min_ms", "1000"),
                         number("answer_max_ms", "4000"),
                         number("talk_total_ms", "61500"),
                         number("last_answered_s", "7")}};
  scene.backend.members = {{{"name", "201"},
                            {"kind", "nobody"},
                            number("order", "1"),
                            number("delay_s", "0"),
                            number("ring_s", "0"),
                            {"enabled", "false", false},
                            number("offered", "3")}};
  CHECK(scene.run({"group", "show", "600"}) == 0);
  const std::string& out = scene.console.out;
  CHECK(says(out, "45 s, each member 9 s"));
  CHECK(says(out, "call goes to 700, who does not exist"));
  CHECK(says(out, "2.5 s on average, from 1.0 s to 4.0 s"));
  CHECK(says(out, "61.5 s"));
  CHECK(says(out, "7 s ago"));
  CHECK(says(out,
             "ORDER  MEMBER  KIND    ENABLED  OFFERED\n    1  201     nobody  no             3\n"));
  scene.console.out.clear();
  CHECK(scene.run({"group", "show", "600", "--json"}) == 0);
  CHECK(says(scene.console.out, "\"last_answered_s\":7,\n\"members\":[{\"name\":\"201\""));
}

}  // namespace
}  // namespace tipring::app
