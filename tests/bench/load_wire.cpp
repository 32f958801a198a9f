#include "load_wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bench {

namespace {

constexpr size_t kBufferBytes = 65536;

std::string_view after(std::string_view text, size_t at) { return text.substr(at); }

// Where the value of the next `name` begins at or after `from`.
size_t find_header(std::string_view message, std::string_view name, size_t from) {
  for (size_t at = message.find("\r\n", from); at != std::string_view::npos;
       at = message.find("\r\n", at + 2)) {
    const std::string_view line = after(message, at + 2);
    if (line.starts_with("\r\n")) break;  // the body
    if (line.size() > name.size() && line[name.size()] == ':' && line.starts_with(name))
      return at + 2;
  }
  return std::string_view::npos;
}

}  // namespace

void fail(const char* what) {
  std::fprintf(stderr, "bench_load: %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

Wire::Wire(Transport transport, uint16_t server_port) : transport_(transport) {
  buffer_.resize(kBufferBytes);
  fd_ = socket(AF_INET, transport == Transport::Udp ? SOCK_DGRAM : SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(server_port);
  if (fd_ < 0 || connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    fail("connect");
  const int on = 1;
  if (transport == Transport::Tcp) setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  socklen_t size = sizeof address;
  getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
}

Wire::~Wire() { close(fd_); }

void Wire::send(std::string_view message) {
  while (!message.empty()) {
    const ssize_t sent = ::send(fd_, message.data(), message.size(), MSG_NOSIGNAL);
    if (sent < 0) fail("send");
    message.remove_prefix(static_cast<size_t>(sent));
  }
}

std::string_view Wire::receive() {
  if (transport_ == Transport::Udp) {
    const ssize_t got = recv(fd_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    return got <= 0 ? std::string_view()
                    : std::string_view(buffer_.data(), static_cast<size_t>(got));
  }
  std::string_view message = take_framed();
  while (message.empty() && fill()) message = take_framed();
  return message;
}

bool Wire::fill() {
  if (begin_ != 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  const ssize_t got = recv(fd_, buffer_.data() + end_, buffer_.size() - end_, MSG_DONTWAIT);
  if (got == 0) fail("the server closed a connection");
  if (got < 0) return false;
  end_ += static_cast<size_t>(got);
  return true;
}

std::string_view Wire::take_framed() {
  const std::string_view text(buffer_.data() + begin_, end_ - begin_);
  const size_t head = text.find("\r\n\r\n");
  if (head == std::string_view::npos) return {};
  const std::string length(header(text.substr(0, head + 4), "Content-Length"));
  const size_t size = head + 4 + std::strtoul(length.c_str(), nullptr, 10);
  if (text.size() < size) return {};
  begin_ += size;
  return text.substr(0, size);
}

std::string_view header(std::string_view message, std::string_view name) {
  const size_t at = find_header(message, name, 0);
  if (at == std::string_view::npos) return {};
  std::string_view value = after(message, at + name.size() + 1);
  value = value.substr(0, value.find("\r\n"));
  value.remove_prefix(value.starts_with(' ') ? 1 : 0);
  return value;
}

void append_headers(std::string_view message, std::string_view name, std::string& out) {
  for (size_t at = find_header(message, name, 0); at != std::string_view::npos;
       at = find_header(message, name, at)) {
    const size_t end = message.find("\r\n", at);
    out.append(message.substr(at, end + 2 - at));
  }
}

int status_of(std::string_view message) {
  if (!message.starts_with("SIP/2.0 ") || message.size() < 11) return 0;
  return (message[8] - '0') * 100 + (message[9] - '0') * 10 + (message[10] - '0');
}

std::string_view method_of(std::string_view message) {
  if (status_of(message) == 0) return message.substr(0, message.find(' '));
  const std::string_view cseq = header(message, "CSeq");
  return cseq.substr(cseq.find(' ') + 1);
}

std::string_view quoted(std::string_view text, std::string_view name) {
  std::string pattern(name);
  pattern += "=\"";
  const size_t at = text.find(pattern);
  if (at == std::string_view::npos) return {};
  const std::string_view value = after(text, at + pattern.size());
  return value.substr(0, value.find('"'));
}

}  // namespace bench
