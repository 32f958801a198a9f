#include "store/group_changes.h"

#include <algorithm>

#include "core/assert.h"
#include "store/group_check.h"

namespace tipring::store {
namespace {

// What prepare() says of a change that can be sent.
constexpr GroupVerdict kFine = GroupVerdict::Changed;

void keep_other_fields(GroupRecord& record, const Group& group) {
  const auto keeps = [&](uint8_t field) { return (record.fields & field) == 0; };
  if (keeps(kGroupDisplayName)) record.display_name = group.display_name();
  if (keeps(kGroupStrategy)) record.strategy = group.strategy();
  if (keeps(kGroupRingTimeout)) record.ring_timeout_s = group.ring_timeout_s();
  if (keeps(kGroupMemberRing)) record.member_ring_s = group.member_ring_s();
  if (keeps(kGroupNoAnswer)) {
    record.no_answer_status = group.no_answer_status();
    record.no_answer_to = group.no_answer_to();
  }
  if (keeps(kGroupEnabled)) record.enabled = group.enabled();
}

void keep_other_fields(MemberRecord& record, const GroupMember& member) {
  const auto keeps = [&](uint8_t field) { return (record.fields & field) == 0; };
  if (keeps(kMemberOrder)) record.order = member.order();
  if (keeps(kMemberDelay)) record.delay_s = member.delay_s();
  if (keeps(kMemberRing)) record.ring_s = member.ring_s();
  if (keeps(kMemberEnabled)) record.enabled = member.enabled();
}

// Behind all that there are, as far as numbers go.
uint16_t next_order(const Group& group) {
  uint16_t last = 0;
  for (const GroupMember* member = group.first_member(); member != nullptr;
       member = group.next_member(*member))
    last = member->order();
  return std::min<uint16_t>(static_cast<uint16_t>(last + 1), kMemberOrderMax);
}

}  // namespace

GroupChanges::GroupChanges(Arena& arena, GroupTable& groups, const UserChanges& users,
                           StorageLink& link)
    : groups_(groups),
      users_(users),
      link_(link),
      loops_(groups),
      changes_("group_changes", arena, kMax) {}

// Errors: Invalid, PoolExhausted.
Result<GroupChange*> GroupChanges::acquire(GroupChange::Kind kind, std::string_view domain,
                                           std::string_view name, GroupWaiter& waiter,
                                           uint64_t tag) {
  if (domain.size() > kGroupDomainMax || name.size() > kExtensionMax) return Error::Invalid;
  GroupChange* change = changes_.acquire();
  if (change == nullptr) return Error::PoolExhausted;
  change->kind = kind;
  change->waiter = &waiter;
  change->tag = tag;
  change->domain = FixedText<kGroupDomainMax>(domain);
  change->name = FixedText<kExtensionMax>(name);
  change->record.domain = change->domain.view();
  change->record.name = change->name.view();
  return change;
}

Result<void> GroupChanges::put(const GroupRecord& record, PutMode mode, GroupWaiter& waiter,
                               uint64_t tag) {
  if (fault_of(record) != nullptr) return Error::Invalid;
  const Result<GroupChange*> acquired =
      acquire(GroupChange::Kind::PutGroup, record.domain, record.name, waiter, tag);
  if (!acquired) return acquired.error();
  GroupChange& change = **acquired;
  change.mode = mode;
  change.display_name = FixedText<kGroupDisplayMax>(record.display_name);
  change.no_answer_to = FixedText<kExtensionMax>(record.no_answer_to);
  change.record = record;
  change.record.domain = change.domain.view();
  change.record.name = change.name.view();
  change.record.display_name = change.display_name.view();
  change.record.no_answer_to = change.no_answer_to.view();
  enqueue(change);
  return {};
}

Result<void> GroupChanges::rename(std::string_view domain, std::string_view name,
                                  std::string_view new_name, GroupWaiter& waiter, uint64_t tag) {
  GroupRecord renamed;
  renamed.domain = domain;
  renamed.name = new_name;
  if (fault_of(renamed) != nullptr) return Error::Invalid;
  const Result<GroupChange*> change =
      acquire(GroupChange::Kind::RenameGroup, domain, name, waiter, tag);
  if (!change) return change.error();
  (*change)->new_name = FixedText<kExtensionMax>(new_name);
  enqueue(**change);
  return {};
}

Result<void> GroupChanges::remove(std::string_view domain, std::string_view name,
                                  GroupWaiter& waiter, uint64_t tag) {
  const Result<GroupChange*> change =
      acquire(GroupChange::Kind::RemoveGroup, domain, name, waiter, tag);
  if (!change) return change.error();
  enqueue(**change);
  return {};
}

Result<void> GroupChanges::put_member(std::string_view domain, std::string_view name,
                                      const MemberRecord& record, PutMode mode, GroupWaiter& waiter,
                                      uint64_t tag) {
  if (fault_of(record) != nullptr) return Error::Invalid;
  const Result<GroupChange*> change =
      acquire(GroupChange::Kind::PutMember, domain, name, waiter, tag);
  if (!change) return change.error();
  (*change)->mode = mode;
  (*change)->member = record;
  (*change)->member_name = FixedText<kExtensionMax>(record.name);
  (*change)->member.name = (*change)->member_name.view();
  enqueue(**change);
  return {};
}

Result<void> GroupChanges::remove_member(std::string_view domain, std::string_view name,
                                         std::string_view member, GroupWaiter& waiter,
                                         uint64_t tag) {
  if (member.size() > kExtensionMax) return Error::Invalid;
  const Result<GroupChange*> change =
      acquire(GroupChange::Kind::RemoveMember, domain, name, waiter, tag);
  if (!change) return change.error();
  (*change)->member_name = FixedText<kExtensionMax>(member);
  (*change)->member.name = (*change)->member_name.view();
  enqueue(**change);
  return {};
}

void GroupChanges::enqueue(GroupChange& change) {
  waiting_.push_back(change);
  run();
}

// Those that cannot be made are answered at once, and those who are told may ask for more.
void GroupChanges::run() {
  if (running_ || silent_) return;
  running_ = true;
  while (sent_ == nullptr) {
    GroupChange* change = waiting_.pop_front();
    if (change == nullptr) break;
    const GroupVerdict verdict = prepare(*change);
    if (verdict == kFine) {
      send(*change);
    } else {
      const bool loops = verdict == GroupVerdict::Loop;
      finish(*change, {verdict, StoreStatus::Durable, loops ? loops_.path() : ""});
    }
  }
  running_ = false;
}

GroupVerdict GroupChanges::prepare(GroupChange& change) {
  change.group = groups_.find(change.domain.view(), change.name.view());
  if (change.kind == GroupChange::Kind::PutGroup) return prepare_group(change);
  if (change.group == nullptr) return GroupVerdict::NoGroup;
  change.group_id = change.group->id();
  if (change.kind == GroupChange::Kind::RemoveGroup) return kFine;
  if (change.kind == GroupChange::Kind::RenameGroup) return prepare_name(change);
  return prepare_member(change);
}

GroupVerdict GroupChanges::prepare_group(GroupChange& change) {
  GroupRecord& record = change.record;
  if (change.group != nullptr) {
    if (change.mode == PutMode::Create) return GroupVerdict::Exists;
    change.group_id = change.group->id();
    keep_other_fields(record, *change.group);
  } else {
    if (change.mode == PutMode::Change) return GroupVerdict::NoGroup;
    if (users_.calls_anybody(record.domain, record.name)) return GroupVerdict::Taken;
    if (groups_.is_full()) return GroupVerdict::GroupsFull;
  }
  if (!record.no_answer_to.empty() &&
      loops_.would_close(record.domain, record.name, record.no_answer_to))
    return GroupVerdict::Loop;
  change.creates = change.group == nullptr;
  // It stands in the table at once, so that no user gets its name, but nobody finds it yet.
  if (change.creates) change.group = groups_.make(record);
  return kFine;
}

// Other groups may name already what nobody is called by so far.
GroupVerdict GroupChanges::prepare_name(const GroupChange& change) {
  const Group& group = *change.group;
  const std::string_view domain = group.domain();
  const std::string_view name = change.new_name.view();
  if (groups_.has(domain, name)) return GroupVerdict::Exists;
  if (users_.calls_anybody(domain, name)) return GroupVerdict::Taken;
  const auto loops = [&](std::string_view next) { return loops_.would_close(domain, name, next); };
  for (GroupMember* member = group.first_member(); member != nullptr;
       member = group.next_member(*member)) {
    if (loops(member->name())) return GroupVerdict::Loop;
  }
  if (!group.no_answer_to().empty() && loops(group.no_answer_to())) return GroupVerdict::Loop;
  // No user gets it while it is on its way.
  groups_.promise(domain, name);
  return kFine;
}

GroupVerdict GroupChanges::prepare_member(GroupChange& change) {
  const Group& group = *change.group;
  MemberRecord& member = change.member;
  change.standing = group.find_member(member.name);
  if (change.kind == GroupChange::Kind::RemoveMember || change.standing != nullptr) {
    if (change.standing == nullptr) return GroupVerdict::NoMember;
    if (change.mode == PutMode::Create) return GroupVerdict::Exists;
    change.member_id = change.standing->id();
    keep_other_fields(member, *change.standing);
  } else {
    if (change.mode == PutMode::Change) return GroupVerdict::NoMember;
    if (group.member_count() >= kGroupMembersMax) return GroupVerdict::GroupFull;
    if (!groups_.has_room_for_member()) return GroupVerdict::MembersFull;
    if (loops_.would_close(group.domain(), group.name(), member.name)) return GroupVerdict::Loop;
    change.creates = true;
  }
  if (member.order == 0) member.order = next_order(group);
  return kFine;
}

void GroupChanges::send(GroupChange& change) {
  sent_ = &change;
  StoreRequest request;
  request.kind = RequestKind::Group;
  request.group = &change;
  link_.push(request);
}

void GroupChanges::on_reply(GroupChange& change, StoreStatus status) {
  TIPRING_ASSERT(sent_ == &change);
  sent_ = nullptr;
  if (change.kind == GroupChange::Kind::RenameGroup) groups_.promise({}, {});
  if (status == StoreStatus::Durable) {
    finish(change, {apply(change), status, {}});
  } else {
    if (change.creates && change.kind == GroupChange::Kind::PutGroup)
      groups_.release(*change.group);
    finish(change, {GroupVerdict::NotStored, status, {}});
  }
  run();
}

GroupVerdict GroupChanges::apply(GroupChange& change) {
  switch (change.kind) {
    case GroupChange::Kind::PutGroup:
      if (!change.creates) GroupTable::set(*change.group, change.record);
      groups_.show(*change.group, change.group_id);
      break;
    case GroupChange::Kind::RenameGroup:
      groups_.rename(*change.group, change.new_name.view());
      return GroupVerdict::Renamed;
    case GroupChange::Kind::RemoveGroup: groups_.release(*change.group); break;
    case GroupChange::Kind::PutMember:
      if (change.creates) {
        groups_.add_member(*change.group, change.member, change.member_id);
      } else {
        groups_.set_member(*change.standing, change.member);
      }
      break;
    case GroupChange::Kind::RemoveMember: groups_.remove_member(*change.standing); break;
  }
  const bool removes = change.kind == GroupChange::Kind::RemoveGroup ||
                       change.kind == GroupChange::Kind::RemoveMember;
  if (removes) return GroupVerdict::Removed;
  return change.creates ? GroupVerdict::Created : GroupVerdict::Changed;
}

void GroupChanges::finish(GroupChange& change, const GroupReply& reply) {
  GroupWaiter* const waiter = change.waiter;
  const uint64_t tag = change.tag;
  changes_.release(change);
  if (!silent_) waiter->on_group_changed(tag, reply);
}

}  // namespace tipring::store
