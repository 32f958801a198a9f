#include "auth/source.h"

#include <cstring>

#include "core/source_ranges.h"

namespace tipring::auth {

namespace {

constexpr uint8_t kNetworkBits = 64;
constexpr std::string_view kNetworkText = "/64";

}  // namespace

port::IpAddress source_of(const port::IpAddress& address) {
  const port::IpAddress source = port::unmapped(address);
  return source.family == port::Family::V6 ? prefix_of(source, kNetworkBits) : source;
}

std::string_view write_source(const port::IpAddress& source, std::span<char> out) {
  const std::string_view text = port::write_ip(source, out);
  if (source.family != port::Family::V6) return text;
  std::memcpy(out.data() + text.size(), kNetworkText.data(), kNetworkText.size());
  return {out.data(), text.size() + kNetworkText.size()};
}

std::optional<port::IpAddress> parse_source(std::string_view text) {
  if (text.ends_with(kNetworkText)) text.remove_suffix(kNetworkText.size());
  const auto ip = port::parse_ip(text);
  if (!ip) return std::nullopt;
  return source_of(*ip);
}

}  // namespace tipring::auth
