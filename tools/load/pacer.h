// Wakes the loop when the next operation of an open loop is due. The loop's own timers are exact to
// some milliseconds only, which would make bursts of what should come one by one; so a thread
// sleeps until each instant.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>

#include "port/loop.h"

namespace tipring::load {

class Pacer {
 public:
  using Clock = std::chrono::steady_clock;

  // `wakeup` outlives it.
  Pacer(port::Wakeup& wakeup, Clock::time_point begin, double rate, uint32_t tick_ms);
  ~Pacer();  // within one interval, or a tenth of a second

  // Nothing more will be due.
  void stop() { stopping_ = true; }

  Pacer(const Pacer&) = delete;
  Pacer& operator=(const Pacer&) = delete;

 private:
  void run();

  port::Wakeup& wakeup_;
  const Clock::time_point begin_;
  const std::chrono::nanoseconds interval_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace tipring::load
