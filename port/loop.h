// One thread's event loop, and the three things that can wake it besides sockets: its timers, other
// threads, and signals. All objects are made at start; none of their calls below touches the heap.
#pragma once

#include <memory>

#include "port/time.h"

namespace tipring::port {

class TimerHandler {
 public:
  virtual void on_timer(Millis now) = 0;

 protected:
  ~TimerHandler() = default;
};

// A one-shot timer of the loop. The timer wheel in core drives thousands of timers with one of
// these.
class LoopTimer {
 public:
  virtual ~LoopTimer() = default;
  // Arming again replaces the deadline; a past one fires in the next turn.
  virtual void arm(Millis deadline) = 0;
  virtual void cancel() = 0;
};

class WakeupHandler {
 public:
  virtual void on_wakeup() = 0;

 protected:
  ~WakeupHandler() = default;
};

// Lets another thread wake the loop. Wakeups that come together are delivered as one.
class Wakeup {
 public:
  virtual ~Wakeup() = default;
  virtual void notify() = 0;  // from any thread
};

enum class Signal : uint8_t { Terminate, Reload };  // SIGTERM and SIGINT; SIGHUP

class SignalHandler {
 public:
  virtual void on_signal(Signal signal) = 0;

 protected:
  ~SignalHandler() = default;
};

// Told once per turn, after all events of the turn were handled: where batches are sent and
// finished state machines are released.
class TurnHandler {
 public:
  virtual void on_turn_end(Millis now) = 0;

 protected:
  ~TurnHandler() = default;
};

class Loop {
 public:
  virtual ~Loop() = default;

  // The monotonic clock as read at the start of this turn.
  virtual Millis now() const = 0;
  // The same, as fine as the system has it.
  virtual Micros turn_began() const { return now(); }

  virtual std::unique_ptr<LoopTimer> make_timer(TimerHandler& handler) = 0;
  // Null when the system gives no descriptor for it.
  virtual std::unique_ptr<Wakeup> make_wakeup(WakeupHandler& handler) = 0;
  // False when the system gives no descriptor for it.
  virtual bool watch_signals(SignalHandler& handler) = 0;
  virtual void set_turn_handler(TurnHandler* handler) = 0;

  virtual void run() = 0;   // until stop()
  virtual void stop() = 0;  // from the loop's own thread; run() returns after this turn
};

}  // namespace tipring::port
