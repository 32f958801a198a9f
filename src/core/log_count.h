// Keeps a flood of one kind of event from flooding the log, where lines would say the same but for
// their number: a line when it begins, then one for every ten seconds that it lasts, with the
// number of events since the line before. Where each line tells of another peer: log_bursts.h.
#pragma once

#include <cstdint>
#include <utility>

#include "port/time.h"

namespace tipring {

class LogCount {
 public:
  static constexpr Millis kLineEvery{10'000};

  // How many events a line now has to tell of; 0 when none is due.
  uint64_t note(Millis now, uint64_t events = 1) {
    events_ += events;
    if (now < next_line_) return 0;
    next_line_ = now + kLineEvery;
    return std::exchange(events_, 0);
  }

 private:
  uint64_t events_ = 0;
  Millis next_line_{0};
};

}  // namespace tipring
