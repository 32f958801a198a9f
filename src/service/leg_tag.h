// The tag that names our side of a call leg: the handle of its group and a proof that we wrote it, so
// that a request or response within the dialog finds its leg without a search. The handle only finds;
// Call-ID and both tags decide (RFC 3261 12).
//
//   <index> <generation> <MAC>
//
// all in hexadecimal: 8, 8 and 16 digits.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "core/handle.h"
#include "core/hash.h"

namespace tipring::service {

struct LegGroup;

class LegTagCodec {
 public:
  static constexpr size_t kSize = 8 + 8 + 16;
  using Text = std::array<char, kSize>;

  explicit LegTagCodec(const HashKey& key) : key_(key) {}

  std::string_view write(Handle<LegGroup> group, Text& out) const;
  // Null for a tag that we have not written since the start.
  Handle<LegGroup> read(std::string_view tag) const;
  // Whether it is written as ours are: perhaps by us before a restart.
  static bool is_alike(std::string_view tag);

 private:
  uint64_t mac(Handle<LegGroup> group) const;

  HashKey key_;
};

}  // namespace tipring::service
