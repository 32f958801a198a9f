// Streams: one read for each socket that has something, and one write for each that gets something
// in the same turn.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "tests/bench/echo.h"

namespace tipring::echo {
namespace {

constexpr int kEvents = 256;
constexpr size_t kBuffer = 64 * 1024;

struct Connection {
  int socket = -1;
  size_t filled = 0;
  size_t waiting = 0;
  std::array<char, kBuffer> in;
  std::array<char, kBuffer> out;
};

class Echo {
 public:
  explicit Echo(int listener) : listener_(listener), epoll_(epoll_create1(0)) {
    watch(listener_, nullptr);
  }

  void turn() {
    const int count = epoll_wait(epoll_, events_.data(), kEvents, -1);
    for (int i = 0; i < count; ++i) {
      auto* const connection = static_cast<Connection*>(events_[static_cast<size_t>(i)].data.ptr);
      connection == nullptr ? accept() : serve(*connection);
    }
    for (Connection* const connection : marked_) flush(*connection);
    marked_.clear();
  }

 private:
  void watch(int socket, Connection* connection) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = connection;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0) fail("epoll_ctl");
  }

  void accept() {
    sockaddr_in peer{};
    socklen_t size = sizeof peer;
    const int socket = ::accept(listener_, reinterpret_cast<sockaddr*>(&peer), &size);
    if (socket < 0) fail("accept");
    auto& connection = by_port_[ntohs(peer.sin_port)];
    connection = std::make_unique<Connection>();
    connection->socket = socket;
    watch(socket, connection.get());
  }

  void serve(Connection& from) {
    const ssize_t got =
        recv(from.socket, from.in.data() + from.filled, kBuffer - from.filled, MSG_DONTWAIT);
    if (got <= 0) {
      close(from.socket);
      from.socket = -1;
      return;
    }
    from.filled += static_cast<size_t>(got);
    std::string_view rest(from.in.data(), from.filled);
    while (rest.size() >= kHead) {
      const size_t size = number_at(rest, 0);
      if (size < kHead || size > kPacketMax) fail("a packet");
      if (size > rest.size()) break;
      answer(rest.substr(0, size));
      rest.remove_prefix(size);
    }
    if (!rest.empty()) std::memmove(from.in.data(), rest.data(), rest.size());
    from.filled = rest.size();
  }

  void answer(std::string_view packet) {
    for_each_reply(packet, [&](const Reply& reply) {
      Connection* const to = by_port_[reply.port].get();
      if (to == nullptr || to->socket < 0) return;
      if (to->waiting == 0) marked_.push_back(to);
      if (to->waiting + reply.size > kBuffer) flush(*to);
      // Bytes of the reply beyond the head mean nothing; those of a buffer are as good as others.
      char* const out = to->out.data() + to->waiting;
      std::memcpy(out, reply.size_digits.data(), kNumber);
      std::memcpy(out + kNumber, packet.data() + kNumber, kHead - kNumber);
      to->waiting += reply.size;
    });
  }

  // The load always reads, so that this waits for nobody for long.
  static void flush(Connection& to) {
    size_t sent = 0;
    while (sent < to.waiting && to.socket >= 0) {
      const ssize_t count = send(to.socket, to.out.data() + sent, to.waiting - sent, MSG_NOSIGNAL);
      if (count < 0) break;
      sent += static_cast<size_t>(count);
    }
    to.waiting = 0;
  }

  const int listener_;
  const int epoll_;
  std::array<epoll_event, kEvents> events_{};
  std::array<std::unique_ptr<Connection>, UINT16_MAX + 1> by_port_;
  std::vector<Connection*> marked_;
};

}  // namespace

void serve_tcp(uint16_t port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  constexpr int kOn = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &kOn, sizeof kOn);
  setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn);
  bind_to_loopback(listener, port);
  if (listen(listener, SOMAXCONN) != 0) fail("listen");
  static Echo echo(listener);
  tell_ready();
  for (;;) echo.turn();
}

}  // namespace tipring::echo
