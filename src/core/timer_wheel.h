// All timers of the loop in a hierarchical wheel (Varghese and Lauck, 1987): start and cancel are
// O(1), a timer that is cancelled before it fires costs nothing else, and one timer of the loop
// drives them all.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "core/list.h"
#include "port/loop.h"
#include "port/time.h"

namespace tipring {

class TimerWheel;

// A timer is a member of what it wakes; its destructor cancels it. Make one of the derived class
// below.
class Timer {
 public:
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  bool armed() const { return node_.linked(); }
  Millis deadline() const { return Millis(deadline_); }  // the last one given
  void cancel() { node_.unlink(); }

 protected:
  using Fire = void (*)(Timer& timer, Millis now);
  explicit Timer(Fire fire) : fire_(fire) {}
  ~Timer() = default;

 private:
  friend class TimerWheel;

  ListNode node_;
  int64_t deadline_ = 0;
  Fire fire_;
};

// Calls `(owner.*OnFire)(now)`. The owner may destroy itself, and with it the timer, in that call.
template <class Owner, void (Owner::*OnFire)(Millis now)>
class MemberTimer : public Timer {
 public:
  explicit MemberTimer(Owner& owner) : Timer(&MemberTimer::fire), owner_(&owner) {}

 private:
  static void fire(Timer& timer, Millis now) {
    (static_cast<MemberTimer&>(timer).owner_->*OnFire)(now);
  }

  Owner* owner_;
};

// Ticks are milliseconds of the monotonic clock. Five levels of 256 slots reach 34 years.
class TimerWheel {
 public:
  explicit TimerWheel(Millis now) : current_(now.count()) {}
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  // Replaces an earlier deadline. One that is not in the future fires with the next millisecond.
  void start(Timer& timer, Millis deadline);

  // Fires all timers with deadlines up to `now`, in order of their deadlines. Callbacks may start
  // and cancel any timer. A timer never fires early. A callback's `now` is the instant that its
  // timer was due at, so that after a long pause periodic timers catch up step by step.
  void advance(Millis now);

  // No timer fires before this instant; kNever when none is armed. It may be earlier than the next
  // deadline: the wheel then only sorts, at most four times for any timer.
  Millis next_deadline();

  Millis now() const { return Millis(current_); }

 private:
  static constexpr int kLevels = 5;
  static constexpr int kBits = 8;
  static constexpr int kSlots = 1 << kBits;
  using Slot = List<Timer, &Timer::node_>;

  struct Level {
    std::array<Slot, kSlots> slots;
    // A bit may stay set after the last timer of its slot was cancelled.
    std::array<uint64_t, kSlots / 64> occupied{};
  };

  static int slot_of(int64_t tick, int level) {
    return static_cast<int>((tick >> (kBits * level)) & (kSlots - 1));
  }
  void place(Timer& timer);
  // The first slot after `after` with a timer in it, -1 for none. Clears stale bits on its way.
  static int next_slot(Level& level, int after);
  // The next tick at which a slot must be emptied; -1 for none.
  int64_t next_tick();
  void cascade(int level);
  void fire_slot();

  std::array<Level, kLevels> levels_;
  int64_t current_;
};

// Runs the wheel from a loop: arms the loop's one timer when the next deadline changes.
class TimerDriver final : private port::TimerHandler {
 public:
  TimerDriver(port::Loop& loop, TimerWheel& wheel)
      : wheel_(wheel), loop_timer_(loop.make_timer(*this)) {}

  // At the end of each turn of the loop, before finished machines are released and batches are
  // sent: fires what is due and arms the loop's timer for the rest.
  void on_turn_end(Millis now);

 private:
  void on_timer(Millis now) override;

  TimerWheel& wheel_;
  std::unique_ptr<port::LoopTimer> loop_timer_;
  Millis armed_ = kNever;
};

}  // namespace tipring
