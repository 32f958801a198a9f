// A connection whose last answer is sent: what its client still sends is read until it closes too. A
// connection that is closed while bytes wait to be read is reset, and the client may then never see
// the answer (RFC 9112 9.6). Internal to port/linux.
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "port/time.h"

namespace tipring::port {

class HttpLinger {
 public:
  // Takes the descriptor, whose own direction has been ended.
  HttpLinger(event_base* base, int fd, Millis now) : fd_(fd), since_(now) {
    event_assign(&readable_, base, fd, EV_READ | EV_PERSIST, &HttpLinger::on_readable, this);
    has_ended_ = event_add(&readable_, nullptr) != 0;
  }
  ~HttpLinger() {
    event_del(&readable_);
    close(fd_);
  }
  HttpLinger(const HttpLinger&) = delete;
  HttpLinger& operator=(const HttpLinger&) = delete;

  bool has_ended() const { return has_ended_; }
  void check_time(Millis now) { has_ended_ = has_ended_ || now - since_ > kTimeMax; }

 private:
  static constexpr Millis kTimeMax{2000};
  static constexpr size_t kBytesMax = 8 << 20;

  static void on_readable(int fd, short, void* self) {
    auto& linger = *static_cast<HttpLinger*>(self);
    std::array<char, 16 * 1024> bytes;
    const ssize_t got = recv(fd, bytes.data(), bytes.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    linger.read_ += got > 0 ? static_cast<size_t>(got) : 0;
    linger.has_ended_ = got <= 0 || linger.read_ > kBytesMax;
    if (linger.has_ended_) event_del(&linger.readable_);
  }

  int fd_;
  Millis since_;
  size_t read_ = 0;
  bool has_ended_ = false;
  event readable_{};
};

}  // namespace tipring::port
