// Changes of hunt groups without a server.
#include <algorithm>

#include "store/group_check.h"
#include "store/offline_parts.h"

namespace tipring::store {
namespace {

GroupVerdict verdict_of(const Result<void>& stored, GroupVerdict success) {
  return stored ? success : GroupVerdict::NotStored;
}

}  // namespace

// A user's name or alias must not be the extension of a group.
Result<void> OfflineStore::Parts::check_groups(std::string_view domain, std::string_view name,
                                               std::string_view aliases) {
  if (!groups_read) {
    if (const Result<void> read = result_of(read_groups(database.connection(), groups)); !read)
      return read;
    groups_read = true;
  }
  for (const OfflineGroup& group : groups) {
    if (group.domain != domain) continue;
    if (group.name == name || holds_line(aliases, group.name)) return Error::TakenByGroup;
  }
  return {};
}

Result<bool> OfflineStore::Parts::calls_anybody(std::string_view domain, std::string_view name) {
  Statement rows;
  int code = rows.prepare(database.connection().get(),
                          "SELECT name, aliases FROM users WHERE domain = ?1");
  bool found = false;
  if (code == SQLITE_OK) {
    rows.bind(1, domain);
    while ((code = rows.step()) == SQLITE_ROW)
      found = found || rows.text(0) == name || holds_line(rows.text(1), name);
  }
  if (const Result<void> read = result_of(code == SQLITE_DONE ? SQLITE_OK : code); !read)
    return read.error();
  return found;
}

const std::string& OfflineStore::loop() const { return parts_->loop; }

Result<std::vector<OfflineGroup>> OfflineStore::list_groups() {
  parts_->groups_read = false;
  const Result<void> read =
      parts_->result_of(read_groups(parts_->database.connection(), parts_->groups));
  if (!read) return read.error();
  return parts_->groups;
}

GroupVerdict OfflineStore::put_group(const GroupRecord& record, PutMode mode) {
  Parts& parts = *parts_;
  if (fault_of(record) != nullptr) {
    parts.failure = "what was given is no group";
    return GroupVerdict::NotStored;
  }
  if (!list_groups()) return GroupVerdict::NotStored;
  const OfflineGroup* stands = find_group(parts.groups, record.domain, record.name);
  if (stands != nullptr && mode == PutMode::Create) return GroupVerdict::Exists;
  if (stands == nullptr && mode == PutMode::Change) return GroupVerdict::NoGroup;
  GroupRecord whole = record;
  if (stands != nullptr) {
    keep_other_fields(whole, *stands);
  } else {
    const Result<bool> called = parts.calls_anybody(record.domain, record.name);
    if (!called) return GroupVerdict::NotStored;
    if (*called) return GroupVerdict::Taken;
  }
  if (!whole.no_answer_to.empty()) {
    parts.loop = find_loop(parts.groups, record.domain, record.name, whole.no_answer_to);
    if (!parts.loop.empty()) return GroupVerdict::Loop;
  }
  int64_t id = 0;
  return verdict_of(parts.transact([&] { return parts.writes.put_group(whole, id); }),
                    stands == nullptr ? GroupVerdict::Created : GroupVerdict::Changed);
}

GroupVerdict OfflineStore::rename_group(std::string_view domain, std::string_view name,
                                        std::string_view new_name) {
  Parts& parts = *parts_;
  GroupRecord renamed;
  renamed.domain = domain;
  renamed.name = new_name;
  if (fault_of(renamed) != nullptr) {
    parts.failure = "what was given is no group's name";
    return GroupVerdict::NotStored;
  }
  if (!list_groups()) return GroupVerdict::NotStored;
  const OfflineGroup* stands = find_group(parts.groups, domain, name);
  if (stands == nullptr) return GroupVerdict::NoGroup;
  if (find_group(parts.groups, domain, new_name) != nullptr) return GroupVerdict::Exists;
  const Result<bool> called = parts.calls_anybody(domain, new_name);
  if (!called) return GroupVerdict::NotStored;
  if (*called) return GroupVerdict::Taken;
  // Other groups may name already what nobody is called by so far.
  std::vector<std::string> targets;
  for (const OfflineMember& member : stands->members) targets.push_back(member.name);
  if (!stands->no_answer_to.empty()) targets.push_back(stands->no_answer_to);
  for (const std::string& target : targets) {
    parts.loop = find_loop(parts.groups, domain, new_name, target);
    if (!parts.loop.empty()) return GroupVerdict::Loop;
  }
  const int64_t id = stands->id;
  parts.groups_read = false;
  return verdict_of(parts.transact([&] { return parts.writes.rename_group(id, new_name); }),
                    GroupVerdict::Renamed);
}

GroupVerdict OfflineStore::remove_group(std::string_view domain, std::string_view name) {
  if (!list_groups()) return GroupVerdict::NotStored;
  const OfflineGroup* stands = find_group(parts_->groups, domain, name);
  if (stands == nullptr) return GroupVerdict::NoGroup;
  return verdict_of(parts_->transact([&] { return parts_->writes.remove_group(stands->id); }),
                    GroupVerdict::Removed);
}

GroupVerdict OfflineStore::put_group_member(std::string_view domain, std::string_view name,
                                            const MemberRecord& record, PutMode mode) {
  Parts& parts = *parts_;
  if (fault_of(record) != nullptr) {
    parts.failure = "what was given is no member";
    return GroupVerdict::NotStored;
  }
  if (!list_groups()) return GroupVerdict::NotStored;
  const OfflineGroup* group = find_group(parts.groups, domain, name);
  if (group == nullptr) return GroupVerdict::NoGroup;
  const OfflineMember* stands = group->find(record.name);
  if (stands != nullptr && mode == PutMode::Create) return GroupVerdict::Exists;
  MemberRecord whole = record;
  if (stands != nullptr) {
    keep_other_fields(whole, *stands);
  } else {
    if (mode == PutMode::Change) return GroupVerdict::NoMember;
    if (group->members.size() >= kGroupMembersMax) return GroupVerdict::GroupFull;
    parts.loop = find_loop(parts.groups, domain, name, record.name);
    if (!parts.loop.empty()) return GroupVerdict::Loop;
  }
  const int last = group->members.empty() ? 0 : group->members.back().order;
  if (whole.order == 0)
    whole.order = static_cast<uint16_t>(std::min<int>(last + 1, kMemberOrderMax));
  int64_t id = 0;
  return verdict_of(parts.transact([&] { return parts.writes.put_member(group->id, whole, id); }),
                    stands == nullptr ? GroupVerdict::Created : GroupVerdict::Changed);
}

GroupVerdict OfflineStore::remove_group_member(std::string_view domain, std::string_view name,
                                               std::string_view member) {
  if (!list_groups()) return GroupVerdict::NotStored;
  const OfflineGroup* group = find_group(parts_->groups, domain, name);
  if (group == nullptr) return GroupVerdict::NoGroup;
  const OfflineMember* stands = group->find(member);
  if (stands == nullptr) return GroupVerdict::NoMember;
  return verdict_of(parts_->transact([&] { return parts_->writes.remove_member(stands->id); }),
                    GroupVerdict::Removed);
}

}  // namespace tipring::store
