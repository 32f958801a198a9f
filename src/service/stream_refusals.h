// Destinations that were tried over TCP only because a request was too large for a datagram, and do
// not speak it: RFC 3261 18.1.1, SPEC C5. A table of fixed size in which the newest wins; who falls
// out is tried once more.
#pragma once

#include <span>
#include <string_view>

#include "core/arena.h"
#include "core/memory_plan.h"
#include "port/address.h"
#include "port/time.h"
#include "transport/address_hash.h"

namespace tipring::service {

class StreamRefusals {
 public:
  static constexpr size_t kEntries = 64;  // a power of two
  static constexpr Millis kLifetime{10 * 60 * 1000};

  static void plan(MemoryPlan& plan, std::string_view name = "stream_refusals") {
    plan.add(name, kEntries, sizeof(Entry));
  }

  StreamRefusals(Arena& arena, const HashKey& key)
      : entries_(arena.take<Entry>(kEntries)), key_(key) {}

  void note(const port::SocketAddress& remote, Millis now) {
    entry(remote) = {remote, now + kLifetime};
  }
  bool has(const port::SocketAddress& remote, Millis now) const {
    const Entry& found = entry(remote);
    return found.remote == remote && now < found.good_until;
  }

 private:
  struct Entry {
    port::SocketAddress remote;
    Millis good_until{0};
  };

  Entry& entry(const port::SocketAddress& remote) const {
    return entries_[transport::hash_address(key_, remote) % kEntries];
  }

  std::span<Entry> entries_;
  HashKey key_;
};

}  // namespace tipring::service
