// What a store is made of. Internal to src/store.
#pragma once

#include "store/binding_table.h"
#include "store/call_records.h"
#include "store/database.h"
#include "store/errands.h"
#include "store/file_keeper.h"
#include "store/group_changes.h"
#include "store/group_table.h"
#include "store/lazy_writes.h"
#include "store/record_keeper.h"
#include "store/sqlite_memory.h"
#include "store/storage_link.h"
#include "store/store.h"
#include "store/store_clock.h"
#include "store/update_queue.h"
#include "store/user_changes.h"
#include "store/user_table.h"
#include "store/writes.h"

namespace tipring::store {

struct Store::Parts final : BindingTable::Events, StorageLink::ReplyHandler {
  Parts(const StoreDependencies& dependencies, const Limits& limits, const StoreOptions& options);
  ~Parts();

  bool open(StartReport& report);
  bool open_records(StartReport& report);
  void close();
  void log_start(const StartReport& report);

  void on_expiry(User& user, Binding& binding) override;
  void on_slot_free(uint32_t slot) override;
  void on_reply(const StoreReply& reply) override;
  void note_health(const StoreReply& reply);
  void on_probe(Millis now);

  StoreDependencies world;
  StoreOptions options;
  StoreClock clock;
  StoreCounters counters;
  BindingObserver* observer = nullptr;
  StoreStatus last_status = StoreStatus::Durable;
  Millis failing_since = kNever;
  bool started = false;

  SqliteMemory memory;  // given back last
  Database database;
  Writes writes;
  Errands errands;
  CallRecords records;
  RecordKeeper record_keeper;
  FileKeeper keeper;
  UserTable users;
  GroupTable groups;
  StorageLink link;
  BindingTable bindings;
  LazyWrites lazy;
  UpdateQueue queue;
  UserChanges changes;
  GroupChanges group_changes;
  MemberTimer<Parts, &Parts::on_probe> probe_timer;  // while the disk fails
};

}  // namespace tipring::store
