// Commands about hunt groups.
#include <algorithm>

#include "app/ctl_group_rows.h"
#include "app/ctl_session.h"
#include "core/text.h"

namespace tipring::app {

namespace {

int fail(CtlSession& session, const admin::UserName& group, const std::string& message) {
  return session.fail("group " + group.text() + ": " + message);
}

// What is wrong with the names of a command, or nothing.
std::string names_of(const CtlSession& session, admin::UserName& group) {
  group = admin::split_user_name(session.arguments.operand);
  return admin::fault_of_group(group);
}

std::string names_of(const CtlSession& session, admin::UserName& group, std::string& member) {
  member = session.arguments.more.front();
  if (std::string fault = names_of(session, group); !fault.empty()) return fault;
  return admin::fault_of_member(member);
}

int done(CtlSession& session, const std::string& subject, std::string_view what) {
  session.console.write(session.arguments.json
                            ? format_json(CtlRow{{"result", std::string(what)}}) + "\n"
                            : subject + " " + std::string(what) + "\n");
  return kCtlDone;
}

int done_member(CtlSession& session, const admin::UserName& group, const std::string& member,
                std::string_view what) {
  return done(session, "member " + member + " of group " + group.text(), what);
}

// As they are typed: ring-timeout, too.
std::string field_name(std::string_view typed, std::span<const std::string_view> known) {
  std::string name(typed);
  std::replace(name.begin(), name.end(), '-', '_');
  const bool in_seconds = std::find(known.begin(), known.end(), name + "_s") != known.end();
  return in_seconds ? name + "_s" : name;
}

// Sets the fields that words FIELD=VALUE name; what is wrong, or nothing.
template <class Fields, class Set>
std::string take_fields(std::span<const std::string> words, std::span<const std::string_view> known,
                        Fields& fields, Set set, bool& unknown) {
  bool status = false;
  bool extension = false;
  for (const std::string& word : words) {
    const auto [typed, value] = split_once(word, '=');
    const std::string name = field_name(typed, known);
    unknown = std::find(known.begin(), known.end(), name) == known.end();
    if (std::string fault = set(fields, name, value); !fault.empty()) return fault;
    status = status || (name == "no_answer_status" && !value.empty() && value != "0");
    extension = extension || (name == "no_answer_to" && !value.empty());
  }
  return status && extension
             ? "no_answer_status and no_answer_to exclude each other: the caller is either told "
               "something or sent on"
             : "";
}

std::string take_group_fields(std::span<const std::string> words, admin::GroupFields& fields,
                              bool& unknown) {
  return take_fields(words, admin::group_field_names(), fields, admin::set_group_field, unknown);
}

std::string take_member_fields(std::span<const std::string> words, admin::MemberFields& fields,
                               bool& unknown) {
  return take_fields(words, admin::member_field_names(), fields, admin::set_member_field, unknown);
}

// Takes "members=201,202" out of the words.
std::vector<std::string> take_members(std::vector<std::string>& words) {
  std::vector<std::string> members;
  const auto is_list = [](const std::string& word) { return word.starts_with("members="); };
  for (const std::string& word : words) {
    if (!is_list(word)) continue;
    for (std::string_view rest = std::string_view(word).substr(8); !rest.empty();) {
      const auto [member, others] = split_once(rest, ',');
      members.emplace_back(trim(member));
      rest = others;
    }
  }
  words.erase(std::remove_if(words.begin(), words.end(), is_list), words.end());
  return members;
}

int put_group(CtlSession& session, const admin::UserName& group, const admin::GroupFields& fields,
              std::string_view what) {
  const std::string fault = session.backend.put_group(group, admin::PutMode::Change, fields);
  return fault.empty() ? done(session, "group " + group.text(), what) : fail(session, group, fault);
}

}  // namespace

int add_group(CtlSession& session) {
  admin::UserName group;
  if (const std::string fault = names_of(session, group); !fault.empty())
    return session.fail(fault);
  std::vector<std::string> words = session.arguments.more;
  const std::vector<std::string> members = take_members(words);
  admin::GroupFields fields;
  bool unknown = false;
  if (const std::string fault = take_group_fields(words, fields, unknown); !fault.empty())
    return session.fail(fault), unknown ? kCtlWrongUsage : kCtlFailed;
  for (const std::string& member : members) {
    if (const std::string fault = admin::fault_of_member(member); !fault.empty())
      return session.fail(fault);
  }
  const std::string fault = session.backend.put_group(group, admin::PutMode::Create, fields);
  if (!fault.empty()) return fail(session, group, fault);
  for (const std::string& member : members) {
    const std::string refused =
        session.backend.put_member(group, member, admin::PutMode::Create, {});
    if (!refused.empty())
      return fail(session, group, "created, but not with member " + member + ": " + refused);
  }
  return done(session, "group " + group.text(), "created");
}

int set_group(CtlSession& session) {
  admin::UserName group;
  if (const std::string fault = names_of(session, group); !fault.empty())
    return session.fail(fault);
  admin::GroupFields fields;
  bool unknown = false;
  if (const std::string fault = take_group_fields(session.arguments.more, fields, unknown);
      !fault.empty())
    return session.fail(fault), unknown ? kCtlWrongUsage : kCtlFailed;
  return put_group(session, group, fields, "changed");
}

int switch_group(CtlSession& session) {
  admin::UserName group;
  if (const std::string fault = names_of(session, group); !fault.empty())
    return session.fail(fault);
  admin::GroupFields fields;
  fields.enabled = session.arguments.command == CtlCommand::GroupEnable;
  fields.present = store::kGroupEnabled;
  return put_group(session, group, fields, fields.enabled ? "enabled" : "disabled");
}

int rename_group(CtlSession& session) {
  admin::UserName group;
  if (const std::string fault = names_of(session, group); !fault.empty())
    return session.fail(fault);
  admin::UserName renamed = admin::split_user_name(session.arguments.more.front());
  if (renamed.domain.empty()) renamed.domain = group.domain;
  if (const std::string fault = admin::fault_of_group(renamed); !fault.empty())
    return session.fail("the new name: " + fault);
  const auto domain_of = [&](const admin::UserName& name) {
    return admin::in_store(name, session.default_domain).domain;
  };
  if (domain_of(renamed) != domain_of(group))
    return fail(session, group, "stays in its domain; give the new name without one");
  if (renamed.name == group.name) return fail(session, group, "has that name already");
  const std::string fault = session.backend.rename_group(group, renamed.name);
  if (!fault.empty()) return fail(session, group, "cannot become " + renamed.name + ": " + fault);
  return done(session, "group " + group.text(),
              session.arguments.json ? "renamed" : "renamed to " + renamed.name);
}

int remove_group(CtlSession& session) {
  admin::UserName group;
  if (const std::string fault = names_of(session, group); !fault.empty())
    return session.fail(fault);
  const std::string fault = session.backend.remove_group(group);
  return fault.empty() ? done(session, "group " + group.text(), "removed")
                       : fail(session, group, fault);
}

int show_group(CtlSession& session) {
  admin::UserName group;
  if (const std::string fault = names_of(session, group); !fault.empty())
    return session.fail(fault);
  CtlRow row;
  CtlRows members;
  std::string fault = session.backend.show_group(group, row);
  if (fault.empty()) fault = session.backend.list_members(group, members);
  if (!fault.empty()) return fail(session, group, fault);
  if (session.arguments.json) {
    std::string text = format_json(row);
    text.pop_back();
    session.console.write(text + ",\n\"members\":" + format_json(members) + "}\n");
    return kCtlDone;
  }
  session.console.write(format_facts(shown_group(row)) + "\n");
  std::transform(members.begin(), members.end(), members.begin(), shown_member);
  return show_table(session, members, "no members");
}

int list_groups(CtlSession& session) {
  CtlRows rows;
  if (const std::string fault = session.backend.list(CtlListing::Groups, rows); !fault.empty())
    return session.fail(fault);
  sort_by_user(rows);
  if (session.arguments.quiet) {
    for (const CtlRow& row : rows) session.console.write(name_of(row) + "\n");
    return kCtlDone;
  }
  if (!session.arguments.json) std::transform(rows.begin(), rows.end(), rows.begin(), listed_group);
  return show_table(session, rows, "no groups");
}

namespace {

int put_member(CtlSession& session, admin::PutMode mode, std::string_view what) {
  admin::UserName group;
  std::string member;
  if (const std::string fault = names_of(session, group, member); !fault.empty())
    return session.fail(fault);
  admin::MemberFields fields;
  bool unknown = false;
  const auto words = std::span<const std::string>(session.arguments.more).subspan(1);
  if (const std::string fault = take_member_fields(words, fields, unknown); !fault.empty())
    return session.fail(fault), unknown ? kCtlWrongUsage : kCtlFailed;
  const std::string fault = session.backend.put_member(group, member, mode, fields);
  if (!fault.empty()) return fail(session, group, "member " + member + ": " + fault);
  return done_member(session, group, member, what);
}

}  // namespace

int add_member(CtlSession& session) { return put_member(session, admin::PutMode::Create, "added"); }

int set_member(CtlSession& session) {
  return put_member(session, admin::PutMode::Change, "changed");
}

int switch_member(CtlSession& session) {
  admin::UserName group;
  std::string member;
  if (const std::string fault = names_of(session, group, member); !fault.empty())
    return session.fail(fault);
  admin::MemberFields fields;
  fields.enabled = session.arguments.command == CtlCommand::MemberEnable;
  fields.present = store::kMemberEnabled;
  const std::string fault =
      session.backend.put_member(group, member, admin::PutMode::Change, fields);
  if (!fault.empty()) return fail(session, group, "member " + member + ": " + fault);
  return done_member(session, group, member, fields.enabled ? "enabled" : "disabled");
}

int remove_member(CtlSession& session) {
  admin::UserName group;
  std::string member;
  if (const std::string fault = names_of(session, group, member); !fault.empty())
    return session.fail(fault);
  const std::string fault = session.backend.remove_member(group, member);
  if (!fault.empty()) return fail(session, group, "member " + member + ": " + fault);
  return done_member(session, group, member, "removed");
}

}  // namespace tipring::app
