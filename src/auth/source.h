// Who a host is when failures are counted: an IPv4 address, or the /64 of an IPv6 one, within which
// a host takes any address that it likes (RFC 4291 2.5.4, RFC 8981).
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "port/address.h"

namespace tipring::auth {

port::IpAddress source_of(const port::IpAddress& address);

// "192.0.2.1" or "2001:db8::/64"; `out` holds kSourceTextMax.
inline constexpr size_t kSourceTextMax = port::kAddressTextMax + 3;
std::string_view write_source(const port::IpAddress& source, std::span<char> out);

// An address, or what write_source() has written.
std::optional<port::IpAddress> parse_source(std::string_view text);

}  // namespace tipring::auth
