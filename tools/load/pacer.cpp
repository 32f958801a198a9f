#include "tools/load/pacer.h"

#include <sys/prctl.h>

#include <algorithm>

namespace tipring::load {

namespace {

// What is due within this time of one another is started together.
constexpr std::chrono::nanoseconds kIntervalMin{50'000};
constexpr std::chrono::nanoseconds kIntervalMax{100'000'000};

std::chrono::nanoseconds interval_of(double rate, uint32_t tick_ms) {
  if (tick_ms != 0) return std::chrono::milliseconds(tick_ms);
  const auto interval = std::chrono::nanoseconds(static_cast<int64_t>(1e9 / rate));
  return std::clamp(interval, kIntervalMin, kIntervalMax);
}

}  // namespace

Pacer::Pacer(port::Wakeup& wakeup, Clock::time_point begin, double rate, uint32_t tick_ms)
    : wakeup_(wakeup),
      begin_(begin),
      interval_(interval_of(rate, tick_ms)),
      thread_([this] { run(); }) {}

Pacer::~Pacer() {
  stopping_ = true;
  thread_.join();
}

void Pacer::run() {
  prctl(PR_SET_TIMERSLACK, 1UL);  // nanoseconds; 50 microseconds otherwise
  Clock::time_point next = begin_;
  while (!stopping_) {
    std::this_thread::sleep_until(next);
    wakeup_.notify();
    do {
      next += interval_;
    } while (next < Clock::now());  // late ones are one
  }
}

}  // namespace tipring::load
