// Which names are ours, and what a Request-URI is for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sip/parse_error.h"
#include "sip/uri.h"

namespace tipring::policy {

// Which domain of ours a host names; nothing for a foreign one. The default domain is "".
class Domains {
 public:
  virtual std::optional<std::string_view> domain_of(std::string_view host, uint16_t port) const = 0;

 protected:
  ~Domains() = default;
};

// All servers of a network, and the address that the name stands for (RFC 3261 10.2.6).
inline constexpr std::string_view kAllServersName = "sip.mcast.net";
inline constexpr std::string_view kAllServersAddress = "224.0.1.75";
bool names_all_servers(std::string_view host);

// The Request-URI that counts (RouteInfo::request_uri), or what is wrong with it.
struct RequestUri {
  std::optional<sip::ParseError> fault;
  sip::Uri
      uri;  // without a host for what is no SIP URI: a number or a service that a Route leads to
};
// `is_next_hop`: where the request would go to is read from it, no Route and no flow says so.
RequestUri read_request_uri(const sip::ParsedUri& uri, bool is_next_hop);

// "urn:service:sos" and what stands below it, in any case (RFC 5031).
bool is_emergency_service(std::string_view uri);

// The domain of ours that a request with this URI is for. With a maddr it is for the host that
// maddr names, whatever stands before (RFC 3261 16.5); who calls for help by "urn:service:sos" (RFC
// 5031) means us.
std::optional<std::string_view> domain_of_target(const Domains& domains, const sip::ParsedUri& uri);
std::optional<std::string_view> domain_of_target(const Domains& domains, const sip::Uri& uri);

}  // namespace tipring::policy
