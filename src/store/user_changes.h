// Users being created, changed and removed: one after the other for each user, and visible when
// durable.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/pool.h"
#include "core/pool_registry.h"
#include "store/binding_table.h"
#include "store/group_table.h"
#include "store/storage_link.h"
#include "store/store.h"
#include "store/user_change.h"
#include "store/user_table.h"

namespace tipring::store {

class UpdateQueue;

class UserChanges {
 public:
  static void plan(MemoryPlan& plan) {
    Pool<UserChange>::plan(plan, "user_changes", kUserChangesMax);
  }

  UserChanges(Arena& arena, UserTable& users, GroupTable& groups, BindingTable& bindings,
              UpdateQueue& queue, StorageLink& link);

  // As the functions of Store.
  Result<void> put(const UserRecord& record, const Credentials* credentials, PutMode mode,
                   StoreWaiter& waiter, uint64_t tag);
  Result<void> rename(std::string_view domain, std::string_view name, std::string_view new_name,
                      const Credentials* credentials, StoreWaiter& waiter, uint64_t tag);
  Result<void> set_credentials(std::string_view domain, std::string_view name,
                               const Credentials& credentials, StoreWaiter& waiter, uint64_t tag);
  Result<void> remove(std::string_view domain, std::string_view name, StoreWaiter& waiter,
                      uint64_t tag);

  bool has_room() const { return changes_.stats().in_use < changes_.stats().capacity; }

  // Whether a user of the domain has it as name or alias, or will have when a change is durable.
  bool calls_anybody(std::string_view domain, std::string_view name) const;

  void on_reply(UserChange& change, StoreStatus status);
  void register_pools(PoolRegistry& registry) const { registry.add(changes_.stats()); }

 private:
  friend struct UserChange;

  bool is_taken(const UserRecord& record, std::string_view name, const User* user);
  bool is_being_renamed(const User& user);
  Result<void> check_called(const UserRecord& record, std::string_view name, const User* user);
  Result<void> check_names(const UserRecord& record, const User* user);
  static uint32_t aliases_more(const UserRecord& record, const User* user);
  void give_back(UserChange& change);
  UserChange* acquire(UserChange::Kind kind, StoreWaiter& waiter, uint64_t tag);
  void start(UserChange& change, User& user);
  Result<void> create(UserChange& change);
  void run(UserChange& change, User* user);
  Result<void> keep_other_fields(UserChange& change, const User& user);
  Result<void> keep_all_but_name(UserChange& change, const User& user);
  bool complete(UserChange& change, const User& user);
  void send(UserChange& change, User& user);
  void apply(UserChange& change, User& user);
  void drop_bindings(User& user);
  void finish(UserChange& change, StoreStatus status);
  static StoreStatus obstacle(const UserChange& change, const User* user);

  UserTable& users_;
  GroupTable& groups_;
  BindingTable& bindings_;
  UpdateQueue& queue_;
  StorageLink& link_;
  Pool<UserChange> changes_;
};

// What a record must look like. Errors: Invalid, TooLong.
Result<void> check_record(const UserRecord& record);

}  // namespace tipring::store
