// Tells the service manager that the loop turns, where it wants to know. One that is stuck, by a
// fault of ours, is silent and is started anew.
#pragma once

#include <algorithm>
#include <memory>

#include "port/loop.h"
#include "port/service_manager.h"

namespace tipring::app {

class Watchdog final : private port::TimerHandler {
 public:
  // The loop outlives it.
  explicit Watchdog(port::Loop& loop) : loop_(loop), timer_(loop.make_timer(*this)) {}

  // Once the service manager knows that the server is ready: it watches from then on.
  void start() {
    limit_ = port::service_watchdog();
    if (limit_ > Millis(0)) on_timer(loop_.now());
  }

 private:
  // Twice in the time that is allowed, as sd_watchdog_enabled(3) advises.
  void on_timer(Millis now) override {
    port::tell_service_manager(port::ServiceState::Alive);
    timer_->arm(now + std::max(Millis(1), limit_ / 2));
  }

  port::Loop& loop_;
  Millis limit_{0};
  std::unique_ptr<port::LoopTimer> timer_;
};

}  // namespace tipring::app
