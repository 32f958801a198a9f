// Where media go: the address of a c= line (RFC 8866 5.7), which a=rtcp has too (RFC 3605).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/result.h"
#include "port/address.h"

namespace tipring::sdp {

enum class AddressKind : uint8_t {
  None,       // there is no c= line
  Ip,         // a unicast address; also 0.0.0.0 and "::", which ask for silence
  Name,       // a name that would have to be looked up
  Multicast,  // with or without its time to live and count
  Other,      // of another network than IN, or of another type than IP4 and IP6
};

struct Connection {
  std::string_view host;  // as sent, without what stands behind "/"
  port::IpAddress ip;     // of the kinds Ip and Multicast
  AddressKind kind = AddressKind::None;
  bool lower_case = false;   // "in ip4"
  bool unicast_ttl = false;  // "/" behind a unicast address, which says nothing there

  // RFC 2543's way of hold: nothing, RTCP neither, is to be sent here (RFC 3264 8.4). A name in
  // the domain "invalid" says the same (RFC 3725 5).
  bool is_silent() const;
};

// A host that could be looked up: letters, digits, "-", "_" and "."; what ends in a number is an
// address that was written badly, and is none.
bool is_host_name(std::string_view host);

// "IN IP4 192.0.2.1". An address of one family under the name of the other is bad: peers would
// not agree on where it is. Errors: Invalid.
Result<Connection> parse_connection(std::string_view value);

}  // namespace tipring::sdp
