// Where a message came from or goes to: RFC 3261 18, RFC 5626 "flow".
#pragma once

#include <cstdint>

#include "core/handle.h"
#include "port/address.h"
#include "sip/via.h"

namespace tipring::transport {

class Connection;

// A plain value; it may be kept for as long as one likes. Its connection handle goes stale when the
// connection ends, and a send then opens a new one to `remote` where the protocol allows.
struct Flow {
  port::SocketAddress local;  // our side; unspecified until a listener has been chosen
  port::SocketAddress
      remote;  // the peer's real address, as the socket saw it or as it was resolved
  Handle<Connection> connection;  // stream transports: null asks for reuse, or a new one
  sip::Transport transport = sip::Transport::Udp;
  uint8_t listener = 0;  // number of the listening point that it belongs to
  // How long a connection to it may take to be made; 0: TransportOptions::connect_timeout.
  uint16_t connect_ms_max = 0;
};

}  // namespace tipring::transport
