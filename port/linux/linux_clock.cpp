#include "port/linux/linux_clock.h"

#include <ctime>

namespace tipring::port {
namespace {

Millis read(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return std::chrono::duration_cast<Millis>(std::chrono::seconds(now.tv_sec) +
                                            std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace

Millis LinuxClock::monotonic() const { return read(CLOCK_MONOTONIC); }

Millis LinuxClock::wall() const { return read(CLOCK_REALTIME); }

}  // namespace tipring::port
