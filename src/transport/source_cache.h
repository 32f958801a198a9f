// Which local address packets to a peer leave from, remembered for a while so that no message costs
// a system call.
#pragma once

#include <array>

#include "port/network.h"
#include "port/time.h"
#include "transport/address_hash.h"

namespace tipring::transport {

class SourceCache {
 public:
  static constexpr size_t kEntries = 256;  // a power of two
  static constexpr Millis kLifetime{10000};

  SourceCache(port::Network& network, const HashKey& key) : network_(network), key_(key) {}

  port::IpAddress source_for(const port::IpAddress& remote, Millis now) {
    Entry& entry = entries_[hash_ip(key_, remote) % kEntries];
    if (entry.remote != remote || now >= entry.good_until) {
      entry = {remote, network_.source_for(remote), now + kLifetime};
    }
    return entry.source;
  }

 private:
  struct Entry {
    port::IpAddress remote;
    port::IpAddress source;
    Millis good_until{0};
  };

  port::Network& network_;
  HashKey key_;
  std::array<Entry, kEntries> entries_;
};

}  // namespace tipring::transport
