#include "store/update_queue.h"

#include "core/assert.h"
#include "store/grace.h"

namespace tipring::store {

// --- what one REGISTER gathers ---

BindingUpdate::~BindingUpdate() {
  while (Binding* binding = added_.pop_front()) table_.discard(*binding);
}

Result<void> BindingUpdate::add(const BindingFields& fields) {
  if (table_.is_full(added_count_, removed_count_)) return Error::PoolExhausted;
  const Result<Binding*> made = make(fields);
  if (!made) return made.error();
  return {};
}

Result<Binding*> BindingUpdate::make(const BindingFields& fields) {
  if (call_id_.empty()) {
    Result<SlabText> call_id = table_.keep_call_id(fields.call_id);
    if (!call_id) return call_id.error();
    call_id_ = std::move(*call_id);
  }
  TIPRING_ASSERT(call_id_.view() == fields.call_id);
  const Result<Binding*> binding = table_.make(fields);
  if (!binding) return binding.error();
  added_.push_back(**binding);
  ++added_count_;
  return *binding;
}

Result<void> BindingUpdate::replace(Binding& old, const BindingFields& fields) {
  const Result<Binding*> fresh = make(fields);
  if (!fresh) return fresh.error();
  remove(old);
  // A lazy write of the old one that is on its way may come last.
  if (!table_.slots().in_flight(old.slot())) {
    (*fresh)->row_ = old.slot();
    old.row_is_taken_ = true;
  }
  return {};
}

uint64_t BindingUpdate::call_id_hash(std::string_view call_id) const {
  return table_.call_id_hash(call_id);
}

void BindingUpdate::refresh(Binding& binding, Millis expires_at, uint32_t cseq) {
  TIPRING_ASSERT(!touches(binding));
  TIPRING_ASSERT(refreshed_.empty() || cseq == cseq_);
  binding.next_expires_at_ = expires_at;
  cseq_ = cseq;
  refreshed_.push_back(binding);
}

void BindingUpdate::remove(Binding& binding) {
  TIPRING_ASSERT(!touches(binding));
  removed_.push_back(binding);
  ++removed_count_;
}

// --- the queue ---

UpdateQueue::UpdateQueue(Arena& arena, const Limits& limits, const StoreClock& clock,
                         UserTable& users, BindingTable& bindings, LazyWrites& lazy,
                         StorageLink& link, StoreCounters& counters)
    : clock_(clock),
      users_(users),
      bindings_(bindings),
      lazy_(lazy),
      link_(link),
      counters_(counters),
      updates_("binding_updates", arena, updates_max(limits)) {}

Result<BindingUpdate*> UpdateQueue::begin(User& user) {
  if (!may_begin(user)) return Error::Busy;
  BindingUpdate* update = updates_.acquire(bindings_, users_.handle_of(user), user.id());
  if (update == nullptr) {
    ++counters_.refused;
    return Error::PoolExhausted;
  }
  user.busy_ = true;
  return update;
}

Result<CommitState> UpdateQueue::commit(BindingUpdate& update, StoreWaiter& waiter, uint64_t tag) {
  if (update.only_refreshes()) {
    apply_refreshes(update);
    end(update);
    return CommitState::Applied;
  }
  update.waiter_ = &waiter;
  update.tag_ = tag;
  ++counters_.updates;
  StoreRequest request;
  request.kind = RequestKind::Update;
  request.update = &update;
  if (const Binding* first = update.first_added()) request.slot = first->row_;
  link_.push(request);
  return CommitState::Pending;
}

void UpdateQueue::abandon(BindingUpdate& update) {
  User* const user = users_.get(update.user_);
  TIPRING_ASSERT(user != nullptr);  // a busy user is not removed
  forget(update, *user);
  end(update);
}

// The user is free for the next one.
void UpdateQueue::end(BindingUpdate& update) {
  const Handle<User> handle = update.user_;
  updates_.release(update);
  if (User* user = users_.get(handle)) user->busy_ = false;
  serve_waiters(handle);
}

void UpdateQueue::apply_refreshes(BindingUpdate& update) {
  User* const user = users_.get(update.user_);
  TIPRING_ASSERT(user != nullptr);  // a busy user is not removed
  const Millis now = clock_.monotonic();
  while (Binding* binding = update.refreshed_.pop_front()) {
    bindings_.refresh(*binding, *user, update.cseq_);
    lazy_.mark(binding->slot(), refresh_due(now, binding->interval()));
    ++counters_.refreshes;
  }
}

void UpdateQueue::on_reply(BindingUpdate& update, StoreStatus status) {
  User* user = users_.get(update.user_);
  TIPRING_ASSERT(user != nullptr);  // a busy user is not removed
  if (status == StoreStatus::Durable) {
    apply(update, *user);
  } else {
    forget(update, *user);
  }
  const Handle<User> handle = update.user_;
  StoreWaiter* const waiter = update.waiter_;
  const uint64_t tag = update.tag_;
  updates_.release(update);
  user->busy_ = false;
  if (silent_) return;
  waiter->on_stored(tag, status);
  serve_waiters(handle);
}

void UpdateQueue::apply(BindingUpdate& update, User& user) {
  for (Binding* fresh = update.added_.front(); fresh != nullptr;
       fresh = update.added_.next(*fresh)) {
    if (fresh->row_ != fresh->slot()) bindings_.take_row(*fresh);
  }
  while (Binding* binding = update.removed_.pop_front()) {
    // One whose row was taken has a slot now that the update has not written to.
    if (!binding->row_is_taken_) bindings_.slots().set_row(binding->slot(), false);
    bindings_.drop(*binding, user);
  }
  while (Binding* binding = update.refreshed_.pop_front()) {
    bindings_.refresh(*binding, user, update.cseq_);
    // A lazy write that was on its way may have come last.
    const uint32_t slot = binding->slot();
    if (bindings_.slots().in_flight(slot)) lazy_.mark(slot, clock_.monotonic());
  }
  while (Binding* binding = update.added_.pop_front()) {
    bindings_.slots().set_row(binding->slot(), true);
    bindings_.show(*binding, user);
  }
}

// Nothing has changed; what it would have added goes with it.
void UpdateQueue::forget(BindingUpdate& update, User& user) {
  while (Binding* binding = update.removed_.pop_front()) {
    binding->row_is_taken_ = false;
    bindings_.watch(*binding, user);
  }
  while (Binding* binding = update.refreshed_.pop_front()) bindings_.watch(*binding, user);
}

void UpdateQueue::serve_waiters(Handle<User> handle) {
  for (User* user = users_.get(handle); user != nullptr; user = users_.get(handle)) {
    if (silent_ || user->busy_ || user->serving_) return;
    UpdateWaiter* waiter = user->waiters_.pop_front();
    if (waiter == nullptr) return;
    user->serving_ = true;
    waiter->on_user_free(user);
    user = users_.get(handle);
    if (user != nullptr) user->serving_ = false;
  }
}

void UpdateQueue::release(User& user) {
  List<UpdateWaiter, &UpdateWaiter::store_node> waiters;
  while (UpdateWaiter* waiter = user.waiters_.pop_front()) waiters.push_back(*waiter);
  users_.release(user);
  while (UpdateWaiter* waiter = waiters.pop_front()) {
    if (!silent_) waiter->on_user_free(nullptr);
  }
}

}  // namespace tipring::store
