#include "store/storage_task.h"

#include <algorithm>

#include "core/assert.h"
#include "store/binding_update.h"
#include "store/group_change.h"
#include "store/user_change.h"

namespace tipring::store {
namespace {

// The log is copied into the file when it has grown to this many pages, after those who wait were
// told.
constexpr int kCheckpointPages = 256;

int note_log_pages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

}  // namespace

void StorageTask::connect(Connection& connection, Writes& writes, FileKeeper& keeper,
                          Errands& errands, RecordKeeper& records, port::Wakeup& wakeup) {
  connection_ = &connection;
  writes_ = &writes;
  keeper_ = &keeper;
  errands_ = &errands;
  records_ = &records;
  wakeup_ = &wakeup;
}

Millis StorageTask::serve(Millis now) {
  unwoken_.exchange(0, std::memory_order_acq_rel);
  const size_t before = count_;
  bool any = collect();
  if (any && before == 0) first_at_ = now;
  const bool ending = hurrying_.load(std::memory_order_relaxed);
  if ((any && must_commit(now)) || records_->due(now, ending) <= now) {
    commit_batch(now);
    if (any) wakeup_->notify();
    if (log_pages_ >= kCheckpointPages) checkpoint();
    // What came meanwhile begins a window of its own.
    first_at_ = now;
    any = collect();
  }
  if (serve_errands()) return now;
  const Millis records_due = records_->due(now, ending);
  return std::min(any ? rest_until(first_at_ + window_) : kNever, records_due);
}

// Runs one, so that a commit waits no longer. Whether another one waits.
bool StorageTask::serve_errands() {
  const bool ending = hurrying_.load(std::memory_order_relaxed);
  while (Errand* errand = errands_->next()) {
    run_errand(*errand);
    if (log_pages_ >= kCheckpointPages) checkpoint();
    if (!ending) break;
  }
  return errands_->any_waiting();
}

void StorageTask::run_errand(Errand& errand) {
  const StoreStatus file = ensure_file();
  if (file != StoreStatus::Durable) return errands_->finish(file);
  bool more = false;
  const Outcome outcome = run_step(errand, more);
  if (!more) return errands_->finish(outcome.status);
  if (!hurrying_.load(std::memory_order_relaxed)) return errands_->postpone();
  errand.let_go();
  errands_->finish(StoreStatus::Gone);
}

StorageTask::Outcome StorageTask::run_step(Errand& errand, bool& more) {
  const bool writes = errand.kind() == Errand::Kind::Write;
  if (writes) {
    const int code = writes_->begin();
    if (code != SQLITE_OK) return finish(code);
  }
  const Errand::Step step = errand.run(*connection_);
  const bool is_good =
      step.code == SQLITE_OK || step.code == SQLITE_ROW || step.code == SQLITE_DONE;
  Outcome outcome = {connection_->status_of(step.code), step.code};
  if (writes) {
    outcome = finish(is_good ? SQLITE_OK : step.code);
  } else {
    keeper_->note(outcome.status);
  }
  TIPRING_ASSERT(!connection_->in_transaction());
  more = step.more && outcome.status == StoreStatus::Durable;
  return outcome;
}

Millis StorageTask::rest_until(Millis end_of_window) {
  const auto room = static_cast<int32_t>(batch_.size() / 2) - static_cast<int32_t>(count_);
  unwoken_.exchange(room, std::memory_order_acq_rel);
  return end_of_window;
}

// Takes what is in the ring. False when there is nothing to commit.
bool StorageTask::collect() {
  for (; count_ < batch_.size(); ++count_) {
    const StoreRequest* request = requests_.front();
    if (request == nullptr) break;
    batch_[count_] = *request;
    requests_.pop();
  }
  return count_ > 0;
}

bool StorageTask::must_commit(Millis now) const {
  return now - first_at_ >= window_ || count_ >= batch_.size() / 2 ||
         hurrying_.load(std::memory_order_relaxed);
}

void StorageTask::commit_batch(Millis now) {
  const std::span<StoreRequest> requests = batch_.first(count_);
  std::sort(requests.begin(), requests.end(),
            [](const StoreRequest& a, const StoreRequest& b) { return a.slot < b.slot; });
  const StoreStatus file = ensure_file();
  const Outcome outcome = file == StoreStatus::Durable ? write_with_records(requests, now)
                                                       : Outcome{file, SQLITE_CANTOPEN};
  if (file != StoreStatus::Durable) records_->on_failed(now);
  const bool one_is_at_fault =
      outcome.status == StoreStatus::Rejected || outcome.status == StoreStatus::Exists;
  if (one_is_at_fault && requests.size() > 1) {
    // A record that the file does not take must not fail the others.
    for (size_t i = 0; i < requests.size(); ++i) {
      reply(requests.subspan(i, 1), write_all(requests.subspan(i, 1)));
    }
  } else {
    reply(requests, outcome);
  }
  count_ = 0;
}

StoreStatus StorageTask::ensure_file() {
  const StoreStatus file = keeper_->ensure(!hurrying_.load(std::memory_order_relaxed));
  // The connection may be another one than last time.
  if (file == StoreStatus::Durable) {
    sqlite3_wal_hook(connection_->get(), &note_log_pages, &log_pages_);
  }
  return file;
}

// Call records are never at fault for what others wait for.
StorageTask::Outcome StorageTask::write_with_records(std::span<const StoreRequest> requests,
                                                     Millis now) {
  const Outcome outcome = write_all(requests, &now);
  if (outcome.status == StoreStatus::Durable) {
    records_->on_committed(now);
    return outcome;
  }
  records_->on_failed(now);
  return requests.empty() ? outcome : write_all(requests);
}

// One transaction: all or nothing. `records_at`: call records with them; now.
StorageTask::Outcome StorageTask::write_all(std::span<const StoreRequest> requests,
                                            const Millis* records_at) {
  const Micros began = clock_.monotonic_fine();
  int code = writes_->begin();
  Millis last{0};
  for (const StoreRequest& request : requests) {
    if (code != SQLITE_OK) break;
    code = write(request);
    last = std::max(last, request.sent_at + request.wall_offset);
  }
  if (code == SQLITE_OK && records_at != nullptr) {
    code = records_->write_some(*records_at, hurrying_.load(std::memory_order_relaxed));
    last = std::max(last, records_->last_time());
  }
  if (code == SQLITE_OK && last != Millis(0)) code = writes_->set_last_written(last);
  const Outcome outcome = finish(code);
  commit_times_.add(clock_.monotonic_fine() - began);
  return outcome;
}

StorageTask::Outcome StorageTask::finish(int code) {
  if (code == SQLITE_OK) code = writes_->commit();
  const Outcome outcome = {connection_->status_of(code), code};
  keeper_->note(outcome.status);
  // A failed COMMIT can leave the transaction open; some failures have ended it already.
  if (code != SQLITE_OK && connection_->in_transaction()) writes_->rollback();
  return outcome;
}

int StorageTask::write(const StoreRequest& request) {
  switch (request.kind) {
    case RequestKind::Update: return write_update(request);
    case RequestKind::Change: return write_change(request);
    case RequestKind::Group: return write_group(request);
    case RequestKind::Probe: return SQLITE_OK;
    case RequestKind::Delete: return writes_->delete_binding(request.slot);
    case RequestKind::Refresh:
      return writes_->refresh_binding(request.slot, request.expires_at + request.wall_offset,
                                      request.interval, request.cseq);
  }
  return SQLITE_MISUSE;
}

int StorageTask::write_update(const StoreRequest& request) {
  const BindingUpdate& update = *request.update;
  int code = SQLITE_OK;
  for (const Binding* binding = update.removed_.front(); binding != nullptr && code == SQLITE_OK;
       binding = update.removed_.next(*binding)) {
    if (!binding->row_is_taken_) code = writes_->delete_binding(binding->slot());
  }
  for (const Binding* binding = update.refreshed_.front(); binding != nullptr && code == SQLITE_OK;
       binding = update.refreshed_.next(*binding)) {
    code =
        writes_->refresh_binding(binding->slot(), binding->next_expires_at_ + request.wall_offset,
                                 binding->next_expires_at_ - request.sent_at, update.cseq_);
  }
  for (const Binding* binding = update.added_.front(); binding != nullptr && code == SQLITE_OK;
       binding = update.added_.next(*binding)) {
    const RowContext row = {binding->row_, update.user_id_, update.call_id_.view(),
                            request.wall_offset};
    code = binding->row_ == binding->slot() ? writes_->put_binding(*binding, row)
                                            : writes_->replace_binding(*binding, row);
  }
  return code;
}

int StorageTask::write_change(const StoreRequest& request) {
  UserChange& change = *request.change;
  if (change.kind == UserChange::Kind::Remove) return writes_->remove_user(change.user_id);
  int code = SQLITE_OK;
  const UserRecord record = {change.domain,       change.name,    change.auth_name,
                             change.display_name, change.aliases, change.algorithms,
                             change.session_timer};
  if (change.kind == UserChange::Kind::Put) code = writes_->put_user(record, change.user_id);
  if (change.kind == UserChange::Kind::Rename) code = writes_->rename_user(change.user_id, record);
  if (code == SQLITE_OK && change.has_credentials) {
    code = writes_->set_credentials(change.user_id, change.credentials);
  }
  return code;
}

int StorageTask::write_group(const StoreRequest& request) {
  GroupChange& change = *request.group;
  switch (change.kind) {
    case GroupChange::Kind::PutGroup: return writes_->put_group(change.record, change.group_id);
    case GroupChange::Kind::RenameGroup:
      return writes_->rename_group(change.group_id, change.new_name.view());
    case GroupChange::Kind::RemoveGroup: return writes_->remove_group(change.group_id);
    case GroupChange::Kind::PutMember:
      return writes_->put_member(change.group_id, change.member, change.member_id);
    case GroupChange::Kind::RemoveMember: return writes_->remove_member(change.member_id);
  }
  return SQLITE_MISUSE;
}

void StorageTask::reply(std::span<const StoreRequest> requests, const Outcome& outcome) {
  for (const StoreRequest& request : requests) {
    StoreReply* reply = replies_.begin_push();
    TIPRING_ASSERT(reply != nullptr);  // the loop has no more on their way than the ring holds
    const bool first = &request == requests.data();
    *reply = {
        request.kind, outcome.status, outcome.code,   first,        first && keeper_->take_mended(),
        request.slot, request.update, request.change, request.group};
    replies_.commit_push();
  }
}

// Blocks no one but this thread. When a reader (the sqlite3 tool) is in the way, the rest is done
// later.
void StorageTask::checkpoint() {
  log_pages_ = 0;
  sqlite3_wal_checkpoint_v2(connection_->get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr,
                            nullptr);
}

}  // namespace tipring::store
