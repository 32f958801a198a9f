#include "admin/group_lines.h"

#include <algorithm>
#include <map>

#include "admin/csv.h"
#include "core/text.h"

namespace tipring::admin {

namespace {

bool holds(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What is wrong, or empty.
std::string read_member(std::string_view text, MemberItem& member) {
  const auto [name, rest] = split_once(text, ':');
  member.name = trim(name);
  if (std::string fault = fault_of_member(member.name); !fault.empty()) return fault;
  for (std::string_view fields = rest; !fields.empty();) {
    const auto [field, more] = split_once(fields, ':');
    const auto [key, value] = split_once(trim(field), '=');
    if (std::string fault = set_member_field(member.fields, key, value); !fault.empty())
      return "member " + member.name + ": " + fault;
    fields = more;
  }
  return "";
}

std::string read_members(std::string_view text, std::vector<MemberItem>& members) {
  for (std::string_view rest = text; !rest.empty();) {
    const auto [item, more] = split_once(rest, ',');
    rest = more;
    MemberItem member;
    if (std::string fault = read_member(item, member); !fault.empty()) return fault;
    const bool twice = std::any_of(members.begin(), members.end(), [&](const MemberItem& other) {
      return other.name == member.name;
    });
    if (twice) return "member " + member.name + " is named twice";
    members.push_back(std::move(member));
  }
  if (members.size() <= store::kGroupMembersMax) return "";
  return "a group has at most " + std::to_string(store::kGroupMembersMax) + " members";
}

class Parser {
 public:
  explicit Parser(std::string_view default_domain) : default_domain_(default_domain) {}

  GroupLines parse(std::string_view text) {
    CsvRows rows(text);
    for (std::string_view row; rows.next(row);) {
      const bool heading = columns_.empty();
      std::string fault;
      if (heading) {
        fault = read_heading(row);
      } else {
        GroupLine line;
        line.line = rows.line();
        fault = read_row(row, line);
        if (fault.empty()) fault = check(line);
        if (fault.empty()) result_.lines.push_back(std::move(line));
      }
      if (!fault.empty() && result_.faults.size() < ImportLines::kFaultsMax)
        result_.faults.push_back({rows.line(), fault});
      if (heading && !fault.empty()) break;  // nobody knows what the lines mean
    }
    return std::move(result_);
  }

 private:
  std::string read_heading(std::string_view row) {
    for (std::string_view rest = row; !rest.empty();) {
      const auto [item, more] = split_once(rest, ',');
      std::string column(trim(item));
      std::transform(column.begin(), column.end(), column.begin(), to_lower);
      if (column != "name" && column != "members" && !holds(group_field_names(), column))
        return "the first line names the columns, as " + group_heading() + "; there is no " +
               column;
      if (std::find(columns_.begin(), columns_.end(), column) != columns_.end())
        return "the first line names " + column + " twice";
      result_.has_members = result_.has_members || column == "members";
      columns_.push_back(std::move(column));
      rest = more;
    }
    const bool named = std::find(columns_.begin(), columns_.end(), "name") != columns_.end();
    return named ? "" : "the first line names no column name";
  }

  std::string read_row(std::string_view row, GroupLine& line) const {
    bool status = false;
    bool extension = false;
    for (const std::string& column : columns_) {
      const CsvValue value = take_value(row);
      const std::string_view text = value.text.view();
      if (!value.good) return column + " has a quote at the wrong place";
      std::string fault;
      if (column == "name") {
        line.group = split_user_name(trim(text));
      } else if (column == "members") {
        fault = read_members(text, line.members);
      } else {
        fault = set_group_field(line.fields, column, text);
      }
      if (!fault.empty()) return fault;
      status = status || (column == "no_answer_status" && !text.empty() && text != "0");
      extension = extension || (column == "no_answer_to" && !text.empty());
    }
    if (status && extension) return "no_answer_status and no_answer_to exclude each other";
    return row.empty() ? "" : "there are more values than the first line names";
  }

  std::string check(const GroupLine& line) {
    if (std::string fault = fault_of_group(line.group); !fault.empty()) return fault;
    const auto [first, added] = seen_.emplace(in_store(line.group, default_domain_), line.line);
    if (added) return "";
    return "group " + line.group.text() + " is in line " + std::to_string(first->second) +
           " already";
  }

  std::string_view default_domain_;
  std::vector<std::string> columns_;
  std::map<UserName, uint32_t> seen_;  // with their lines
  GroupLines result_;
};

}  // namespace

GroupLines parse_group_lines(std::string_view text, std::string_view default_domain) {
  return Parser(default_domain).parse(text);
}

std::string group_heading() {
  std::string heading = "name";
  for (const std::string_view field : group_field_names()) heading += "," + std::string(field);
  return heading + ",members";
}

// What is as usual is left out, but for the order.
std::string member_text(std::string_view name, const MemberFields& fields) {
  std::string text(name);
  for (const std::string_view field : member_field_names()) {
    const std::string value = member_field_text(fields, field);
    if (field == "order" || value != member_field_text({}, field))
      text += ":" + std::string(field) + "=" + value;
  }
  return text;
}

}  // namespace tipring::admin
