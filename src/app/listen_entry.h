// One entry of sip.listen, and one of admin.listen.
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

// "192.168.1.5", or with the port of the group "192.168.1.5:5060": an IPv4 address of ours, of the
// interface by which the group of all servers is heard. Nothing when it is anything else.
std::optional<port::SocketAddress> parse_group_member(std::string_view text);

// "192.0.2.9:9060", "[2001:db8::9]:9060". Nothing when it is anything else, or the port is 0.
std::optional<port::SocketAddress> parse_collector(std::string_view text);

struct AdminListenEntry {
  bool encrypted = false;
  port::SocketAddress address;
};

// "127.0.0.1:8080", "https://[::]:8443", "http:10.0.0.1:80". Without a scheme, an address that only this host reaches goes
// without encryption, and any other with it. Nothing when it is anything else.
std::optional<AdminListenEntry> parse_admin_listen(std::string_view text);

}  // namespace tipring::app
