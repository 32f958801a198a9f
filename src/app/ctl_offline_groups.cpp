// Hunt groups in the database itself.
#include "admin/group_desk.h"
#include "admin/reply.h"
#include "app/ctl_offline.h"

namespace tipring::app {

namespace {

store::PutMode store_mode(admin::PutMode mode) {
  switch (mode) {
    case admin::PutMode::Create: return store::PutMode::Create;
    case admin::PutMode::Change: return store::PutMode::Change;
    case admin::PutMode::Either: break;
  }
  return store::PutMode::Either;
}

CtlCell number(std::string name, uint64_t value) {
  return {std::move(name), std::to_string(value), false};
}

CtlCell flag(std::string name, bool value) {
  return {std::move(name), value ? "true" : "false", false};
}

// As the server's API has it, without calls.
CtlRow row_of(const store::OfflineGroup& group) {
  uint64_t enabled = 0;
  for (const store::OfflineMember& member : group.members) enabled += member.enabled ? 1U : 0U;
  const store::GroupRecord& record = group.record;
  return {{"name", group.name},
          {"domain", group.domain},
          {"display_name", group.display_name},
          {"strategy", std::string(admin::strategy_text(record.strategy))},
          number("ring_timeout_s", record.ring_timeout_s),
          number("member_ring_s", record.member_ring_s),
          number("no_answer_status", record.no_answer_status),
          {"no_answer_to", group.no_answer_to},
          flag("enabled", record.enabled),
          number("member_count", group.members.size()),
          number("members_enabled", enabled)};
}

CtlRow row_of(const store::OfflineMember& member) {
  return {{"name", member.name},
          number("order", member.order),
          number("delay_s", member.delay_s),
          number("ring_s", member.ring_s),
          flag("enabled", member.enabled)};
}

}  // namespace

std::string CtlOffline::describe(store::GroupVerdict verdict, bool of_member) {
  const admin::Outcome outcome = admin::outcome_of(verdict, of_member);
  if (admin::is_success(outcome)) return "";
  if (verdict == store::GroupVerdict::NotStored) return store_.failure();
  const std::string message = admin::problem_of(outcome).detail;
  return verdict == store::GroupVerdict::Loop ? message + ": " + store_.loop() : message;
}

std::string CtlOffline::open_for(const admin::UserName& given, admin::UserName& group) {
  group = admin::in_store(given, config_.sip.domains.empty() ? "" : config_.sip.domains.front());
  return open();
}

std::string CtlOffline::find_group(const admin::UserName& given, store::OfflineGroup& group) {
  if (!has_database()) return describe(store::GroupVerdict::NoGroup, false);
  admin::UserName name;
  if (std::string fault = open_for(given, name); !fault.empty()) return fault;
  const auto groups = store_.list_groups();
  if (!groups) return store_.failure();
  const store::OfflineGroup* found = store::find_group(*groups, name.domain, name.name);
  if (found == nullptr) return describe(store::GroupVerdict::NoGroup, false);
  group = *found;
  return "";
}

std::string CtlOffline::put_group(const admin::UserName& given, admin::PutMode mode,
                                  const admin::GroupFields& fields) {
  if (mode == admin::PutMode::Change && !has_database())
    return describe(store::GroupVerdict::NoGroup, false);
  admin::UserName group;
  if (std::string fault = open_for(given, group); !fault.empty()) return fault;
  return describe(
      store_.put_group(admin::record_of(group.domain, group.name, fields), store_mode(mode)),
      false);
}

std::string CtlOffline::rename_group(const admin::UserName& given, const std::string& new_name) {
  if (!has_database()) return describe(store::GroupVerdict::NoGroup, false);
  admin::UserName group;
  if (std::string fault = open_for(given, group); !fault.empty()) return fault;
  return describe(store_.rename_group(group.domain, group.name, new_name), false);
}

std::string CtlOffline::begin_changes() {
  if (std::string fault = open(); !fault.empty()) return fault;
  const Result<void> begun = store_.begin();
  return begun ? "" : describe(begun.error());
}

std::string CtlOffline::end_changes() {
  const Result<void> ended = store_.end();
  return ended ? "" : describe(ended.error());
}

std::string CtlOffline::remove_group(const admin::UserName& given) {
  if (!has_database()) return describe(store::GroupVerdict::NoGroup, false);
  admin::UserName group;
  if (std::string fault = open_for(given, group); !fault.empty()) return fault;
  return describe(store_.remove_group(group.domain, group.name), false);
}

std::string CtlOffline::show_group(const admin::UserName& given, CtlRow& row) {
  store::OfflineGroup group;
  if (std::string fault = find_group(given, group); !fault.empty()) return fault;
  row = row_of(group);
  return "";
}

std::string CtlOffline::list_members(const admin::UserName& given, CtlRows& rows) {
  store::OfflineGroup group;
  if (std::string fault = find_group(given, group); !fault.empty()) return fault;
  for (const store::OfflineMember& member : group.members) rows.push_back(row_of(member));
  return "";
}

std::string CtlOffline::list_groups(CtlRows& rows) {
  const auto groups = store_.list_groups();
  if (!groups) return store_.failure();
  for (const store::OfflineGroup& group : *groups) rows.push_back(row_of(group));
  return "";
}

std::string CtlOffline::put_member(const admin::UserName& given, const std::string& member,
                                   admin::PutMode mode, const admin::MemberFields& fields) {
  if (!has_database()) return describe(store::GroupVerdict::NoGroup, true);
  admin::UserName group;
  if (std::string fault = open_for(given, group); !fault.empty()) return fault;
  return describe(store_.put_group_member(group.domain, group.name,
                                          admin::record_of(member, fields), store_mode(mode)),
                  true);
}

std::string CtlOffline::remove_member(const admin::UserName& given, const std::string& member) {
  if (!has_database()) return describe(store::GroupVerdict::NoGroup, true);
  admin::UserName group;
  if (std::string fault = open_for(given, group); !fault.empty()) return fault;
  return describe(store_.remove_group_member(group.domain, group.name, member), true);
}

}  // namespace tipring::app
