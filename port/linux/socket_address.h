// Between the port's addresses and the kernel's. Internal to port/linux.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "port/address.h"

namespace tipring::port {

// Room for either family; sockaddr_storage is five times that size.
union KernelAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

// The length in use; 0 when the address has no family.
socklen_t to_kernel(const SocketAddress& address, KernelAddress& out);

// Family None for anything that is not an internet address.
SocketAddress from_kernel(const sockaddr* address);

IpAddress from_in_addr(const in_addr& address);
IpAddress from_in6_addr(const in6_addr& address, uint32_t scope);  // IPv4-mapped becomes IPv4

// What the kernel says the socket is bound to, or connected to.
SocketAddress bound_address(int fd);

// A socket with close-on-exec and O_NONBLOCK set, -1 with errno on failure. IPv6 sockets are IPv6
// only: each family has its own listener, and addresses keep their family.
int open_socket(Family family, int type);

bool set_option(int fd, int level, int name, int value);

}  // namespace tipring::port
