// The ports that media use, "30000-30511": pairs of an even one for RTP and the next for RTCP
// (RFC 3550 11).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tipring::media {

struct PortRange {
  uint16_t first = 30000;  // even
  uint16_t last = 30511;   // odd

  uint32_t pairs() const { return (uint32_t{last} - first + 1) / 2; }
  bool contains(uint16_t port) const { return port >= first && port <= last; }
};

// Nothing for anything but FIRST-LAST with an even first port from 1024 on and an odd last one
// above it.
std::optional<PortRange> parse_port_range(std::string_view text);

}  // namespace tipring::media
