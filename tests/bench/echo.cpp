// The least that a UDP server can do: datagrams in and out in batches, and nothing in between. What
// it costs is what the kernel takes for as many packets, which no SIP server can go below.
//
// Usage: bench_echo PORT, on 127.0.0.1. Each datagram begins with 32 characters that are sent back,
// a digit N, and N sizes of four hexadecimal digits: of the datagrams to send for it (tipring-load
// echo).

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

constexpr unsigned kBatch = 32;
constexpr size_t kDatagramMax = 2048;
constexpr size_t kToken = 32;
constexpr size_t kSizes = kToken + 1;
constexpr int kReceiveBuffer = 4 * 1024 * 1024;

class Echo {
 public:
  explicit Echo(int socket) : socket_(socket) {}

  // Until there is nothing more to read.
  void serve() {
    unsigned count = kBatch;
    while (count == kBatch) {
      count = receive();
      for (unsigned i = 0; i < count; ++i) answer(i);
      flush();
    }
  }

 private:
  unsigned receive() {
    for (unsigned i = 0; i < kBatch; ++i) {
      pieces_in_[i] = {buffers_[i].data(), buffers_[i].size()};
      msghdr& header = in_[i].msg_hdr;
      header = {};
      header.msg_name = &peers_[i];
      header.msg_namelen = sizeof peers_[i];
      header.msg_iov = &pieces_in_[i];
      header.msg_iovlen = 1;
    }
    const int count = recvmmsg(socket_, in_.data(), kBatch, MSG_DONTWAIT, nullptr);
    return count < 0 ? 0 : static_cast<unsigned>(count);
  }

  void answer(unsigned index) {
    const std::string_view text(buffers_[index].data(), in_[index].msg_len);
    if (text.size() < kSizes) return;
    const auto replies = static_cast<size_t>(text[kToken] - '0');
    for (size_t i = 0; i < replies && kSizes + 4 * i + 4 <= text.size(); ++i) {
      const std::array<char, 5> digits = {text[kSizes + 4 * i], text[kSizes + 4 * i + 1],
                                          text[kSizes + 4 * i + 2], text[kSizes + 4 * i + 3], 0};
      const size_t size = std::strtoul(digits.data(), nullptr, 16);
      if (size < kToken || size > kDatagramMax) continue;
      if (waiting_ == kBatch) flush();
      pieces_out_[waiting_] = {buffers_[index].data(), size};
      msghdr& header = out_[waiting_].msg_hdr;
      header = {};
      header.msg_name = &peers_[index];
      header.msg_namelen = sizeof peers_[index];
      header.msg_iov = &pieces_out_[waiting_];
      header.msg_iovlen = 1;
      ++waiting_;
    }
  }

  void flush() {
    if (waiting_ > 0) sendmmsg(socket_, out_.data(), waiting_, 0);
    waiting_ = 0;
  }

  const int socket_;
  unsigned waiting_ = 0;
  std::array<std::array<char, kDatagramMax>, kBatch> buffers_{};
  std::array<sockaddr_in, kBatch> peers_{};
  std::array<iovec, kBatch> pieces_in_{};
  std::array<iovec, kBatch> pieces_out_{};
  std::array<mmsghdr, kBatch> in_{};
  std::array<mmsghdr, kBatch> out_{};
};

int fail(const char* what) {
  std::fprintf(stderr, "bench_echo: %s: %s\n", what, std::strerror(errno));
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned long port = argc == 2 ? std::strtoul(argv[1], nullptr, 10) : 0;
  if (port == 0 || port > UINT16_MAX) {
    std::fputs("usage: bench_echo PORT\n", stderr);
    return 2;
  }
  const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  if (bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return fail("bind");
  if (setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer) != 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  const int epoll = epoll_create1(0);
  epoll_event event{};
  event.events = EPOLLIN;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) != 0) return fail("epoll_ctl");
  static Echo echo(socket);
  std::puts("ready");
  std::fflush(stdout);
  for (;;) {
    if (epoll_wait(epoll, &event, 1, -1) > 0) echo.serve();
  }
}
