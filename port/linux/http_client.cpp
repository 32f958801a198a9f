#include "port/http_client.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace tipring::port {

namespace {

class Socket {
 public:
  Socket() : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int connect(std::string_view path, Millis timeout) {
    if (fd_ < 0) return errno;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
    std::memcpy(address.sun_path, path.data(), path.size());
    timeval limit{};
    limit.tv_sec = timeout.count() / 1000;
    limit.tv_usec = timeout.count() % 1000 * 1000;
    for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
      if (::setsockopt(fd_, SOL_SOCKET, option, &limit, sizeof limit) != 0) return errno;
    const int result = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    return result == 0 ? 0 : reason();
  }

  int send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t done = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) return reason();
      bytes.remove_prefix(static_cast<size_t>(done));
    }
    return 0;
  }

  int receive_all(size_t bytes_max, std::string& out) {
    std::array<char, 16384> chunk;
    for (;;) {
      const ssize_t done = ::recv(fd_, chunk.data(), chunk.size(), 0);
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) return reason();
      if (done == 0) return 0;
      if (out.size() + static_cast<size_t>(done) > bytes_max) return EFBIG;
      out.append(chunk.data(), static_cast<size_t>(done));
    }
  }

 private:
  static int reason() { return errno == EAGAIN || errno == EWOULDBLOCK ? ETIMEDOUT : errno; }

  int fd_;
};

bool is_content_length(std::string_view name) {
  constexpr std::string_view kName = "content-length";
  return std::equal(name.begin(), name.end(), kName.begin(), kName.end(),
                    [](char a, char b) { return (a | 0x20) == b || a == b; });
}

bool parse_size(std::string_view text, size_t& size) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

bool parse_http_reply(std::string_view bytes, HttpReply& reply) {
  constexpr std::string_view kLineEnd = "\r\n";
  const size_t head_end = bytes.find("\r\n\r\n");
  if (bytes.substr(0, 7) != "HTTP/1." || head_end == std::string_view::npos) return false;
  std::string_view head = bytes.substr(0, head_end);
  std::string_view body = bytes.substr(head_end + 4);
  // "HTTP/1.x NNN": the three digits stand at bytes 9 to 11.
  const char* const digits = head.data() + 9;
  if (head.size() < 12 || head[8] != ' ' ||
      std::from_chars(digits, digits + 3, reply.status).ptr != digits + 3)
    return false;
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find(kLineEnd));
    head.remove_prefix(std::min(head.size(), line.size() + kLineEnd.size()));
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_content_length(line.substr(0, colon))) continue;
    size_t size = 0;
    if (!parse_size(line.substr(colon + 1), size) || size > body.size()) return false;
    body = body.substr(0, size);
  }
  reply.body = body;
  return true;
}

int http_request(std::string_view unix_path, const HttpRequest& request,
                 const HttpClientLimits& limits, HttpReply& reply) {
  Socket socket;
  if (const int error = socket.connect(unix_path, limits.timeout); error != 0) return error;
  // HTTP/1.0, so that the reply is not chunked and ends with the connection.
  std::string head(request.method);
  head += ' ';
  head += request.target;
  head += " HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ";
  head += std::to_string(request.body.size()) + "\r\n\r\n";
  int sent = socket.send(head);
  if (sent == 0) sent = socket.send(request.body);
  // A server that refuses a body answers and closes before it has read all of it.
  if (sent != 0 && sent != EPIPE && sent != ECONNRESET) return sent;
  std::string bytes;
  const int received = socket.receive_all(limits.reply_bytes_max, bytes);
  if (received != 0 && !(received == ECONNRESET && !bytes.empty())) return received;
  if (bytes.empty() && sent != 0) return sent;
  return parse_http_reply(bytes, reply) ? 0 : EPROTO;
}

}  // namespace tipring::port
