// Via values: RFC 3261 20.42 and 25.1, with rport of RFC 3581.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/result.h"
#include "sip/parse_error.h"

namespace tipring::sip {

enum class Transport : uint8_t { Udp, Tcp, Tls, Sctp, Ws, Wss, Other };

// Case-insensitive.
Transport parse_transport(std::string_view text);
// "UDP" as a Via writes it, and "udp" as a URI does; empty for Other.
std::string_view to_text(Transport transport);
std::string_view to_param(Transport transport);
constexpr uint16_t default_port(Transport transport) {
  return transport == Transport::Tls || transport == Transport::Wss ? 5061 : 5060;
}

struct Via {
  Transport transport = Transport::Other;
  bool is_ipv6 = false;      // the host stood in brackets
  bool wants_rport = false;  // there is an rport parameter, with or without a value
  bool has_rport_value = false;
  uint16_t port = 0;         // of sent-by, 0: absent
  uint16_t rport = 0;        // its value
  std::string_view version;  // of the protocol: "2.0", unless the whole message is no SIP/2.0
  std::string_view transport_text;
  std::string_view host;     // of sent-by, without brackets
  std::string_view sent_by;  // host and port as written
  std::string_view branch;
  std::string_view received;
  std::string_view maddr;
  std::string_view params;          // from the first ";"
  std::string_view rport_param;     // the whole parameter with its ";", empty without
  std::string_view received_param;  // the same
  // Nothing but names, values, ";" and "=" in params, and neither of the two stands twice: they can
  // be cut out.
  bool plain = false;

  uint16_t port_or_default() const { return port != 0 ? port : default_port(transport); }
};

// The branch parameter of an element that follows RFC 3261 begins with it (8.1.1.7).
inline constexpr char kMagicCookieText[] = "z9hG4bK";
inline constexpr std::string_view kMagicCookie = kMagicCookieText;

// Any version is read, so that a 505 finds its way back (RFC 4475 3.1.2.16).
// Errors: BadVia, BadHost, BadPort, BadParameter, TooManyParameters.
Result<Via, ParseError> parse_via(std::string_view text);

struct ViaTraits {
  using Type = Via;
  static Result<Via, ParseError> parse(std::string_view text) { return parse_via(text); }
};

}  // namespace tipring::sip
