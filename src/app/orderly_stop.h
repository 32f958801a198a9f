// An orderly end: when it began, and what it cut off. Its owner declares it before all that has to
// end first (the store writes what waits, sockets close), so that its destructor writes the log's
// last line.
#pragma once

#include <cstdint>
#include <optional>

#include "core/log.h"
#include "port/time.h"

namespace tipring::app {

class OrderlyStop {
 public:
  // Both outlive it.
  OrderlyStop(const port::Clock& clock, Log& log) : clock_(clock), log_(log) {}
  // Without begin() there is no line.
  ~OrderlyStop() {
    if (!began_) return;
    log_.info("stopped", kv("after_ms", clock_.monotonic() - *began_), kv("cut_off", cut_off_));
  }
  OrderlyStop(const OrderlyStop&) = delete;
  OrderlyStop& operator=(const OrderlyStop&) = delete;

  // REQUIRES: not begun.
  void begin() { began_ = clock_.monotonic(); }
  bool begun() const { return began_.has_value(); }
  Millis elapsed() const { return clock_.monotonic() - *began_; }

  // Requests that get no answer of whom they were for.
  void cut_off(uint32_t requests) { cut_off_ = requests; }

 private:
  const port::Clock& clock_;
  Log& log_;
  std::optional<Millis> began_;
  uint32_t cut_off_ = 0;
};

}  // namespace tipring::app
