#include "app/listen_entry.h"

#include "core/text.h"

namespace tipring::app {

std::optional<ListenEntry> parse_listen(std::string_view text) {
  const auto [transport, rest] = split_once(text, ':');
  ListenEntry entry;
  if (iequals(transport, "tcp")) {
    entry.transport = ListenTransport::Tcp;
  } else if (!iequals(transport, "udp")) {
    return std::nullopt;
  }
  const size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view host = rest.substr(0, colon);
  const auto ip = port::parse_ip(host);
  const Result<uint16_t> number = parse_u16(rest.substr(colon + 1));
  if (!ip || !number) return std::nullopt;
  // Without brackets the last part of an IPv6 address would be taken for the port.
  if (ip->family == port::Family::V6 && !host.starts_with('[')) return std::nullopt;
  entry.address = {*ip, *number};
  return entry;
}

}  // namespace tipring::app
