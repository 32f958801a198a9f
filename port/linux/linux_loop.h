// The event loop of one thread on libevent. A turn is one wait for events and the calls of all
// handlers they have, then the turn handler. Timers, wakeups and signals are handled among the
// other events.
#pragma once

#include <memory>

#include "port/linux/library_memory.h"
#include "port/linux/linux_clock.h"
#include "port/loop.h"

struct event_base;

namespace tipring::port {

class LoopEvent;
class LoopMirror;
class TimerQueue;

struct LinuxLoopOptions {
  size_t descriptors_max = 1024;  // sockets at one time, all kinds
  size_t name_queries = 64;       // of the LinuxNames on this loop; 0 without one
  size_t media_sockets = 0;       // UDP sockets that are opened while it runs, besides some sixty
  bool mirrored = false;          // descriptor() and serve() are wanted
};

// Made, run and destroyed by one thread; everything made on it must go first. Several loops of one
// thread share one heap for libevent, of the size that the first one asked for.
class LinuxLoop final : public Loop {
 public:
  explicit LinuxLoop(const LinuxLoopOptions& options = {});
  ~LinuxLoop() override;

  LinuxLoop(const LinuxLoop&) = delete;
  LinuxLoop& operator=(const LinuxLoop&) = delete;

  // What the constructor maps: for the memory plan.
  static size_t memory_bytes(const LinuxLoopOptions& options);

  // False when the constructor could not get what it needs (memory, descriptors). Use nothing then.
  bool ok() const;

  Millis now() const override;
  Micros turn_began() const override;
  std::unique_ptr<LoopTimer> make_timer(TimerHandler& handler) override;
  std::unique_ptr<Wakeup> make_wakeup(WakeupHandler& handler) override;
  // One loop of the process can watch signals.
  bool watch_signals(SignalHandler& handler) override;
  void set_turn_handler(TurnHandler* handler) override { turn_handler_ = handler; }
  void run() override;
  void stop() override { stopping_ = true; }

  // Instead of run(), for a program that waits in a loop of its own: a descriptor that can be read
  // from when there is something to do, and one turn that does it and does not wait.
  // REQUIRES: LinuxLoopOptions::mirrored.
  int descriptor() const;
  void serve();

  const BoundedHeap& library_heap() const { return memory_.heap(); }

  // For port/linux only.
  event_base* base() const { return base_; }
  void begin_turn();      // by each event: the first of a turn reads the clock
  void timers_changed();  // the earliest deadline may be another one
  LoopMirror* mirror() const { return mirror_.get(); }  // null: nobody wants one
  void note_timeout(const LoopEvent& event, Millis delay);

 private:
  class Timer;
  class LinuxWakeup;
  class Signals;

  void on_timeout();
  void mirror_deadline();
  void turn();

  LibraryMemory memory_;
  LinuxClock clock_;
  std::unique_ptr<LoopMirror> mirror_;
  event_base* base_ = nullptr;
  int keep_fd_ = -1;
  std::unique_ptr<LoopEvent> keep_;     // never fires: libevent will not wait for nothing at all
  std::unique_ptr<LoopEvent> timeout_;  // the one timer of libevent, at the earliest deadline
  std::unique_ptr<TimerQueue> timers_;
  std::unique_ptr<Signals> signals_;
  TurnHandler* turn_handler_ = nullptr;
  Millis now_{0};
  Micros began_{0};
  Millis timeout_deadline_ = kNever;  // for which timeout_ is added
  Millis pause_until_ = kNever;       // of a listener: the last of those that libevent times itself
  bool in_turn_ = false;
  bool stopping_ = false;
};

}  // namespace tipring::port
