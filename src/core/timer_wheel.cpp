#include "core/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace tipring {

void TimerWheel::start(Timer& timer, Millis deadline) {
  timer.node_.unlink();
  timer.deadline_ = deadline.count();
  place(timer);
}

// A timer stands on the level of the highest digit (base 256) in which its deadline differs from
// the present: its slot there is always ahead, and is sorted into the level below when the present
// reaches it.
void TimerWheel::place(Timer& timer) {
  constexpr int64_t kReach = (int64_t{1} << (kBits * kLevels)) - 1;
  const int64_t tick = std::clamp(timer.deadline_, current_ + 1, current_ | kReach);
  const auto difference = static_cast<uint64_t>(tick ^ current_);
  const int level = (static_cast<int>(std::bit_width(difference)) - 1) / kBits;
  const int slot = slot_of(tick, level);
  Level& target = levels_[static_cast<size_t>(level)];
  target.slots[static_cast<size_t>(slot)].push_back(timer);
  target.occupied[static_cast<size_t>(slot / 64)] |= uint64_t{1} << (slot % 64);
}

int TimerWheel::next_slot(Level& level, int after) {
  for (int slot = after + 1; slot < kSlots;) {
    uint64_t& word = level.occupied[static_cast<size_t>(slot / 64)];
    const uint64_t ahead = word & (~uint64_t{0} << (slot % 64));
    if (ahead == 0) {
      slot = (slot / 64 + 1) * 64;
      continue;
    }
    slot = slot / 64 * 64 + std::countr_zero(ahead);
    if (!level.slots[static_cast<size_t>(slot)].empty()) return slot;
    word &= ~(uint64_t{1} << (slot % 64));
    ++slot;
  }
  return -1;
}

int64_t TimerWheel::next_tick() {
  for (int level = 0; level < kLevels; ++level) {
    const int slot = next_slot(levels_[static_cast<size_t>(level)], slot_of(current_, level));
    if (slot < 0) continue;
    const int shift = kBits * level;
    const int64_t higher = current_ >> (shift + kBits) << (shift + kBits);
    return higher | static_cast<int64_t>(slot) << shift;
  }
  return -1;
}

void TimerWheel::cascade(int level) {
  Level& source = levels_[static_cast<size_t>(level)];
  Slot& slot = source.slots[static_cast<size_t>(slot_of(current_, level))];
  // A timer that is due at this very tick goes to the present slot of the lowest level, which fires
  // next.
  while (Timer* timer = slot.pop_front()) {
    if (timer->deadline_ <= current_) {
      levels_[0].slots[static_cast<size_t>(slot_of(current_, 0))].push_back(*timer);
    } else {
      place(*timer);
    }
  }
}

void TimerWheel::fire_slot() {
  Slot& slot = levels_[0].slots[static_cast<size_t>(slot_of(current_, 0))];
  while (Timer* timer = slot.pop_front()) timer->fire_(*timer, Millis(current_));
}

void TimerWheel::advance(Millis now) {
  while (true) {
    const int64_t tick = next_tick();
    if (tick < 0 || tick > now.count()) break;
    current_ = tick;
    // Slots of higher levels begin where all lower digits are zero.
    for (int level = kLevels - 1; level > 0; --level) {
      const int64_t lower = (int64_t{1} << (kBits * level)) - 1;
      if ((current_ & lower) == 0) cascade(level);
    }
    fire_slot();
  }
  current_ = std::max(current_, now.count());
}

Millis TimerWheel::next_deadline() {
  const int64_t tick = next_tick();
  return tick < 0 ? kNever : Millis(tick);
}

void TimerDriver::on_timer(Millis now) {
  // The loop's timer is spent, even when it was a little early: the turn's end must arm it again.
  armed_ = kNever;
  wheel_.advance(now);
}

void TimerDriver::on_turn_end(Millis now) {
  wheel_.advance(now);
  const Millis next = wheel_.next_deadline();
  if (next == armed_) return;
  armed_ = next;
  if (next == kNever) {
    loop_timer_->cancel();
  } else {
    loop_timer_->arm(next);
  }
}

}  // namespace tipring
