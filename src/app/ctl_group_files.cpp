// Hunt groups written to a file and read from one.
#include <algorithm>
#include <map>

#include "admin/csv.h"
#include "admin/group_lines.h"
#include "app/ctl_session.h"

namespace tipring::app {

namespace {

admin::UserName group_of(const CtlRow& row) {
  return {std::string(cell_text(row, "name")), std::string(cell_text(row, "domain"))};
}

std::string text_of(const CtlRow& row, const CtlRows& members) {
  std::string text;
  admin::append_value(text, name_of(row));
  for (const std::string_view field : admin::group_field_names()) {
    const std::string_view value = cell_text(row, field);
    text += ",";
    admin::append_value(text, value == "true" ? "yes" : value == "false" ? "no" : value);
  }
  std::string items;
  for (const CtlRow& member : members) {
    admin::MemberFields fields;
    for (const std::string_view field : admin::member_field_names())
      admin::set_member_field(fields, field, cell_text(member, field));
    items += (items.empty() ? "" : ",") + admin::member_text(cell_text(member, "name"), fields);
  }
  text += ",";
  admin::append_value(text, items);
  return text + "\n";
}

// Those that stand, with what an import has to know of them.
using Standing = std::map<admin::UserName, CtlRow>;

// What a file says of groups, carried out. Calls can come back to a group for a while if the
// changes come one by one: what goes is taken away from all groups before anything is added to one.
class GroupImport {
 public:
  GroupImport(CtlSession& session, const admin::GroupLines& lines, const Standing& standing)
      : session_(session), lines_(lines), standing_(standing) {}

  // What went wrong, or empty.
  std::string run() {
    CtlBackend& backend = session_.backend;
    if (std::string fault = backend.begin_changes(); !fault.empty()) return fault;
    for (const auto step : {&GroupImport::prepare, &GroupImport::complete}) {
      for (const admin::GroupLine& line : lines_.lines) {
        const std::string fault = (this->*step)(line);
        if (!fault.empty())
          return "line " + std::to_string(line.line) + ": group " + line.group.text() + ": " +
                 fault + std::string(backend.after_failure());
      }
    }
    return backend.end_changes();
  }

 private:
  const CtlRow* find(const admin::GroupLine& line) const {
    const auto found = standing_.find(admin::in_store(line.group, session_.default_domain));
    return found == standing_.end() ? nullptr : &found->second;
  }

  std::string prepare(const admin::GroupLine& line) {
    const CtlRow* stands = find(line);
    admin::GroupFields fields = line.fields;
    const std::string_view diversion = fields.no_answer_to.view();
    if (!diversion.empty()) {
      const bool changes = stands != nullptr && cell_text(*stands, "no_answer_to") != diversion;
      fields.no_answer_to = {};
      if (!changes) fields.present &= static_cast<uint8_t>(~store::kGroupNoAnswer);
    }
    std::string fault = session_.backend.put_group(line.group, admin::PutMode::Either, fields);
    if (!fault.empty() || stands == nullptr || !lines_.has_members) return fault;
    return remove_others(line);
  }

  std::string remove_others(const admin::GroupLine& line) {
    CtlRows members;
    std::string fault = session_.backend.list_members(line.group, members);
    for (const CtlRow& row : members) {
      const std::string name(cell_text(row, "name"));
      const bool stays =
          std::any_of(line.members.begin(), line.members.end(),
                      [&](const admin::MemberItem& member) { return member.name == name; });
      if (fault.empty() && !stays) fault = session_.backend.remove_member(line.group, name);
    }
    return fault;
  }

  std::string complete(const admin::GroupLine& line) {
    uint16_t last = 0;
    for (const admin::MemberItem& item : line.members) {
      admin::MemberFields fields = item.fields;
      fields.present = store::kAllMemberFields;
      if (fields.order == 0) fields.order = std::min<uint16_t>(last + 1, store::kMemberOrderMax);
      last = fields.order;
      const std::string fault =
          session_.backend.put_member(line.group, item.name, admin::PutMode::Either, fields);
      if (!fault.empty()) return "member " + item.name + ": " + fault;
    }
    if (line.fields.no_answer_to.view().empty()) return "";
    admin::GroupFields fields;
    fields.no_answer_to = line.fields.no_answer_to;
    fields.present = store::kGroupNoAnswer;
    return session_.backend.put_group(line.group, admin::PutMode::Change, fields);
  }

  CtlSession& session_;
  const admin::GroupLines& lines_;
  const Standing& standing_;
};

std::string counted(size_t number, std::string_view what) {
  return std::to_string(number) + " " + std::string(what) + (number == 1 ? "" : "s");
}

}  // namespace

int export_groups(CtlSession& session) {
  CtlRows groups;
  if (const std::string fault = session.backend.list(CtlListing::Groups, groups); !fault.empty())
    return session.fail(fault);
  sort_by_user(groups);
  std::string text = admin::group_heading() + "\n";
  for (const CtlRow& row : groups) {
    CtlRows members;
    const std::string fault = session.backend.list_members(group_of(row), members);
    if (!fault.empty()) return session.fail("group " + name_of(row) + ": " + fault);
    text += text_of(row, members);
  }
  const std::string& file = session.arguments.operand;
  if (file.empty()) {
    session.console.write(text);
    return kCtlDone;
  }
  if (const std::string fault = session.console.write_private(file, text); !fault.empty())
    return session.fail(fault);
  session.console.write(counted(groups.size(), "group") + " written to " + file + "\n");
  return kCtlDone;
}

int import_groups(CtlSession& session) {
  const std::string& file = session.arguments.operand;
  const std::string source = file == "-" ? "standard input" : file;
  admin::SecretText text;
  if (const std::string fault = session.console.read_import(file, text); !fault.empty())
    return session.fail(fault);
  const admin::GroupLines lines = admin::parse_group_lines(text.view(), session.default_domain);
  for (const admin::ImportFault& fault : lines.faults) session.fail(source + ", " + fault.text());
  if (!lines.faults.empty()) return session.fail("nothing was stored; correct these lines first");
  CtlRows groups;
  if (const std::string fault = session.backend.list(CtlListing::Groups, groups); !fault.empty())
    return session.fail(fault);
  Standing standing;
  for (const CtlRow& row : groups)
    standing.emplace(admin::in_store(group_of(row), session.default_domain), row);
  const std::string fault = GroupImport(session, lines, standing).run();
  if (!fault.empty()) return session.fail(source + ", " + fault);
  const auto changed = static_cast<size_t>(
      std::count_if(lines.lines.begin(), lines.lines.end(), [&](const admin::GroupLine& line) {
        return standing.count(admin::in_store(line.group, session.default_domain)) > 0;
      }));
  const size_t created = lines.lines.size() - changed;
  session.console.write(session.arguments.json
                            ? format_json(CtlRow{{"created", std::to_string(created), false},
                                                 {"changed", std::to_string(changed), false}}) +
                                  "\n"
                            : counted(created, "group") + " created, " + std::to_string(changed) +
                                  " changed\n");
  return kCtlDone;
}

}  // namespace tipring::app
