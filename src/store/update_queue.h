// Updates of bindings, strictly one after the other for each user.
#pragma once

#include <cstdint>

#include "core/pool.h"
#include "core/pool_registry.h"
#include "store/binding_table.h"
#include "store/binding_update.h"
#include "store/lazy_writes.h"
#include "store/storage_link.h"
#include "store/store.h"
#include "store/user_table.h"

namespace tipring::store {

class UpdateQueue {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan) {
    Pool<BindingUpdate>::plan(plan, "binding_updates", updates_max(limits));
  }

  UpdateQueue(Arena& arena, const Limits& limits, const StoreClock& clock, UserTable& users,
              BindingTable& bindings, LazyWrites& lazy, StorageLink& link, StoreCounters& counters);

  // As the functions of Store.
  Result<BindingUpdate*> begin(User& user);
  void wait(User& user, UpdateWaiter& waiter) { user.waiters_.push_back(waiter); }
  Result<CommitState> commit(BindingUpdate& update, StoreWaiter& waiter, uint64_t tag);
  void abandon(BindingUpdate& update);

  void on_reply(BindingUpdate& update, StoreStatus status);

  // Nobody else's update or change is on its way, and nobody waits before us.
  static bool may_begin(const User& user) {
    return !user.busy_ && (user.serving_ || user.waiters_.empty());
  }

  // Calls those who wait for the user, until one of them makes it busy again.
  void serve_waiters(Handle<User> user);
  // The user goes: those who wait are told that there is none any more.
  void release(User& user);

  // The store is being closed: nobody is called any more.
  void silence() { silent_ = true; }
  bool silent() const { return silent_; }
  void register_pools(PoolRegistry& registry) const { registry.add(updates_.stats()); }

 private:
  void end(BindingUpdate& update);
  void apply_refreshes(BindingUpdate& update);
  void apply(BindingUpdate& update, User& user);
  void forget(BindingUpdate& update, User& user);

  const StoreClock& clock_;
  UserTable& users_;
  BindingTable& bindings_;
  LazyWrites& lazy_;
  StorageLink& link_;
  StoreCounters& counters_;
  bool silent_ = false;
  Pool<BindingUpdate> updates_;
};

}  // namespace tipring::store
