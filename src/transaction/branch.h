// The branch parameter that we write, and the handle in it: RFC 3261 8.1.1.7, and RFC 5393 4.2.1
// for its second part.
//
//   z9hG4bK <node> <index> <generation> <MAC> . <loop hash>
//
// all in hexadecimal: 2, 8, 8, 16 and 16 digits.
//
// The MAC covers node, handle and loop hash, so that nobody can guess a branch that he has not seen.
// Who keeps the transaction compares all parts.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/hash.h"
#include "sip/via.h"
#include "transaction/transaction_user.h"

namespace tipring::transaction {

using sip::kMagicCookie;

// 17.2.3: whether a branch is unique by itself. Compared without case, as some peers change it.
bool has_magic_cookie(std::string_view branch);

class BranchCodec {
 public:
  static constexpr size_t kSize = 7 + 2 + 8 + 8 + 16 + 1 + 16;

  struct Parts {
    ClientHandle client;
    uint64_t mac = 0;
    uint64_t loop_hash = 0;
  };

  BranchCodec(const HashKey& key, uint8_t node);

  // With their MAC.
  Parts parts_of(ClientHandle client, uint64_t loop_hash) const;

  // `out` holds kSize. Returns the part written.
  std::string_view write(const Parts& parts, std::span<char> out) const;

  // The same shape with a handle that is never live; `unique` takes the place of the MAC.
  std::string_view write_stateless(uint64_t unique, uint64_t loop_hash, std::span<char> out) const;

  // Those of a branch of this node's shape, whoever has written it.
  std::optional<Parts> read(std::string_view branch) const;

 private:
  uint64_t mac(ClientHandle client, uint64_t loop_hash) const;

  HashKey key_;
  uint8_t node_;
  std::array<char, 2> node_text_;
};

}  // namespace tipring::transaction
