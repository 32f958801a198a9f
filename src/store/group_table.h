// All hunt groups in memory, found by name, with their members in order.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/hash.h"
#include "core/hash_table.h"
#include "core/limits.h"
#include "core/memory_plan.h"
#include "core/pool.h"
#include "core/pool_registry.h"
#include "store/group.h"

namespace tipring::store {

class GroupTable {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan);

  GroupTable(Arena& arena, const Limits& limits, HashKey key);
  ~GroupTable();

  // A group that nobody finds but find_any(). Null when the pool is full.
  Group* make(const GroupRecord& record);
  // All fields of `record` but the name.
  static void set(Group& group, const GroupRecord& record);
  void show(Group& group, int64_t id);
  // REQUIRES: nobody has the name. Groups of the domain that name it go on to do so.
  void rename(Group& group, std::string_view new_name);
  void release(Group& group);  // with its members

  // Null when the pool is full.
  GroupMember* add_member(Group& group, const MemberRecord& record, int64_t id);
  // All fields of `record` but the name.
  void set_member(GroupMember& member, const MemberRecord& record);
  void remove_member(GroupMember& member);

  // A user or group of the domain is called otherwise from now on: its groups name it so, as members and as
  // who gets their calls. A group that has a member of the new name keeps the old one.
  void rename_named(std::string_view domain, std::string_view name, std::string_view new_name);

  Group* find(std::string_view domain, std::string_view name) const;
  // Those too whose creation is on its way.
  Group* find_any(std::string_view domain, std::string_view name) const;
  // Whether a group is called so, or will be when what is on its way is durable.
  bool has(std::string_view domain, std::string_view name) const;
  // The name that a group is to have soon, instead of the last one; empty: none.
  void promise(std::string_view domain, std::string_view name);
  Group* get(Handle<Group> handle) const { return groups_.get(handle); }
  GroupMember* get(Handle<GroupMember> handle) const { return members_.get(handle); }
  Handle<Group> handle_of(const Group& group) const { return groups_.handle_of(group); }
  Handle<GroupMember> handle_of(const GroupMember& member) const {
    return members_.handle_of(member);
  }

  Group* at_slot(uint32_t slot) const;  // visible ones
  uint32_t slots() const { return groups_.stats().capacity; }
  uint32_t visible() const { return visible_; }
  bool is_full() const { return groups_.stats().in_use == groups_.stats().capacity; }
  bool has_room_for_member() const { return members_.stats().in_use < members_.stats().capacity; }
  uint32_t members_max() const { return members_.stats().capacity; }
  void register_pools(PoolRegistry& registry) const;

 private:
  uint64_t hash(std::string_view domain, std::string_view name) const;
  static void link_in_order(GroupMember& member);

  HashKey key_;
  uint32_t visible_ = 0;
  FixedText<kGroupDomainMax> promised_domain_;
  FixedText<kExtensionMax> promised_name_;
  Pool<GroupMember> members_;
  Pool<Group> groups_;
  HashTable<Group, &Group::name_node_> by_name_;
};

}  // namespace tipring::store
