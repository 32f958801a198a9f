#include "app/listen_entry.h"

#include "core/text.h"

namespace tipring::app {

namespace {

// ADDRESS:PORT
std::optional<port::SocketAddress> parse_address(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view host = text.substr(0, colon);
  const auto ip = port::parse_ip(host);
  const Result<uint16_t> number = parse_u16(text.substr(colon + 1));
  if (!ip || !number) return std::nullopt;
  // Without brackets the last part of an IPv6 address would be taken for the port.
  if (ip->family == port::Family::V6 && !host.starts_with('[')) return std::nullopt;
  return port::SocketAddress{*ip, *number};
}

}  // namespace

std::optional<ListenEntry> parse_listen(std::string_view text) {
  const auto [transport, rest] = split_once(text, ':');
  ListenEntry entry;
  if (iequals(transport, "tcp")) {
    entry.transport = ListenTransport::Tcp;
  } else if (!iequals(transport, "udp")) {
    return std::nullopt;
  }
  const auto address = parse_address(rest);
  if (!address) return std::nullopt;
  entry.address = *address;
  return entry;
}

std::optional<port::SocketAddress> parse_group_member(std::string_view text) {
  const auto [host, number] = split_once(text, ':');
  const auto ip = port::parse_ip(host);
  const Result<uint16_t> port = host.size() == text.size() ? uint16_t{5060} : parse_u16(number);
  const bool good = ip && ip->family == port::Family::V4 && !ip->is_unspecified() &&
                    !ip->is_multicast() && !ip->is_broadcast() && port && *port != 0;
  if (!good) return std::nullopt;
  return port::SocketAddress{*ip, *port};
}

std::optional<port::SocketAddress> parse_collector(std::string_view text) {
  const auto address = parse_address(text);
  if (!address || address->port == 0) return std::nullopt;
  return *address;
}

std::optional<AdminListenEntry> parse_admin_listen(std::string_view text) {
  const auto [scheme, rest] = split_once(text, ':');
  const bool http = iequals(scheme, "http");
  const bool https = iequals(scheme, "https");
  const bool slashes = (http || https) && rest.starts_with("//");
  const auto address = parse_address(http || https ? rest.substr(slashes ? 2 : 0) : text);
  if (!address) return std::nullopt;
  return AdminListenEntry{https || (!http && !address->ip.is_loopback()), *address};
}

}  // namespace tipring::app
