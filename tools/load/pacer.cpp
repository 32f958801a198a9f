#include "tools/load/pacer.h"

#include <sys/prctl.h>

#include <algorithm>

namespace tipring::load {

namespace {

// What is due within this time of one another is started together.
constexpr std::chrono::nanoseconds kIntervalMin{50'000};
constexpr std::chrono::nanoseconds kIntervalMax{100'000'000};

}  // namespace

Pacer::Pacer(port::Wakeup& wakeup, Clock::time_point begin, double rate)
    : wakeup_(wakeup),
      begin_(begin),
      interval_(std::clamp(std::chrono::nanoseconds(static_cast<int64_t>(1e9 / rate)), kIntervalMin,
                           kIntervalMax)),
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
