#include "store/errands.h"

#include <algorithm>

#include "core/assert.h"

namespace tipring::store {

Errands::~Errands() {
  collect();
  while (waiting_count_ > 0) {
    delete waiting_[0];
    drop_first();
  }
  for (; const Finished* finished = done_.front(); done_.pop()) delete finished->errand;
}

bool Errands::hand_over(std::unique_ptr<Errand> errand) {
  if (worker_ == nullptr || on_their_way_ == kMax) return false;
  ++on_their_way_;
  TIPRING_ASSERT(to_do_.push(errand.release()));
  worker_->notify();
  return true;
}

bool Errands::poll() {
  bool any = false;
  while (const Finished* front = done_.front()) {
    const std::unique_ptr<Errand> errand(front->errand);
    const StoreStatus status = front->status;
    done_.pop();
    --on_their_way_;  // on_done() may hand over the next
    errand->on_done(status);
    any = true;
  }
  return any;
}

// Both orders are whole (sequential consistency): either the storage thread sees the change, or this
// sees that it is in a call, which takes a moment.
void Errands::set_notify(const std::function<void()>* notify) {
  notify_.store(notify);
  while (notifying_.load()) {}
}

void Errands::notify() {
  notifying_.store(true);
  if (const std::function<void()>* notify = notify_.load()) (*notify)();
  notifying_.store(false);
}

void Errands::collect() {
  while (Errand* const* errand = to_do_.front()) {
    waiting_[waiting_count_++] = *errand;  // no more on their way than there is room for
    to_do_.pop();
  }
}

void Errands::drop_first() {
  std::move(waiting_.begin() + 1, waiting_.begin() + static_cast<ptrdiff_t>(waiting_count_),
            waiting_.begin());
  --waiting_count_;
}

Errand* Errands::next() {
  collect();
  return waiting_count_ == 0 ? nullptr : waiting_[0];
}

void Errands::finish(StoreStatus status) {
  TIPRING_ASSERT(done_.push({waiting_[0], status}));
  drop_first();
  notify();
}

void Errands::postpone() {
  const auto end = waiting_.begin() + static_cast<ptrdiff_t>(waiting_count_);
  std::rotate(waiting_.begin(), waiting_.begin() + 1, end);
}

void Errands::let_go() {
  for (size_t i = 0; i < waiting_count_; ++i) waiting_[i]->let_go();
}

}  // namespace tipring::store
