#include "store/lazy_writes.h"

#include <algorithm>
#include <chrono>

#include "store/grace.h"

namespace tipring::store {
namespace {

constexpr Millis kDeleteWithin{30'000};  // a row that has expired harms nobody
constexpr Millis kRetryAfter{5'000};     // when the disk failed
constexpr Millis kLookAgain{1'000};      // at rows that an update was holding
constexpr Millis kNextStep{10};          // of a sweep that is not over
// When the wall clock was set, rows keep times of the old one until they are written anew: a start
// in between would take them for ended, or for endless.
constexpr Millis kClockCheck{1'000};
constexpr Millis kClockStep{2'000};     // less is drift
constexpr uint32_t kWordsPerStep = 64;  // 4096 slots

}  // namespace

LazyWrites::LazyWrites(SlotBook& slots, StorageLink& link, TimerWheel& timers,
                       const StoreClock& clock)
    : slots_(slots),
      link_(link),
      timers_(timers),
      clock_(clock),
      timer_(*this),
      clock_timer_(*this) {}

void LazyWrites::start() {
  wall_offset_ = clock_.wall_offset();
  timers_.start(clock_timer_, clock_.monotonic() + kClockCheck);
}

void LazyWrites::stop() {
  timer_.cancel();
  clock_timer_.cancel();
}

void LazyWrites::mark(uint32_t slot, Millis due) {
  slots_.due().insert(slot);
  start_by(due);
}

void LazyWrites::mark_ended(uint32_t slot) {
  if (slots_.has_row(slot)) mark(slot, clock_.monotonic() + kDeleteWithin);
}

void LazyWrites::start_by(Millis due) {
  if (sweeping_ || due >= earliest_) return;
  earliest_ = due;
  timers_.start(timer_, due);
}

void LazyWrites::on_timer(Millis) {
  if (!sweeping_) {
    sweeping_ = true;
    cursor_ = 0;
  }
  earliest_ = kNever;
  sweep(kWordsPerStep);
}

// One step of a walk over all rows that are due.
void LazyWrites::sweep(uint32_t words) {
  while (link_.lazy_room() > 0) {
    const uint32_t slot = slots_.due().next(cursor_, words);
    if (slot == SlotSet::kNone) break;
    hand_over(slot);
    ++cursor_;
  }
  const Millis now = clock_.monotonic();
  if (cursor_ < slots_.capacity()) {
    timers_.start(timer_, now + kNextStep);
    return;
  }
  sweeping_ = false;
  // Rows behind the cursor, and those that were held.
  if (waiting() > 0) start_by(now + kLookAgain);
}

// False when the row has to wait: another write of it is on its way, or an update holds its
// binding.
bool LazyWrites::hand_over(uint32_t slot) {
  if (slots_.in_flight(slot)) return false;
  const Binding* binding = slots_.at(slot);
  StoreRequest request;
  request.slot = slot;
  if (binding != nullptr) {
    if (binding->in_update()) return false;
    request.kind = RequestKind::Refresh;
    request.expires_at = binding->expires_at();
    request.interval = binding->interval();
    request.cseq = binding->cseq();
  }
  slots_.due().erase(slot);
  slots_.set_in_flight(slot, true);
  link_.push(request);
  return true;
}

void LazyWrites::on_reply(uint32_t slot, StoreStatus status) {
  slots_.set_in_flight(slot, false);
  if (status != StoreStatus::Durable) {
    mark(slot, clock_.monotonic() + kRetryAfter);
    return;
  }
  if (slots_.at(slot) == nullptr && !slots_.due().has(slot)) slots_.set_row(slot, false);
}

bool LazyWrites::flush() {
  uint32_t from = 0;
  uint32_t words = UINT32_MAX;
  bool any = false;
  while (link_.lazy_room() > 0) {
    const uint32_t slot = slots_.due().next(from, words);
    if (slot == SlotSet::kNone) break;
    if (hand_over(slot)) any = true;
    ++from;
  }
  return any;
}

void LazyWrites::on_clock_check(Millis now) {
  timers_.start(clock_timer_, now + kClockCheck);
  const Millis offset = clock_.wall_offset();
  if (std::chrono::abs(offset - wall_offset_) < kClockStep) return;
  wall_offset_ = offset;
  for (uint32_t slot = 0; slot < slots_.capacity(); ++slot) {
    if (slots_.at(slot) != nullptr) slots_.due().insert(slot);
  }
  start_by(now);
}

}  // namespace tipring::store
