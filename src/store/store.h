// Users and their bindings: tables in memory for the loop, a SQLite file behind a thread of its
// own. Nothing here blocks or takes memory after open(). RFC 3261 10.3; the file is told of in
// migrations/0001_initial.sql.
//
// A REGISTER that creates, moves or removes a binding becomes visible, and is to be answered, when
// it is durable. A refresh is visible at once and written within min(30 s, a quarter of its
// interval). When the disk fails, reads go on from memory, updates fail with a status, and lazy
// writes are repeated.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/arena.h"
#include "core/handle.h"
#include "core/hash.h"
#include "core/histogram.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/memory_plan.h"
#include "core/pool.h"
#include "core/pool_registry.h"
#include "core/result.h"
#include "core/timer_wheel.h"
#include "port/files.h"
#include "port/loop.h"
#include "port/time.h"
#include "port/worker.h"
#include "store/binding.h"
#include "store/binding_update.h"
#include "store/call_records.h"
#include "store/group.h"
#include "store/group_reply.h"
#include "store/start_report.h"
#include "store/store_status.h"
#include "store/user.h"

namespace tipring::store {

struct StoreOptions {
  std::string path;          // store.path
  std::string realm;         // auth.realm: only credentials made for it are loaded
  Millis commit_window{10};  // store.commit_window: how long a commit waits for company
  RecordBounds records{};    // records.*
};

// All outlive the store.
struct StoreDependencies {
  Arena& arena;
  port::Loop& loop;
  TimerWheel& timers;
  const port::Clock& clock;
  port::Workers& workers;
  port::Files& files;
  Log& log;
  HashKey hash_key;
};

// Told of bindings that end by themselves.
class BindingObserver {
 public:
  // Both are still whole; the binding goes after the call. Starts no update of this user.
  virtual void on_binding_expired(const User& user, const Binding& binding) = 0;

 protected:
  ~BindingObserver() = default;
};

struct StoreCounters {
  uint64_t updates = 0;      // that went to the disk
  uint64_t refreshes = 0;    // that were applied at once
  uint64_t lazy_writes = 0;  // refreshes and expiries written
  uint64_t expired = 0;
  uint64_t commits = 0;  // transactions that became durable
  uint64_t commits_failed = 0;
  uint64_t refused = 0;  // updates that found a pool or the ring full
};

class Errands;

enum class PutMode : uint8_t { Create, Change, Either };

// Both null: nobody. Never both.
struct Extension {
  User* user = nullptr;
  Group* group = nullptr;

  explicit operator bool() const { return user != nullptr || group != nullptr; }
};

class Store {
 public:
  // Lines of the plan: tables, rings, and SQLite's own pool.
  static void plan(const Limits& limits, MemoryPlan& plan);

  Store(const StoreDependencies& dependencies, const Limits& limits, const StoreOptions& options);
  // Stops the thread after it has served what waits, writes what is due and closes the file. Those
  // who wait are not called any more.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Opens the file, makes or migrates it, loads it, and starts the thread. Blocks and uses the
  // heap: at start only, once. Unless the report is ready() the store can only be destroyed.
  StartReport open();

  void set_observer(BindingObserver* observer);
  void register_pools(PoolRegistry& registry) const;

  // --- reading -----------------------------------------------------------------------------------

  // Null when there is none. The default domain is "".
  User* find_user(std::string_view domain, std::string_view name) const;
  User* find_by_auth_name(std::string_view domain, std::string_view auth_name) const;
  // By name or alias: whom a call to this name means.
  User* find_called(std::string_view domain, std::string_view name) const;
  // Of a name that nobody has: what its challenge says (UserTable).
  uint8_t seeming_algorithms(std::string_view domain, std::string_view name) const;
  User* get(Handle<User> handle) const;
  Binding* get(Handle<Binding> handle) const;
  Handle<User> handle_of(const User& user) const;
  Handle<Binding> handle_of(const Binding& binding) const;

  // Null when there is none. The default domain is "".
  Group* find_group(std::string_view domain, std::string_view name) const;
  Group* get(Handle<Group> handle) const;
  GroupMember* get(Handle<GroupMember> handle) const;
  Handle<Group> handle_of(const Group& group) const;
  Handle<GroupMember> handle_of(const GroupMember& member) const;
  // Who is called by this name: find_called() and find_group() in one.
  Extension find_extension(std::string_view domain, std::string_view name) const;

  // False while as many changes of users wait for the disk as may. When it is true, PoolExhausted
  // means that there is no room for another user.
  bool takes_changes() const;

  // What a binding keeps of a Call-ID, by a key of this process.
  uint64_t call_id_hash(std::string_view call_id) const;

  uint32_t user_count() const;
  uint32_t binding_count() const;
  uint32_t users_on_line() const;  // with a binding
  uint32_t group_count() const;

  // Walks over all users in steps of at most `slots` slots of the pool: calls `visit(User&)` and
  // returns the cursor for the next step, 0 when the walk is over. Start with 0. In no particular
  // order; users that come or go meanwhile may be missed.
  template <class Visit>
  uint32_t walk_users(uint32_t cursor, uint32_t slots, Visit visit) const {
    for (; slots > 0 && cursor < user_slots(); ++cursor, --slots) {
      if (User* user = user_at(cursor)) visit(*user);
    }
    return cursor < user_slots() ? cursor : 0;
  }

  // As walk_users().
  template <class Visit>
  uint32_t walk_groups(uint32_t cursor, uint32_t slots, Visit visit) const {
    for (; slots > 0 && cursor < group_slots(); ++cursor, --slots) {
      if (Group* group = group_at(cursor)) visit(*group);
    }
    return cursor < group_slots() ? cursor : 0;
  }

  // --- registrations -----------------------------------------------------------------------------

  // Errors: Busy (an update of this user is on its way, or others wait: wait_for()), PoolExhausted
  // (answer 503). End the update in the same turn.
  Result<BindingUpdate*> begin_update(User& user);

  // Calls `waiter` once, as soon as the user is free and those before it were served.
  void wait_for(User& user, UpdateWaiter& waiter);

  // Ends the update, whatever comes of it. Pending: `waiter.on_stored(tag, status)` comes later, in
  // a turn of its own; when it comes with Durable, the bindings are visible. An update that was
  // begun always finds room here; PoolExhausted is for stores elsewhere (answer 503; nothing
  // changed).
  Result<CommitState> commit(BindingUpdate& update, StoreWaiter& waiter, uint64_t tag);
  void abandon(BindingUpdate& update);

  // --- users -------------------------------------------------------------------------------------

  // Creates or changes a user; visible when on_stored() comes with Durable. `credentials` null
  // keeps those that stand. Changes of one user are carried out in order. Errors: Exists (mode
  // Create), Taken (name, auth_name or an alias is a name of another user of the domain), TakenByGroup (the name or
  // an alias is one of a hunt group), NotFound
  // (mode Change), Invalid (an empty name, or control characters), TooLong, PoolExhausted
  // (capacity.users, which bounds aliases too, or too many changes on their way).
  Result<void> put_user(const UserRecord& record, const Credentials* credentials, PutMode mode,
                        StoreWaiter& waiter, uint64_t tag);

  // Gives a user another name in its domain; an alias of that name goes, all else follows. Where
  // the auth_name was the name it stays so, and `credentials` are for the new one; where the user
  // has an auth_name of its own, null: they stay. As put_user(); errors: NotFound, Exists (the name
  // that it has), Taken, TakenByGroup, Invalid, TooLong, PoolExhausted, Busy (it is being renamed), Mismatch
  // (`credentials` must be there, or may not). Until it is durable, the three others give Busy for
  // this user.
  Result<void> rename_user(std::string_view domain, std::string_view name,
                           std::string_view new_name, const Credentials* credentials,
                           StoreWaiter& waiter, uint64_t tag);

  // Errors of the next two: NotFound, PoolExhausted, Busy.
  Result<void> set_credentials(std::string_view domain, std::string_view name,
                               const Credentials& credentials, StoreWaiter& waiter, uint64_t tag);
  // Its bindings go with it.
  Result<void> remove_user(std::string_view domain, std::string_view name, StoreWaiter& waiter,
                           uint64_t tag);

  // --- hunt groups -------------------------------------------------------------------------------

  // All changes of groups are carried out in order, and each is judged when it is its turn:
  // `waiter` is told what came of it, perhaps before these return. Errors, and nobody is told:
  // Invalid (what is empty, too long, out of range or holds control characters), PoolExhausted (too
  // many are on their way: try again).
  Result<void> put_group(const GroupRecord& record, PutMode mode, GroupWaiter& waiter,
                         uint64_t tag);
  // Groups of the domain that name it, as a member or as who gets their calls, go on to do so.
  Result<void> rename_group(std::string_view domain, std::string_view name,
                            std::string_view new_name, GroupWaiter& waiter, uint64_t tag);
  // With its members. Where it is a member itself, it is passed over from then on.
  Result<void> remove_group(std::string_view domain, std::string_view name, GroupWaiter& waiter,
                            uint64_t tag);
  Result<void> put_group_member(std::string_view domain, std::string_view name,
                                const MemberRecord& record, PutMode mode, GroupWaiter& waiter,
                                uint64_t tag);
  Result<void> remove_group_member(std::string_view domain, std::string_view name,
                                   std::string_view member, GroupWaiter& waiter, uint64_t tag);

  // --- calls -------------------------------------------------------------------------------------

  // From open() on.
  CallRecords& records();

  // --- the admin thread's work on the file ---------------------------------------------------------

  // For the admin thread, from open() on; it has ended before the store is destroyed.
  Errands& errands();

  // --- health ------------------------------------------------------------------------------------

  const StoreCounters& counters() const;
  // How the last write ended. Since when it has been failing, kNever while it has not.
  StoreStatus last_status() const;
  Millis failing_since() const;
  // Changes that were handed to the storage thread and have not come back, and how many there may be.
  uint32_t queue_depth() const;
  uint32_t queue_capacity() const;
  Histogram commit_times() const;
  uint64_t file_memory_used_max() const;  // of SQLite's pool, in bytes

 private:
  struct Parts;

  uint32_t user_slots() const;
  User* user_at(uint32_t slot) const;
  uint32_t group_slots() const;
  Group* group_at(uint32_t slot) const;

  std::unique_ptr<Parts> parts_;
};

}  // namespace tipring::store
