// The least that a server can do: packets in and out, and nothing in between. What it costs is what
// the kernel takes for as many packets, which no SIP server can go below.
//
// Usage: bench_echo udp|tcp PORT, on 127.0.0.1. echo.h says what it is sent.

#include "tests/bench/echo.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>

namespace tipring::echo {

void fail(const char* what) {
  std::fprintf(stderr, "bench_echo: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

void bind_to_loopback(int socket, uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
}

void tell_ready() {
  std::puts("ready");
  std::fflush(stdout);
}

}  // namespace tipring::echo

int main(int argc, char** argv) {
  using namespace tipring;
  const std::string_view transport = argc == 3 ? argv[1] : "";
  const unsigned long port = argc == 3 ? std::strtoul(argv[2], nullptr, 10) : 0;
  if ((transport != "udp" && transport != "tcp") || port == 0 || port > UINT16_MAX) {
    std::fputs("usage: bench_echo udp|tcp PORT\n", stderr);
    return 2;
  }
  (transport == "udp" ? echo::serve_udp : echo::serve_tcp)(static_cast<uint16_t>(port));
}
