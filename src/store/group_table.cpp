#include "store/group_table.h"

#include "core/text.h"

namespace tipring::store {

GroupMember* Group::find_member(std::string_view name) const {
  for (GroupMember* member = first_member(); member != nullptr; member = next_member(*member)) {
    if (member->name() == name) return member;
  }
  return nullptr;
}

void GroupTable::plan(const Limits& limits, MemoryPlan& plan) {
  Pool<GroupMember>::plan(plan, "group_members", limits.group_members);
  Pool<Group>::plan(plan, "groups", limits.groups);
  HashTable<Group, &Group::name_node_>::plan(plan, "groups_by_name", limits.groups);
}

GroupTable::GroupTable(Arena& arena, const Limits& limits, HashKey key)
    : key_(key),
      members_("group_members", arena, limits.group_members),
      groups_("groups", arena, limits.groups),
      by_name_(arena, limits.groups) {}

// Members know their group, which goes first.
GroupTable::~GroupTable() {
  for (uint32_t slot = 0; slot < slots(); ++slot) {
    if (Group* group = groups_.at_slot(slot)) release(*group);
  }
}

Group* GroupTable::make(const GroupRecord& record) {
  Group* group = groups_.acquire();
  if (group == nullptr) return nullptr;
  group->domain_ = FixedText<kGroupDomainMax>(record.domain);
  group->name_ = FixedText<kExtensionMax>(record.name);
  set(*group, record);
  by_name_.insert(hash(group->domain(), group->name()), *group);
  return group;
}

void GroupTable::set(Group& group, const GroupRecord& record) {
  group.display_name_ = FixedText<kGroupDisplayMax>(record.display_name);
  group.strategy_ = record.strategy;
  group.ring_timeout_s_ = record.ring_timeout_s;
  group.member_ring_s_ = record.member_ring_s;
  group.no_answer_status_ = record.no_answer_status;
  group.no_answer_to_ = FixedText<kExtensionMax>(record.no_answer_to);
  group.enabled_ = record.enabled;
}

void GroupTable::show(Group& group, int64_t id) {
  if (!group.visible_) ++visible_;
  group.visible_ = true;
  group.id_ = id;
}

void GroupTable::rename(Group& group, std::string_view new_name) {
  rename_named(group.domain(), group.name(), new_name);
  by_name_.erase(group);
  group.name_ = FixedText<kExtensionMax>(new_name);
  by_name_.insert(hash(group.domain(), new_name), group);
}

void GroupTable::release(Group& group) {
  while (GroupMember* member = group.first_member()) remove_member(*member);
  if (group.visible_) --visible_;
  by_name_.erase(group);
  groups_.release(group);
}

GroupMember* GroupTable::add_member(Group& group, const MemberRecord& record, int64_t id) {
  GroupMember* member = members_.acquire(group);
  if (member == nullptr) return nullptr;
  member->name_ = FixedText<kExtensionMax>(record.name);
  member->id_ = id;
  ++group.member_count_;
  set_member(*member, record);
  return member;
}

void GroupTable::set_member(GroupMember& member, const MemberRecord& record) {
  member.delay_s_ = record.delay_s;
  member.ring_s_ = record.ring_s;
  member.enabled_ = record.enabled;
  member.order_ = record.order;
  link_in_order(member);
}

// Behind those that come before it; as Loader reads them from the file.
void GroupTable::link_in_order(GroupMember& member) {
  member.node_.unlink();
  auto& members = member.group_.members_;
  List<GroupMember, &GroupMember::node_> later;
  const auto comes_later = [&member](const GroupMember& other) {
    return other.order_ != member.order_ ? other.order_ > member.order_ : other.id_ > member.id_;
  };
  while (GroupMember* last = members.back()) {
    if (!comes_later(*last)) break;
    last->node_.unlink();
    later.push_front(*last);
  }
  members.push_back(member);
  while (GroupMember* next = later.pop_front()) members.push_back(*next);
}

void GroupTable::remove_member(GroupMember& member) {
  Group& group = member.group_;
  if (group.turn_ == &member) group.turn_ = group.next_member(member);
  --group.member_count_;
  member.node_.unlink();
  members_.release(member);
}

uint64_t GroupTable::hash(std::string_view domain, std::string_view name) const {
  TableHasher64 hasher(key_);
  hasher.add(name);
  hasher.add("@");
  hasher.add_lower(domain);
  return hasher.finish();
}

Group* GroupTable::find_any(std::string_view domain, std::string_view name) const {
  return by_name_.find(hash(domain, name), [&](const Group& group) {
    return group.name() == name && iequals(group.domain(), domain);
  });
}

bool GroupTable::has(std::string_view domain, std::string_view name) const {
  const bool is_promised = !promised_name_.view().empty() && promised_name_.view() == name &&
                           iequals(promised_domain_.view(), domain);
  return is_promised || find_any(domain, name) != nullptr;
}

void GroupTable::promise(std::string_view domain, std::string_view name) {
  promised_domain_ = FixedText<kGroupDomainMax>(domain);
  promised_name_ = FixedText<kExtensionMax>(name);
}

Group* GroupTable::find(std::string_view domain, std::string_view name) const {
  Group* group = find_any(domain, name);
  return group != nullptr && group->visible_ ? group : nullptr;
}

void GroupTable::rename_named(std::string_view domain, std::string_view name,
                              std::string_view new_name) {
  if (new_name.size() > kExtensionMax) return;
  groups_.for_each([&](Group& group) {
    if (group.domain() != domain) return;
    if (group.no_answer_to() == name) group.no_answer_to_ = FixedText<kExtensionMax>(new_name);
    GroupMember* member = group.find_member(name);
    if (member == nullptr || group.find_member(new_name) != nullptr) return;
    member->name_ = FixedText<kExtensionMax>(new_name);
  });
}

Group* GroupTable::at_slot(uint32_t slot) const {
  Group* group = groups_.at_slot(slot);
  return group != nullptr && group->visible_ ? group : nullptr;
}

void GroupTable::register_pools(PoolRegistry& registry) const {
  registry.add(groups_.stats());
  registry.add(members_.stats());
}

}  // namespace tipring::store
