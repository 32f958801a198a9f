#include "port/sim/sim_nat.h"

namespace tipring::port {

void SimNat::reboot() {
  ports_.clear();
  inner_.clear();
  peers_.clear();
}

SocketAddress SimNat::outward(const SocketAddress& inside, const SocketAddress& remote,
                              bool datagram) {
  const Inner inner{datagram, inside};
  const auto [mapping, is_new] = ports_.try_emplace(inner, next_port_);
  if (is_new) inner_[{datagram, next_port_++}] = inside;
  peers_.insert({inner, remote});
  return {outside_, mapping->second};
}

std::optional<SocketAddress> SimNat::inward(const SocketAddress& outer, const SocketAddress& remote,
                                            bool datagram) const {
  const auto found = inner_.find({datagram, outer.port});
  if (found == inner_.end()) return std::nullopt;
  if (!peers_.contains({{datagram, found->second}, remote})) return std::nullopt;
  return found->second;
}

}  // namespace tipring::port
