// Who sent the last datagram to an address, for a moment: an ICMP error names the address alone,
// and RFC 3261 18.4 wants the sender told. A table of fixed size in which the newest wins.
#pragma once

#include <array>
#include <cstring>
#include <optional>

#include "port/address.h"
#include "transport/transport.h"

namespace tipring::transport {

class LastSenders {
 public:
  static constexpr size_t kEntries = 256;  // a power of two
  // The longest that an answer by ICMP takes: three ARP requests, one second apart.
  static constexpr Millis kLifetime{5000};

  struct Sender {
    SendObserver* observer;
    uint64_t tag;
  };

  void note(const port::SocketAddress& remote, SendObserver& observer, uint64_t tag, Millis now) {
    entry(remote) = {remote, &observer, tag, now + kLifetime};
  }

  // Tells once for each message.
  std::optional<Sender> take(const port::SocketAddress& remote, Millis now) {
    Entry& found = entry(remote);
    if (found.observer == nullptr || found.remote != remote || now >= found.good_until) return {};
    const Sender sender{found.observer, found.tag};
    found = {};
    return sender;
  }

 private:
  struct Entry {
    port::SocketAddress remote;
    SendObserver* observer = nullptr;
    uint64_t tag = 0;
    Millis good_until{0};
  };

  // Whoever chooses addresses that meet here only takes from others what an ICMP error would tell.
  Entry& entry(const port::SocketAddress& remote) {
    uint64_t words[2];
    static_assert(sizeof words == sizeof remote.ip.bytes);
    std::memcpy(words, remote.ip.bytes.data(), sizeof words);
    const uint64_t mixed = (words[0] ^ words[1] ^ remote.port) * 0x9e3779b97f4a7c15;
    return entries_[mixed >> 32 & (kEntries - 1)];
  }

  std::array<Entry, kEntries> entries_;
};

}  // namespace tipring::transport
