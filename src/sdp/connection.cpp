#include "sdp/connection.h"

#include "core/text.h"
#include "sdp/line.h"

namespace tipring::sdp {

namespace {

constexpr auto kNone = std::string_view::npos;

bool is_name_char(char c) {
  return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') || c == '-' || c == '_' ||
         c == '.';
}

// What stands behind the address: "/ttl/count" for IPv4, "/count" for IPv6 (RFC 8866 5.7).
bool is_multicast_suffix(std::string_view text, bool v4) {
  const auto [first, second] = split_once(text, '/');
  const auto number = parse_u32(first);
  if (!number) return false;
  if (!v4) return *number > 0 && text.size() == first.size();
  if (*number > 255) return false;  // a time to live
  if (text.size() == first.size()) return true;
  const auto count = parse_u32(second);
  return count && *count > 0;
}

Result<Connection> read_ip(Connection connection, std::string_view suffix, bool v4, bool slashed) {
  connection.kind = connection.ip.is_multicast() ? AddressKind::Multicast : AddressKind::Ip;
  if (connection.kind == AddressKind::Multicast) {
    if (slashed && !is_multicast_suffix(suffix, v4)) return Error::Invalid;
    return connection;
  }
  // Several unicast addresses in one line are forbidden; a time to live is only void.
  if (slashed && (!v4 || !parse_u8(suffix))) return Error::Invalid;
  connection.unicast_ttl = slashed;
  return connection;
}

}  // namespace

bool Connection::is_silent() const {
  if (kind == AddressKind::Ip) return ip.is_unspecified();
  constexpr std::string_view kDomain = ".invalid";
  return kind == AddressKind::Name && host.size() >= kDomain.size() &&
         iequals(host.substr(host.size() - kDomain.size()), kDomain);
}

bool is_host_name(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.front() == '.' || host.front() == '-') return false;
  for (const char c : host) {
    if (!is_name_char(c)) return false;
  }
  const size_t dot = host.rfind('.');
  const std::string_view last = dot == kNone ? host : host.substr(dot + 1);
  return !last.empty() && !is_digit(last.front()) && host.find("..") == kNone;
}

Result<Connection> parse_connection(std::string_view value) {
  FieldReader fields(value);
  const std::string_view network = fields.next();
  const std::string_view type = fields.next();
  const std::string_view address = fields.next();
  if (address.empty()) return Error::Invalid;
  Connection connection;
  connection.host = address;
  connection.kind = AddressKind::Other;
  const bool v4 = iequals(type, "IP4");
  if (!iequals(network, "IN") || !(v4 || iequals(type, "IP6"))) return connection;
  if (!fields.rest().empty()) return Error::Invalid;
  connection.lower_case = network != "IN" || type != (v4 ? "IP4" : "IP6");
  const size_t slash = address.find('/');
  connection.host = address.substr(0, slash);
  const std::string_view suffix = slash == kNone ? std::string_view() : address.substr(slash + 1);
  // An IPv4 address inside an IPv6 one is still written as IPv6.
  if (const auto ip = port::parse_ip(connection.host)) {
    if (connection.host.starts_with('[')) return Error::Invalid;
    if ((connection.host.find(':') == kNone) != v4) return Error::Invalid;
    connection.ip = *ip;
    return read_ip(connection, suffix, v4, slash != kNone);
  }
  if (!is_host_name(connection.host)) return Error::Invalid;
  if (slash != kNone && !is_multicast_suffix(suffix, v4)) return Error::Invalid;
  connection.kind = slash == kNone ? AddressKind::Name : AddressKind::Multicast;
  return connection;
}

}  // namespace tipring::sdp
