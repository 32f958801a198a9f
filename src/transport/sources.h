// How many connections each source address has, so that no single one takes all places. A source of
// IPv6 is a network of 64 bits, which every subscriber has to himself.
#pragma once

#include "core/hash_table.h"
#include "core/pool.h"
#include "transport/address_hash.h"

namespace tipring::transport {

struct Source {
  explicit Source(const port::IpAddress& of) : prefix(of) {}

  HashNode by_prefix;
  port::IpAddress prefix;
  uint32_t connections = 0;
};

class Sources {
 public:
  static void plan(uint32_t connections_max, MemoryPlan& plan);

  Sources(const HashKey& key, Arena& arena, uint32_t connections_max);

  // Counts one more connection of `ip`. Null when it has `limit` of them.
  // REQUIRES: no more than `connections_max` are counted.
  Source* join(const port::IpAddress& ip, uint32_t limit);
  void leave(Source& source);

  const PoolStats& stats() const { return pool_.stats(); }

 private:
  HashKey key_;
  Pool<Source> pool_;
  HashTable<Source, &Source::by_prefix> by_prefix_;
};

}  // namespace tipring::transport
