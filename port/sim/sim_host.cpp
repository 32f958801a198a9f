#include "port/sim/sim_host.h"

namespace tipring::port {

SimHost::SimHost(SimWorld& world, size_t number, std::string name, std::vector<IpAddress> addresses)
    : world_(world),
      number_(number),
      name_(std::move(name)),
      addresses_(std::move(addresses)),
      clock_(*this),
      entropy_(world.seed() ^ (0x5851f42d4c957f2dU * (number + 1))),
      loop_(*this),
      network_(*this),
      names_(*this),
      workers_(*this),
      files_(*this) {}

void SimHost::crash() {
  ++epoch_;
  up_ = false;
  network_.crash();
  names_.crash();
  files_.crash();
}

void SimHost::restart() { up_ = true; }

}  // namespace tipring::port
