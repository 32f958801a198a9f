// A client and a server for tests of port/http_server.h.
#pragma once

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <functional>
#include <string>

#include "port/http_server.h"
#include "port/linux/socket_address.h"

namespace tipring::port::test {

inline constexpr int kPatienceMs = 5000;

class Client {
 public:
  explicit Client(const SocketAddress& address)
      : fd_(socket(address.ip.family == Family::V4 ? AF_INET : AF_INET6, SOCK_STREAM, 0)) {
    KernelAddress kernel{};
    const socklen_t size = to_kernel(address, kernel);
    REQUIRE(connect(fd_, &kernel.any, size) == 0);
  }
  explicit Client(const std::string& path) : fd_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~Client() { close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(const std::string& text) {
    const timeval patience{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    size_t sent = 0;
    while (sent < text.size()) {
      const ssize_t now = ::send(fd_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (now <= 0) break;  // the server may refuse before it has read all
      sent += static_cast<size_t>(now);
    }
  }

  // The next response, with a body of its Content-Length. Empty when the server closed or kept
  // silent.
  std::string response(int patience_ms = kPatienceMs) {
    while (!whole()) {
      pollfd wait{fd_, POLLIN, 0};
      char buffer[65536];
      if (poll(&wait, 1, patience_ms) != 1) return {};
      const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
      if (got <= 0) return {};
      text_.append(buffer, static_cast<size_t>(got));
    }
    std::string out = text_.substr(0, end());
    text_.erase(0, out.size());
    return out;
  }

  bool wait(int patience_ms) {
    pollfd wait{fd_, POLLIN, 0};
    return poll(&wait, 1, patience_ms) == 1;
  }
  // What is there; empty when the server closed.
  std::string take() {
    char buffer[65536];
    const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
    return std::string(buffer, static_cast<size_t>(std::max<ssize_t>(got, 0)));
  }

  void end_sending() { shutdown(fd_, SHUT_WR); }

  bool closed(int patience_ms = kPatienceMs) {
    pollfd wait{fd_, POLLIN, 0};
    char byte = 0;
    return poll(&wait, 1, patience_ms) == 1 && recv(fd_, &byte, 1, 0) <= 0;
  }

 private:
  size_t end() const {
    const size_t header = text_.find("\r\n\r\n");
    const size_t length = text_.find("Content-Length: ");
    return header + 4 + (length < header ? std::stoul(text_.substr(length + 16)) : 0);
  }
  bool whole() const {
    return text_.find("\r\n\r\n") != std::string::npos && text_.size() >= end();
  }

  int fd_;
  std::string text_;
};

inline std::string status_of(const std::string& response) { return response.substr(0, 12); }
inline std::string body_of(const std::string& response) {
  const size_t header = response.find("\r\n\r\n");
  return header == std::string::npos ? "" : response.substr(header + 4);
}

struct Handler final : HttpHandler {
  void on_exchange(HttpExchange& exchange) override {
    ++exchanges;
    last_id = exchange.id();
    if (then) then(exchange);
  }
  void on_poll() override {
    ++polls;
    if (then_poll) then_poll();
  }
  void on_listen(const HttpListen&, int error) override { last_listen = error; }
  std::atomic<int> last_listen = -1;
  std::atomic<int> exchanges = 0;
  std::atomic<int> polls = 0;
  std::atomic<uint64_t> last_id = 0;
  std::function<void(HttpExchange&)> then;
  std::function<void()> then_poll;
};

inline bool wait_for(const std::function<bool()>& condition) {
  for (int i = 0; i < kPatienceMs && !condition(); ++i) usleep(1000);
  return condition();
}

struct Server {
  explicit Server(std::function<void(HttpExchange&)> then = {}) {
    static std::atomic<int> number = 0;
    options.unix_path =
        (std::filesystem::temp_directory_path() /
         ("tipring-http-" + std::to_string(getpid()) + "-" + std::to_string(++number)))
            .string();
    handler.then = std::move(then);
  }
  void start() {
    int error = 0;
    server = start_http_server(options, handler, error);
    CHECK(error == 0);
    REQUIRE(server);
  }
  HttpOptions options;
  Handler handler;
  std::unique_ptr<HttpServer> server;
};

inline void say_ok(HttpExchange& exchange) { exchange.reply(200, "text/plain", "ok"); }

inline constexpr char kGet[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

}  // namespace tipring::port::test
