// IPv4 and IPv6 socket addresses as plain values, the same bytes on every port.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace tipring::port {

enum class Family : uint8_t { None, V4, V6 };

// An IP address. IPv4 uses the first four bytes, the others are zero. An IPv4-mapped IPv6 address
// (::ffff:a.b.c.d) is always kept as IPv4, so that equal hosts compare equal.
struct IpAddress {
  std::array<uint8_t, 16> bytes{};
  uint32_t scope = 0;  // interface index of a link-local IPv6 address, else 0
  Family family = Family::None;

  friend bool operator==(const IpAddress&, const IpAddress&) = default;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

  bool is_unspecified() const;  // 0.0.0.0 or ::
  bool is_loopback() const;     // 127.0.0.0/8 or ::1
  bool is_multicast() const;
  bool is_broadcast() const;  // 255.255.255.255
};

struct SocketAddress {
  IpAddress ip;
  uint16_t port = 0;

  friend bool operator==(const SocketAddress&, const SocketAddress&) = default;
  friend auto operator<=>(const SocketAddress&, const SocketAddress&) = default;
};

// Reads an IPv4 dotted quad or an IPv6 address, with or without its brackets and with an optional
// %scope given as a number. Nothing for anything else: host names are never looked up here.
std::optional<IpAddress> parse_ip(std::string_view text);

// `ip`, or the IPv4 address inside when it is an IPv4-mapped IPv6 address.
IpAddress unmapped(const IpAddress& ip);

// Longest result of the writers below: "[" + 39 + "%" + 10 + "]:" + 5.
inline constexpr size_t kAddressTextMax = 64;

// Writes "192.0.2.1" or "2001:db8::1"; `out` holds at least kAddressTextMax. Returns the part
// written.
std::string_view write_ip(const IpAddress& ip, std::span<char> out);

// As write_ip, with brackets around IPv6: the form that SIP calls a host (RFC 3261 25.1).
std::string_view write_host(const IpAddress& ip, std::span<char> out);

// Writes "192.0.2.1:5060" or "[2001:db8::1]:5060".
std::string_view write_address(const SocketAddress& address, std::span<char> out);

}  // namespace tipring::port
