// The clocks of the kernel: CLOCK_MONOTONIC and CLOCK_REALTIME.
#pragma once

#include "port/time.h"

namespace tipring::port {

class LinuxClock final : public Clock {
 public:
  Millis monotonic() const override;
  Micros monotonic_fine() const override;
  Millis wall() const override;
};

}  // namespace tipring::port
