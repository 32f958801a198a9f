#include "port/linux/linux_clock.h"

#include <ctime>

namespace tipring::port {
namespace {

template <class Duration>
Duration read(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return std::chrono::duration_cast<Duration>(std::chrono::seconds(now.tv_sec) +
                                              std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace

Millis LinuxClock::monotonic() const { return read<Millis>(CLOCK_MONOTONIC); }

Micros LinuxClock::monotonic_fine() const { return read<Micros>(CLOCK_MONOTONIC); }

Millis LinuxClock::wall() const { return read<Millis>(CLOCK_REALTIME); }

}  // namespace tipring::port
