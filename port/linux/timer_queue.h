// The timers of a LinuxLoop, in the order of their deadlines; equal deadlines in the order of
// arming.
#pragma once

#include "port/loop.h"

namespace tipring::port {

// A link of one of the queue's two lists, or of none when both pointers are to itself.
struct TimerLink {
  TimerLink* next = this;
  TimerLink* before = this;

  TimerLink() = default;
  TimerLink(const TimerLink&) = delete;
  TimerLink& operator=(const TimerLink&) = delete;

  void unlink();
  void insert_before(TimerLink& position);
  bool linked() const { return next != this; }
};

struct TimerNode : TimerLink {
  explicit TimerNode(TimerHandler& owner) : handler(owner) {}
  TimerHandler& handler;
  Millis deadline = kNever;
};

// A loop has a handful of timers (the wheel of core drives the thousands), so keeping a sorted list
// is cheaper than a heap, and gives an order that a heap does not.
class TimerQueue {
 public:
  void arm(TimerNode& node, Millis deadline);  // kNever cancels
  void cancel(TimerNode& node) { node.unlink(); }
  Millis earliest() const;  // kNever when none is armed

  // Calls the handlers of all timers due at `now`. One that a handler arms again, however early,
  // waits for the next call; one that a handler cancels or destroys is not called.
  void fire(Millis now);

 private:
  TimerLink armed_;
  TimerLink due_;
};

}  // namespace tipring::port
