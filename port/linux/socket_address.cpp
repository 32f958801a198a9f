#include "port/linux/socket_address.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace tipring::port {
namespace {

// The interface index belongs to link-local addresses; with others the kernel's value is of no use.
uint32_t scope_of(const in6_addr& address, uint32_t scope) {
  const bool local = IN6_IS_ADDR_LINKLOCAL(&address) || IN6_IS_ADDR_MC_LINKLOCAL(&address) ||
                     IN6_IS_ADDR_MC_NODELOCAL(&address);
  return local ? scope : 0;
}

}  // namespace

socklen_t to_kernel(const SocketAddress& address, KernelAddress& out) {
  if (address.ip.family == Family::V4) {
    out.v4 = {};
    out.v4.sin_family = AF_INET;
    out.v4.sin_port = htons(address.port);
    std::memcpy(&out.v4.sin_addr, address.ip.bytes.data(), sizeof out.v4.sin_addr);
    return sizeof out.v4;
  }
  if (address.ip.family == Family::V6) {
    out.v6 = {};
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = htons(address.port);
    out.v6.sin6_scope_id = address.ip.scope;
    std::memcpy(&out.v6.sin6_addr, address.ip.bytes.data(), sizeof out.v6.sin6_addr);
    return sizeof out.v6;
  }
  return 0;
}

IpAddress from_in_addr(const in_addr& address) {
  IpAddress ip;
  ip.family = Family::V4;
  std::memcpy(ip.bytes.data(), &address, sizeof address);
  return ip;
}

IpAddress from_in6_addr(const in6_addr& address, uint32_t scope) {
  IpAddress ip;
  ip.family = Family::V6;
  ip.scope = scope_of(address, scope);
  std::memcpy(ip.bytes.data(), &address, sizeof address);
  return unmapped(ip);
}

SocketAddress from_kernel(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    return {from_in_addr(v4.sin_addr), ntohs(v4.sin_port)};
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    return {from_in6_addr(v6.sin6_addr, v6.sin6_scope_id), ntohs(v6.sin6_port)};
  }
  return {};
}

SocketAddress bound_address(int fd) {
  KernelAddress address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, &address.any, &size) != 0) return {};
  return from_kernel(&address.any);
}

int open_socket(Family family, int type) {
  if (family == Family::None) {
    errno = EAFNOSUPPORT;
    return -1;
  }
  const int domain = family == Family::V4 ? AF_INET : AF_INET6;
  const int fd = socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0 && family == Family::V6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  return fd;
}

bool set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

}  // namespace tipring::port
