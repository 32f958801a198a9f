// Addresses and networks that a configuration names ("192.0.2.0/24"), and whether an address is one
// of theirs. A plain value of fixed size, so that a running server can take another.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "port/address.h"

namespace tipring {

struct AddressRange {
  port::IpAddress first;  // with zeros behind the prefix
  uint8_t bits = 0;

  bool contains(const port::IpAddress& ip) const;
  friend bool operator==(const AddressRange&, const AddressRange&) = default;
};

// `ip` with all but its first `bits` bits cleared.
port::IpAddress prefix_of(const port::IpAddress& ip, uint8_t bits);

// Reads an address, or a network with its number of bits. Bits behind the prefix are ignored.
std::optional<AddressRange> parse_range(std::string_view text);

class SourceRanges {
 public:
  static constexpr size_t kMax = 32;

  // False when there are as many as fit.
  bool add(const AddressRange& range);
  bool contains(const port::IpAddress& ip) const;

 private:
  std::array<AddressRange, kMax> ranges_{};
  size_t count_ = 0;
};

}  // namespace tipring
