// The loop of a simulated host, driven by SimWorld.
#pragma once

#include <functional>

#include "port/loop.h"
#include "port/sim/sim_world.h"

namespace tipring::port {

class SimLoop final : public Loop {
 public:
  explicit SimLoop(SimHost& host) : host_(host) {}

  Millis now() const override;
  std::unique_ptr<LoopTimer> make_timer(TimerHandler& handler) override;
  std::unique_ptr<Wakeup> make_wakeup(WakeupHandler& handler) override;
  bool watch_signals(SignalHandler& handler) override {
    signal_handler_ = &handler;
    return true;
  }
  void set_turn_handler(TurnHandler* handler) override { turn_handler_ = handler; }
  // Runs the whole world until this loop is stopped or nothing is left to happen.
  void run() override;
  void stop() override { stopping_ = true; }

  // As if the signal had been sent to the process.
  void raise(Signal signal);
  uint64_t turns() const { return turns_; }

  // For port/sim only. `action` runs in a turn of this loop, not before `when`.
  SimEventId schedule(Millis when, std::function<void()> action);
  void end_turn();

 private:
  class Timer;
  class SimWakeup;

  SimHost& host_;
  SignalHandler* signal_handler_ = nullptr;
  TurnHandler* turn_handler_ = nullptr;
  uint64_t turns_ = 0;
  bool stopping_ = false;
};

}  // namespace tipring::port
