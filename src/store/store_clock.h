// Unix times for the file. The wall clock of a board without a battery may be unset at start, which
// shows by the file having been written later than "now". Time then counts from that last write.
#pragma once

#include <algorithm>

#include "port/time.h"

namespace tipring::store {

class StoreClock {
 public:
  explicit StoreClock(const port::Clock& clock) : clock_(clock) {}

  // Once, at start. Returns whether the wall clock was behind `last_written`.
  bool set_last_written(Millis last_written) {
    const Millis offset = last_written - clock_.monotonic();
    const bool unset = clock_offset() < offset;
    if (unset) least_offset_ = offset;
    return unset;
  }

  Millis monotonic() const { return clock_.monotonic(); }
  Micros monotonic_fine() const { return clock_.monotonic_fine(); }

  // What makes a time of the monotonic clock a Unix time. It changes when the wall clock is set.
  Millis wall_offset() const { return std::max(clock_offset(), least_offset_); }

 private:
  Millis clock_offset() const { return clock_.wall() - clock_.monotonic(); }

  const port::Clock& clock_;
  Millis least_offset_ = Millis::min();
};

}  // namespace tipring::store
