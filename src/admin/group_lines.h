// Hunt groups and their members as a table (see csv.h), which people and tools read and write.
//
// The first line names the columns: name, fields of GroupFields, and members. What has no column
// stays as it is. Members are all that the group is to have, with commas between; each is a name, and
// behind it fields of MemberFields, each after a colon: "201,202:order=2:enabled=no". One without an
// order comes behind those before it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "admin/group_fields.h"
#include "admin/import_lines.h"

namespace tipring::admin {

struct MemberItem {
  std::string name;
  MemberFields fields;
};

struct GroupLine {
  uint32_t line = 0;
  UserName group;
  GroupFields fields;
  std::vector<MemberItem> members;
};

struct GroupLines {
  bool has_members = false;  // the column
  std::vector<GroupLine> lines;
  std::vector<ImportFault> faults;  // at most ImportLines::kFaultsMax; then nothing is to be stored
};

// Groups of `default_domain` are those without a domain.
GroupLines parse_group_lines(std::string_view text, std::string_view default_domain);

// What a line of a group begins with, and the item of each member behind it; both without quotes.
std::string group_heading();
std::string member_text(std::string_view name, const MemberFields& fields);

}  // namespace tipring::admin
