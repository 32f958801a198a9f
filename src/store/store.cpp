#include "store/store.h"

#include "store/group_loader.h"
#include "store/loader.h"
#include "store/store_parts.h"

namespace tipring::store {
namespace {

constexpr Millis kProbeAfter{2'000};

}  // namespace

void Store::plan(const Limits& limits, MemoryPlan& plan) {
  SqliteMemory::plan(limits, plan);
  UserTable::plan(limits, plan);
  GroupTable::plan(limits, plan);
  StorageLink::plan(limits, plan);
  BindingTable::plan(limits, plan);
  UpdateQueue::plan(limits, plan);
  UserChanges::plan(plan);
  GroupChanges::plan(plan);
  CallRecords::plan(limits, plan);
  plan.add_descriptors(4);  // the file, its log, the log's index, and one for a copy
}

Store::Store(const StoreDependencies& dependencies, const Limits& limits,
             const StoreOptions& options)
    : parts_(std::make_unique<Parts>(dependencies, limits, options)) {}

Store::~Store() = default;

StartReport Store::open() {
  StartReport report;
  parts_->open(report);
  parts_->log_start(report);
  return report;
}

void Store::set_observer(BindingObserver* observer) { parts_->observer = observer; }

void Store::register_pools(PoolRegistry& registry) const {
  parts_->users.register_pools(registry);
  parts_->groups.register_pools(registry);
  parts_->bindings.register_pools(registry);
  parts_->queue.register_pools(registry);
  parts_->changes.register_pools(registry);
  parts_->group_changes.register_pools(registry);
}

User* Store::find_user(std::string_view domain, std::string_view name) const {
  return parts_->users.find(domain, name);
}
User* Store::find_by_auth_name(std::string_view domain, std::string_view auth_name) const {
  return parts_->users.find_by_auth_name(domain, auth_name);
}
uint8_t Store::seeming_algorithms(std::string_view domain, std::string_view name) const {
  return parts_->users.seeming_algorithms(domain, name);
}
User* Store::find_called(std::string_view domain, std::string_view name) const {
  User* user = parts_->users.find(domain, name);
  return user != nullptr ? user : parts_->users.find_by_alias(domain, name);
}
Group* Store::find_group(std::string_view domain, std::string_view name) const {
  return parts_->groups.find(domain, name);
}
Extension Store::find_extension(std::string_view domain, std::string_view name) const {
  User* user = find_called(domain, name);
  return {user, user == nullptr ? find_group(domain, name) : nullptr};
}
Group* Store::get(Handle<Group> handle) const { return parts_->groups.get(handle); }
GroupMember* Store::get(Handle<GroupMember> handle) const { return parts_->groups.get(handle); }
Handle<Group> Store::handle_of(const Group& group) const { return parts_->groups.handle_of(group); }
Handle<GroupMember> Store::handle_of(const GroupMember& member) const {
  return parts_->groups.handle_of(member);
}
User* Store::get(Handle<User> handle) const { return parts_->users.get(handle); }
Binding* Store::get(Handle<Binding> handle) const { return parts_->bindings.get(handle); }
Handle<User> Store::handle_of(const User& user) const { return parts_->users.handle_of(user); }
Handle<Binding> Store::handle_of(const Binding& binding) const {
  return parts_->bindings.handle_of(binding);
}

uint64_t Store::call_id_hash(std::string_view call_id) const {
  return parts_->bindings.call_id_hash(call_id);
}
uint32_t Store::user_count() const { return parts_->users.visible(); }
bool Store::takes_changes() const { return parts_->changes.has_room(); }
uint32_t Store::binding_count() const { return parts_->bindings.visible(); }
uint32_t Store::users_on_line() const { return parts_->bindings.users_on_line(); }
uint32_t Store::user_slots() const { return parts_->users.slots(); }
User* Store::user_at(uint32_t slot) const { return parts_->users.at_slot(slot); }
uint32_t Store::group_count() const { return parts_->groups.visible(); }
uint32_t Store::group_slots() const { return parts_->groups.slots(); }
Group* Store::group_at(uint32_t slot) const { return parts_->groups.at_slot(slot); }

Result<BindingUpdate*> Store::begin_update(User& user) { return parts_->queue.begin(user); }

void Store::wait_for(User& user, UpdateWaiter& waiter) { parts_->queue.wait(user, waiter); }

Result<CommitState> Store::commit(BindingUpdate& update, StoreWaiter& waiter, uint64_t tag) {
  return parts_->queue.commit(update, waiter, tag);
}

void Store::abandon(BindingUpdate& update) { parts_->queue.abandon(update); }

Result<void> Store::put_user(const UserRecord& record, const Credentials* credentials, PutMode mode,
                             StoreWaiter& waiter, uint64_t tag) {
  return parts_->changes.put(record, credentials, mode, waiter, tag);
}

Result<void> Store::rename_user(std::string_view domain, std::string_view name,
                                std::string_view new_name, const Credentials* credentials,
                                StoreWaiter& waiter, uint64_t tag) {
  return parts_->changes.rename(domain, name, new_name, credentials, waiter, tag);
}

Result<void> Store::set_credentials(std::string_view domain, std::string_view name,
                                    const Credentials& credentials, StoreWaiter& waiter,
                                    uint64_t tag) {
  return parts_->changes.set_credentials(domain, name, credentials, waiter, tag);
}

Result<void> Store::remove_user(std::string_view domain, std::string_view name, StoreWaiter& waiter,
                                uint64_t tag) {
  return parts_->changes.remove(domain, name, waiter, tag);
}

Result<void> Store::put_group(const GroupRecord& record, PutMode mode, GroupWaiter& waiter,
                              uint64_t tag) {
  return parts_->group_changes.put(record, mode, waiter, tag);
}

Result<void> Store::rename_group(std::string_view domain, std::string_view name,
                                 std::string_view new_name, GroupWaiter& waiter, uint64_t tag) {
  return parts_->group_changes.rename(domain, name, new_name, waiter, tag);
}

Result<void> Store::remove_group(std::string_view domain, std::string_view name,
                                 GroupWaiter& waiter, uint64_t tag) {
  return parts_->group_changes.remove(domain, name, waiter, tag);
}

Result<void> Store::put_group_member(std::string_view domain, std::string_view name,
                                     const MemberRecord& record, PutMode mode, GroupWaiter& waiter,
                                     uint64_t tag) {
  return parts_->group_changes.put_member(domain, name, record, mode, waiter, tag);
}

Result<void> Store::remove_group_member(std::string_view domain, std::string_view name,
                                        std::string_view member, GroupWaiter& waiter,
                                        uint64_t tag) {
  return parts_->group_changes.remove_member(domain, name, member, waiter, tag);
}

CallRecords& Store::records() { return parts_->records; }
Errands& Store::errands() { return parts_->errands; }

const StoreCounters& Store::counters() const { return parts_->counters; }
StoreStatus Store::last_status() const { return parts_->last_status; }
Millis Store::failing_since() const { return parts_->failing_since; }
uint32_t Store::queue_depth() const { return parts_->link.on_their_way(); }
uint32_t Store::queue_capacity() const { return parts_->link.on_their_way_max(); }
Histogram Store::commit_times() const { return parts_->link.commit_times(); }
uint64_t Store::file_memory_used_max() const { return parts_->memory.used_max(); }

// --- what it is made of ---

Store::Parts::Parts(const StoreDependencies& dependencies, const Limits& limits,
                    const StoreOptions& store_options)
    : world(dependencies),
      options(store_options),
      clock(world.clock),
      memory(world.arena, limits),
      database(world.files, world.clock, SqliteMemory::cached_pages(limits)),
      records(world.arena, limits, clock, world.timers, world.log),
      record_keeper(records, writes.records(), clock),
      keeper(world.files, database, writes, errands),
      users(world.arena, limits, world.hash_key),
      groups(world.arena, limits, world.hash_key),
      link(world.arena, limits, clock, options.commit_window, *this),
      bindings(world.arena, limits, world.timers, world.loop, *this, world.hash_key),
      lazy(bindings.slots(), link, world.timers, clock),
      queue(world.arena, limits, clock, users, bindings, lazy, link, counters),
      changes(world.arena, users, groups, bindings, queue, link),
      group_changes(world.arena, groups, changes, link),
      probe_timer(*this) {}

Store::Parts::~Parts() { close(); }

bool Store::Parts::open(StartReport& report) {
  if (!memory.install()) {
    report.status = StartStatus::Io;
    report.message = "SQLite does not take the memory that was set aside for it";
    return false;
  }
  if (!database.open(options.path, migrations(), report)) return false;
  const int code = writes.prepare(database.connection(), options.realm);
  if (code != SQLITE_OK) return database.explain(code, report), false;
  if (!Loader(database, writes, users, bindings).load(options.realm, clock, report)) return false;
  if (!GroupLoader(database, users, groups).load(report)) return false;
  if (!open_records(report)) return false;
  keeper.start(options.realm);
  if (!link.start(world.loop, world.workers, database.connection(), writes, keeper, errands,
                  records, record_keeper)) {
    report.status = StartStatus::Io;
    report.message = "the system gives no thread or descriptor for the database";
    return false;
  }
  started = true;
  lazy.start();
  // Rows that ended while the server was down.
  for (uint32_t slot = 0; slot < bindings.slots().capacity(); ++slot) {
    if (bindings.slots().at(slot) == nullptr) lazy.mark_ended(slot);
  }
  return true;
}

// Calls that the server was in when it went have ended, as far as it will ever know.
bool Store::Parts::open_records(StartReport& report) {
  RecordWrites& rows = writes.records();
  int64_t last_written = 0;
  uint64_t next_id = 1;
  int code = database.connection().query("SELECT value FROM meta WHERE key = 'last_written'",
                                         last_written);
  if (code == SQLITE_OK) code = rows.close_open(Millis(last_written));
  if (code == SQLITE_OK) code = rows.next_id(next_id);
  if (code != SQLITE_OK) return database.explain(code, report), false;
  records.start(next_id, options.records);
  record_keeper.set_bounds(options.records);
  return true;
}

// Serves what waits, and writes what memory knows better than the file.
void Store::Parts::close() {
  queue.silence();
  group_changes.silence();
  lazy.stop();
  probe_timer.cancel();
  if (!started) return;
  started = false;
  link.stop();
  link.serve_here();
  records.write_late();
  link.serve_here();
  const uint64_t failed_before = counters.commits_failed;
  while (counters.commits_failed == failed_before && lazy.flush()) link.serve_here();
  lazy.stop();
}

void Store::Parts::log_start(const StartReport& report) {
  if (!report.ready()) return;  // whoever opened the store decides what to do and says why
  world.log.info("store_ready", kv("path", options.path), kv("users", report.users),
                 kv("groups", report.groups), kv("bindings", report.bindings),
                 kv("expired", report.bindings_expired), kv("created", report.created));
  if (!report.copy.empty()) world.log.info("store_copied", kv("copy", report.copy));
  if (report.users_without_secret > 0) {
    world.log.warning("realm_changed", kv("realm", options.realm),
                      kv("users_without_password", report.users_without_secret),
                      kv("advice", "set auth.realm back, or give these users new passwords"));
  }
  if (report.rows_skipped > 0) {
    world.log.warning("store_rows_skipped", kv("path", options.path),
                      kv("rows", report.rows_skipped), kv("first", report.first_skipped),
                      kv("advice", "correct or delete them with the sqlite3 tool"));
  }
  if (report.clock_was_unset) {
    world.log.warning("clock_behind_store",
                      kv("advice", "set the clock; bindings live on from the last written time"));
  }
}

void Store::Parts::on_expiry(User& user, Binding& binding) {
  ++counters.expired;
  if (observer != nullptr) observer->on_binding_expired(user, binding);
  bindings.drop(binding, user);
}

void Store::Parts::on_slot_free(uint32_t slot) {
  if (started) lazy.mark_ended(slot);
}

void Store::Parts::on_reply(const StoreReply& reply) {
  if (reply.first_of_commit) note_health(reply);
  switch (reply.kind) {
    case RequestKind::Update: return queue.on_reply(*reply.update, reply.status);
    case RequestKind::Change: return changes.on_reply(*reply.change, reply.status);
    case RequestKind::Group: return group_changes.on_reply(*reply.group, reply.status);
    case RequestKind::Refresh:
    case RequestKind::Delete:
      if (reply.status == StoreStatus::Durable) ++counters.lazy_writes;
      return lazy.on_reply(reply.slot, reply.status);
    case RequestKind::Probe: return;
  }
}

// One line when the disk begins to fail and one when it is well again, whatever happens between.
void Store::Parts::note_health(const StoreReply& reply) {
  const bool durable = reply.status == StoreStatus::Durable;
  ++(durable ? counters.commits : counters.commits_failed);
  if (reply.mended) {
    world.log.warning("store_reopened", kv("path", options.path),
                      kv("help", "it or its log had been removed and was written anew"));
  }
  const bool was_failing = failing_since != kNever;
  if (durable && was_failing) {
    world.log.info("store_recovered", kv("path", options.path),
                   kv("failing_ms", clock.monotonic() - failing_since));
    failing_since = kNever;
  }
  if (!durable && (!was_failing || reply.status != last_status)) {
    world.log.error("store_failed", kv("path", options.path), kv("status", to_text(reply.status)),
                    kv("code", reply.code), kv("advice", advice(reply.status)));
    if (!was_failing) failing_since = clock.monotonic();
  }
  if (!durable && started) world.timers.start(probe_timer, clock.monotonic() + kProbeAfter);
  last_status = reply.status;
}

// Nobody may want to write for a while; the disk may be well again, and the log is to say so.
void Store::Parts::on_probe(Millis now) {
  if (failing_since == kNever) return;
  StoreRequest request;
  request.kind = RequestKind::Probe;
  if (link.lazy_room() > 0) return link.push(request);
  world.timers.start(probe_timer, now + kProbeAfter);
}

}  // namespace tipring::store
