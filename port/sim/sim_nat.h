// A router with address translation between hosts with private addresses and all others: RFC 4787
// and RFC 5382. It gives each inner address and port one outer port for all peers, and lets in only
// what comes from an address and port that was sent to before. Its mappings last until reboot().
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "port/sim/sim_world.h"

namespace tipring::port {

// Made by SimWorld::make_nat().
class SimNat {
 public:
  explicit SimNat(const IpAddress& outside) : outside_(outside) {}

  const IpAddress& outside() const { return outside_; }
  // All mappings are lost; what goes out next gets other ports.
  void reboot();

  // For port/sim only. The outer address of what leaves from `inside` for `remote`.
  SocketAddress outward(const SocketAddress& inside, const SocketAddress& remote, bool datagram);
  // Who gets what comes from `remote` for `outer`; nothing when it is kept out.
  std::optional<SocketAddress> inward(const SocketAddress& outer, const SocketAddress& remote,
                                      bool datagram) const;

 private:
  using Inner = std::pair<bool, SocketAddress>;  // datagram or stream

  IpAddress outside_;
  uint16_t next_port_ = 20000;
  std::map<Inner, uint16_t> ports_;
  std::map<std::pair<bool, uint16_t>, SocketAddress> inner_;
  std::set<std::pair<Inner, SocketAddress>> peers_;
};

}  // namespace tipring::port
