// Hunt groups and their members being created, changed and removed: one after the other for all
// groups, so that each change is judged by what those before it have left, and visible when durable.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/pool.h"
#include "core/pool_registry.h"
#include "store/group_change.h"
#include "store/group_loops.h"
#include "store/group_table.h"
#include "store/storage_link.h"
#include "store/user_changes.h"

namespace tipring::store {

class GroupChanges {
 public:
  static constexpr uint32_t kMax = 8;  // on their way at one time, those that wait included

  static void plan(MemoryPlan& plan) { Pool<GroupChange>::plan(plan, "group_changes", kMax); }

  // `users`: who must not be called as a group is.
  GroupChanges(Arena& arena, GroupTable& groups, const UserChanges& users, StorageLink& link);

  // As the functions of Store.
  Result<void> put(const GroupRecord& record, PutMode mode, GroupWaiter& waiter, uint64_t tag);
  Result<void> rename(std::string_view domain, std::string_view name, std::string_view new_name,
                      GroupWaiter& waiter, uint64_t tag);
  Result<void> remove(std::string_view domain, std::string_view name, GroupWaiter& waiter,
                      uint64_t tag);
  Result<void> put_member(std::string_view domain, std::string_view name,
                          const MemberRecord& record, PutMode mode, GroupWaiter& waiter,
                          uint64_t tag);
  Result<void> remove_member(std::string_view domain, std::string_view name,
                             std::string_view member, GroupWaiter& waiter, uint64_t tag);

  void on_reply(GroupChange& change, StoreStatus status);

  // The store is being closed: nobody is called any more.
  void silence() { silent_ = true; }
  void register_pools(PoolRegistry& registry) const { registry.add(changes_.stats()); }

 private:
  Result<GroupChange*> acquire(GroupChange::Kind kind, std::string_view domain,
                               std::string_view name, GroupWaiter& waiter, uint64_t tag);
  Result<void> set_member_name(GroupChange& change, std::string_view name);
  void enqueue(GroupChange& change);
  void run();
  GroupVerdict prepare(GroupChange& change);
  GroupVerdict prepare_group(GroupChange& change);
  GroupVerdict prepare_name(const GroupChange& change);
  GroupVerdict prepare_member(GroupChange& change);
  void send(GroupChange& change);
  GroupVerdict apply(GroupChange& change);
  void finish(GroupChange& change, const GroupReply& reply);

  GroupTable& groups_;
  const UserChanges& users_;
  StorageLink& link_;
  GroupLoops loops_;
  bool running_ = false;  // further up on the stack
  bool silent_ = false;
  GroupChange* sent_ = nullptr;  // to the storage thread
  Pool<GroupChange> changes_;
  List<GroupChange, &GroupChange::node> waiting_;
};

}  // namespace tipring::store
