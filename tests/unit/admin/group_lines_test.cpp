#include "admin/group_lines.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace tipring::admin {
namespace {

bool says(const GroupLines& lines, std::string_view part) {
  return std::any_of(lines.faults.begin(), lines.faults.end(), [&](const ImportFault& fault) {
    return fault.text().find(part) != std::string::npos;
  });
}

TEST_CASE("group lines: fields by column, members with fields of their own") {
  const GroupLines read = parse_group_lines(
      "\xef\xbb\xbfName,strategy,members,no_answer_to\r\n"
      "\r\n"
      "600,random,\"201, 202:order=7:delay_s=3:enabled=no\",700\r\n"
      "610@Branch.example,,,\n",
      "home.example");
  REQUIRE(read.faults.empty());
  REQUIRE(read.lines.size() == 2);
  CHECK(read.has_members);
  const GroupLine& first = read.lines.front();
  CHECK(first.line == 3);
  CHECK(first.group.text() == "600");
  CHECK(first.fields.present == (store::kGroupStrategy | store::kGroupNoAnswer));
  CHECK(first.fields.strategy == store::GroupStrategy::Random);
  CHECK(first.fields.no_answer_to.view() == "700");
  REQUIRE(first.members.size() == 2);
  CHECK(first.members[0].name == "201");
  CHECK(first.members[1].name == "202");
  CHECK(first.members[1].fields.order == 7);
  CHECK(first.members[1].fields.delay_s == 3);
  CHECK_FALSE(first.members[1].fields.enabled);
  CHECK(read.lines.back().group.domain == "branch.example");
  CHECK_FALSE(parse_group_lines("name\n600\n", "").has_members);
}

TEST_CASE("group lines: what is wrong is named by its line, and no line is taken for another") {
  const auto refuses = [](std::string_view text, std::string_view why) {
    CAPTURE(text);
    const GroupLines read = parse_group_lines(text, "home.example");
    CHECK_MESSAGE(says(read, why), (read.faults.empty() ? "" : read.faults.front().text()));
  };
  refuses("600,201\n", "line 1: the first line names the columns, as name,display_name,");
  refuses("strategy\nall\n", "line 1: the first line names no column name");
  refuses("name,name\n", "line 1: the first line names name twice");
  refuses("name,members\n600,\"201\"x\n", "line 2: members has a quote at the wrong place");
  refuses("name\n600,201\n", "line 2: there are more values");
  refuses("name\n6:0\n", "line 2: a group's name may not hold");
  refuses("name,members\n600,2@1\n", "line 2: a member's name may not hold");
  refuses("name,members\n600,\"201,,202\"\n", "line 2: a member's name");
  refuses("name,members\n600,\"201,201\"\n", "line 2: member 201 is named twice");
  refuses("name,members\n600,201:colour=red\n", "member 201: there is no such field");
  refuses("name,members\n600,201:order=0\n", "member 201: order must be from 1 to 9999");
  refuses("name,ring_timeout_s\n600,0\n", "ring_timeout_s must be from 1");
  refuses("name,no_answer_status,no_answer_to\n600,486,700\n", "exclude each other");
  refuses("name\n600\n600@home.example\n", "line 3: group 600@home.example is in line 2 already");
  std::string crowd = "name,members\n600,\"m";
  for (int i = 0; i < 32; ++i) crowd += ",m" + std::to_string(i);
  refuses(crowd + "\"\n", "at most 32 members");
}

TEST_CASE("group lines: what is written of a member is read as the same") {
  MemberFields fields;
  fields.order = 3;
  CHECK(member_text("201", fields) == "201:order=3");
  fields.ring_s = 9;
  fields.enabled = false;
  CHECK(member_text("201", fields) == "201:order=3:ring_s=9:enabled=no");
  CHECK(group_heading() ==
        "name,display_name,strategy,ring_timeout_s,member_ring_s,no_answer_status,no_answer_to,"
        "enabled,members");
}

}  // namespace
}  // namespace tipring::admin
