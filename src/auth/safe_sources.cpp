#include "auth/safe_sources.h"

#include <algorithm>
#include <cstring>

#include "core/text.h"

namespace tipring::auth {

namespace {

constexpr size_t kHostBytes = 8;  // of an IPv6 address, behind its /64
constexpr std::string_view kPrefix = "/64";

}  // namespace

std::optional<Network> parse_network(std::string_view text) {
  const auto [address, bits] = split_once(text, '/');
  const auto ip = port::parse_ip(address);
  if (!ip) return std::nullopt;
  const uint8_t width = ip->family == port::Family::V4 ? 32 : 128;
  if (text.find('/') == std::string_view::npos) return Network{*ip, width};
  const Result<uint8_t> given = parse_u8(bits);
  if (!given || *given > width) return std::nullopt;
  return Network{*ip, *given};
}

bool holds(const Network& network, const port::IpAddress& address) {
  if (network.address.family != address.family) return false;
  const size_t whole = network.bits / 8;
  if (!std::equal(address.bytes.begin(), address.bytes.begin() + whole,
                  network.address.bytes.begin())) {
    return false;
  }
  const unsigned rest = network.bits % 8;
  return rest == 0 || (address.bytes[whole] ^ network.address.bytes[whole]) >> (8 - rest) == 0;
}

port::IpAddress source_of(const port::IpAddress& address) {
  port::IpAddress source = port::unmapped(address);
  if (source.family == port::Family::V6)
    std::fill(source.bytes.end() - kHostBytes, source.bytes.end(), uint8_t{0});
  return source;
}

std::string_view write_source(const port::IpAddress& source, std::span<char> out) {
  const std::string_view text = port::write_ip(source, out);
  if (source.family != port::Family::V6) return text;
  std::memcpy(out.data() + text.size(), kPrefix.data(), kPrefix.size());
  return {out.data(), text.size() + kPrefix.size()};
}

std::optional<port::IpAddress> parse_source(std::string_view text) {
  if (text.ends_with(kPrefix)) text.remove_suffix(kPrefix.size());
  const auto ip = port::parse_ip(text);
  if (!ip) return std::nullopt;
  return source_of(*ip);
}

}  // namespace tipring::auth
