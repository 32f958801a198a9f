#include "media/port_range.h"

#include "core/text.h"

namespace tipring::media {

namespace {

constexpr uint64_t kFirstMin = 1024;  // below are other services' ports

}  // namespace

std::optional<PortRange> parse_port_range(std::string_view text) {
  const auto [first_text, last_text] = split_once(text, '-');
  const auto first = parse_u64(first_text);
  const auto last = parse_u64(last_text);
  if (!first || !last || *first < kFirstMin || *last > UINT16_MAX || *first >= *last)
    return std::nullopt;
  if (*first % 2 != 0 || *last % 2 != 1) return std::nullopt;
  return PortRange{static_cast<uint16_t>(*first), static_cast<uint16_t>(*last)};
}

}  // namespace tipring::media
