#include "server/policy/domains.h"

#include <algorithm>

#include "core/text.h"
#include "sip/tel_uri.h"
#include "sip/uri_host.h"

namespace tipring::policy {

namespace {

constexpr std::string_view kEmergency = "urn:service:sos";

}  // namespace

bool is_emergency_service(std::string_view uri) {
  const std::string_view behind = uri.substr(std::min(uri.size(), kEmergency.size()));
  return iequals(uri.substr(0, kEmergency.size()), kEmergency) &&
         (behind.empty() || behind.front() == '.');
}

RequestUri read_request_uri(const sip::ParsedUri& uri, bool is_next_hop) {
  RequestUri result;
  if (uri) {
    result.uri = *uri;
    // 19.1.1: a Request-URI has no headers. Who forwards them lets a stranger write headers of ours
    // (RFC 4475 3.1.2.11).
    if (!uri->headers.empty()) {
      result.fault = sip::ParseError{sip::ParseFault::HeadersInUri};
    } else if (is_next_hop && !sip::names_one_host(*uri)) {
      result.fault = sip::ParseError{sip::ParseFault::NoHost};
    }
    return result;
  }
  result.fault = uri.error();
  if (uri.error().fault != sip::ParseFault::UnknownScheme) return result;
  const auto tel = sip::parse_tel_uri(uri.text);
  if (tel || is_emergency_service(uri.text)) {
    result.fault.reset();
  } else if (tel.error().fault != sip::ParseFault::UnknownScheme) {
    result.fault = tel.error();
  }
  return result;
}

bool names_all_servers(std::string_view host) {
  return host == kAllServersAddress || iequals(host, kAllServersName);
}

std::optional<std::string_view> domain_of_target(const Domains& domains, const sip::Uri& uri) {
  if (uri.host.empty() || uri.param("maddr")) return std::nullopt;
  return domains.domain_of(uri.host, uri.port);
}

std::optional<std::string_view> domain_of_target(const Domains& domains,
                                                 const sip::ParsedUri& uri) {
  if (uri) return domain_of_target(domains, *uri);
  return is_emergency_service(uri.text) ? std::optional(std::string_view()) : std::nullopt;
}

}  // namespace tipring::policy
