// Stateless nonces: the server knows one of its own by a MAC, and its age by what stands in it.
// Only the nonce counts of those in use are remembered, in a table of fixed size. RFC 7616 3.3
// and 5.4, RFC 3261 22.
//
// The MAC covers the source that the nonce was given to. Who answers a challenge has therefore
// received it at the address that he sends from, and nobody can have failures counted against an
// address that is not his. A phone that comes with a new address is told that its nonce is stale,
// and asks nobody for a password.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/arena.h"
#include "core/hash.h"
#include "core/memory_plan.h"
#include "port/address.h"
#include "port/time.h"

namespace tipring::auth {

enum class NonceVerdict : uint8_t {
  Valid,
  Stale,   // ours, but too old, counted before, or forgotten: challenge again with stale=true
  Forged,  // not ours, or given to another source
};

class NonceTable {
 public:
  // Wall time in milliseconds (six bytes), sequence (three), node (one) and MAC (eight) in base64
  // (RFC 4648 5): short, so that two challenges fit where a request was small.
  static constexpr size_t kNonceSize = 24;
  static constexpr uint32_t kWindow = 64;  // counts of one nonce that may arrive out of order
  static constexpr uint32_t kWays = 4;     // nonces per set; a fifth drives the oldest out

  static void plan(MemoryPlan& plan, uint32_t nonces);

  // `key` from a file makes several servers accept each other's nonces. `nonces` in use are
  // remembered, rounded up.
  NonceTable(Arena& arena, const HashKey& key, uint8_t node, uint32_t nonces);

  // A new nonce for who asks from `address`; `out` holds kNonceSize. `wall` may step: a nonce from
  // the future is stale.
  std::string_view write(const port::IpAddress& address, Millis wall, std::span<char> out);

  // Whether it is ours and young. Changes nothing.
  NonceVerdict judge(std::string_view nonce, const port::IpAddress& address, Millis wall,
                     Millis lifetime) const;

  // Counts one use, after the digest was found right. `nc` 0: the credentials came without a count.
  // Stale for a count that was used before or is too far behind, and for a nonce that was driven
  // out of the table. REQUIRES: judge() said Valid.
  NonceVerdict use(std::string_view nonce, uint32_t nc);

 private:
  struct Entry {
    uint64_t id = 0;  // hash of the nonce; 0: free
    uint64_t order = 0;
    uint32_t highest = 0;
    uint64_t seen = 0;  // bit i: the count highest - i was used
  };
  struct Set {
    std::array<Entry, kWays> ways;
    uint64_t forgotten = 0;  // order of the youngest nonce that was driven out
  };

  struct Parts {
    int64_t issued_ms;
    uint32_t sequence;
    uint8_t node;
    uint64_t mac;
  };
  static bool read(std::string_view nonce, Parts& parts);
  static uint64_t order_of(const Parts& parts);
  uint64_t mac(const Parts& parts, const port::IpAddress& address) const;
  uint64_t id_of(std::string_view nonce) const;
  static NonceVerdict count(Entry& entry, uint32_t nc);

  std::span<Set> sets_;
  HashKey key_;
  uint32_t sequence_ = 0;
  uint8_t node_;
};

}  // namespace tipring::auth
