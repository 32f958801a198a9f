// One entry of sip.listen.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "port/address.h"

namespace tipring::app {

enum class ListenTransport : uint8_t { Udp, Tcp };

struct ListenEntry {
  ListenTransport transport = ListenTransport::Udp;
  port::SocketAddress address;
};

// "udp:0.0.0.0:5060", "tcp:[::]:5060". Nothing when it is anything else.
std::optional<ListenEntry> parse_listen(std::string_view text);

}  // namespace tipring::app
