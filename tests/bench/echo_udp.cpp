// Datagrams, received and sent in batches.

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "tests/bench/echo.h"

namespace tipring::echo {
namespace {

constexpr unsigned kBatch = 32;
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
      in_[i].msg_hdr = header(peers_in_[i], pieces_in_[i]);
    }
    const int count = recvmmsg(socket_, in_.data(), kBatch, MSG_DONTWAIT, nullptr);
    return count < 0 ? 0 : static_cast<unsigned>(count);
  }

  // The packet itself is its replies, as far as their size: the load looks at the token alone.
  void answer(unsigned index) {
    char* const bytes = buffers_[index].data();
    for_each_reply({bytes, in_[index].msg_len}, [&](const Reply& reply) {
      if (waiting_ == kBatch) flush();
      peers_out_[waiting_] = peers_in_[index];
      peers_out_[waiting_].sin_port = htons(reply.port);
      pieces_out_[waiting_] = {bytes, reply.size};
      out_[waiting_].msg_hdr = header(peers_out_[waiting_], pieces_out_[waiting_]);
      ++waiting_;
    });
  }

  void flush() {
    if (waiting_ > 0) sendmmsg(socket_, out_.data(), waiting_, 0);
    waiting_ = 0;
  }

  static msghdr header(sockaddr_in& peer, iovec& piece) {
    msghdr header{};
    header.msg_name = &peer;
    header.msg_namelen = sizeof peer;
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    return header;
  }

  const int socket_;
  unsigned waiting_ = 0;
  std::array<std::array<char, kPacketMax>, kBatch> buffers_{};
  std::array<sockaddr_in, kBatch> peers_in_{};
  std::array<sockaddr_in, kBatch> peers_out_{};
  std::array<iovec, kBatch> pieces_in_{};
  std::array<iovec, kBatch> pieces_out_{};
  std::array<mmsghdr, kBatch> in_{};
  std::array<mmsghdr, kBatch> out_{};
};

}  // namespace

void serve_udp(uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
  bind_to_loopback(socket, port);
  if (setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer) != 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  const int epoll = epoll_create1(0);
  epoll_event event{};
  event.events = EPOLLIN;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) != 0) fail("epoll_ctl");
  static Echo echo(socket);
  tell_ready();
  for (;;) {
    if (epoll_wait(epoll, &event, 1, -1) > 0) echo.serve();
  }
}

}  // namespace tipring::echo
