#include "port/sim/sim_clock.h"

#include "port/sim/sim_host.h"

namespace tipring::port {

Millis SimClock::monotonic() const { return host_.local_now(); }

void SimEntropy::fill(std::span<std::byte> out) {
  for (std::byte& byte : out) byte = static_cast<std::byte>(random_.u64() >> 56);
}

}  // namespace tipring::port
