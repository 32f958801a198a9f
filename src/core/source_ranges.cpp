#include "core/source_ranges.h"

#include <algorithm>

#include "core/text.h"

namespace tipring {

namespace {

uint8_t width_of(port::Family family) { return family == port::Family::V4 ? 32 : 128; }

}  // namespace

port::IpAddress prefix_of(const port::IpAddress& ip, uint8_t bits) {
  port::IpAddress prefix = ip;
  for (size_t i = 0; i < prefix.bytes.size(); ++i) {
    const size_t before = i * 8;
    const size_t kept = bits <= before ? 0 : std::min<size_t>(bits - before, 8);
    prefix.bytes[i] = static_cast<uint8_t>(prefix.bytes[i] & (0xff00u >> kept));
  }
  return prefix;
}

bool AddressRange::contains(const port::IpAddress& ip) const {
  return ip.family == first.family && prefix_of(ip, bits).bytes == first.bytes;
}

std::optional<AddressRange> parse_range(std::string_view text) {
  const auto [address, bits] = split_once(text, '/');
  const auto ip = port::parse_ip(address);
  if (!ip) return std::nullopt;
  const uint8_t width = width_of(ip->family);
  if (text.find('/') == std::string_view::npos) return AddressRange{*ip, width};
  const Result<uint8_t> wanted = parse_u8(bits);
  if (!wanted || *wanted > width) return std::nullopt;
  return AddressRange{prefix_of(*ip, *wanted), *wanted};
}

bool SourceRanges::add(const AddressRange& range) {
  if (count_ == ranges_.size()) return false;
  ranges_[count_++] = range;
  return true;
}

bool SourceRanges::contains(const port::IpAddress& ip) const {
  const auto end = ranges_.begin() + static_cast<std::ptrdiff_t>(count_);
  return std::any_of(ranges_.begin(), end,
                     [&](const AddressRange& one) { return one.contains(ip); });
}

}  // namespace tipring
