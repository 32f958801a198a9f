#include "port/linux/linux_listener.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "port/linux/socket_address.h"

namespace tipring::port {
namespace {

constexpr int kBacklog = 1024;
constexpr int kAcceptsPerEvent = 16;
constexpr Millis kPause{100};

// The connection that was waiting is gone or broken; the listener itself is well (accept(2)).
bool concerns_one_connection(int error) {
  return error == ECONNABORTED || error == EINTR || error == EPROTO || error == EPERM ||
         error == ENETDOWN || error == ENOPROTOOPT || error == EHOSTDOWN || error == ENONET ||
         error == EHOSTUNREACH || error == ENETUNREACH || error == EOPNOTSUPP;
}

}  // namespace

LinuxListener::LinuxListener(LinuxLoop& loop, StreamPool& streams, ListenerHandler& handler)
    : loop_(loop), streams_(streams), handler_(handler) {}

LinuxListener::~LinuxListener() {
  if (destroyed_ != nullptr) *destroyed_ = true;
  event_.remove();
  pause_.remove();
  if (fd_ >= 0) close(fd_);
  if (spare_fd_ >= 0) close(spare_fd_);
}

int LinuxListener::open(const SocketAddress& bind) {
  fd_ = open_socket(bind.ip.family, SOCK_STREAM);
  if (fd_ < 0) return errno;
  // Connections of an earlier run may be in TIME_WAIT.
  set_option(fd_, SOL_SOCKET, SO_REUSEADDR, 1);
  set_stream_options(fd_);
  KernelAddress address{};
  const socklen_t size = to_kernel(bind, address);
  if (::bind(fd_, &address.any, size) != 0 || listen(fd_, kBacklog) != 0) return errno;
  local_ = bound_address(fd_);
  open_spare();
  event_.assign(loop_, fd_, EV_READ | EV_PERSIST, bound<&LinuxListener::on_event>, this);
  pause_.assign(loop_, -1, 0, bound<&LinuxListener::on_pause_end>, this);
  return event_.add() ? 0 : ENOMEM;
}

void LinuxListener::open_spare() {
  if (spare_fd_ < 0) spare_fd_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void LinuxListener::on_pause_end() {
  open_spare();
  event_.add();
}

void LinuxListener::on_event() {
  bool destroyed = false;
  destroyed_ = &destroyed;
  for (int i = 0; i < kAcceptsPerEvent; ++i) {
    int error = 0;
    const Outcome outcome = accept_one(error);
    if (outcome == Outcome::Nothing) break;
    if (outcome == Outcome::Pause) {
      event_.remove();
      pause_.add_timeout(kPause);
    }
    if (outcome == Outcome::Accepted) {
      handler_.on_accept(*this, *std::exchange(accepted_, nullptr));
    } else {
      handler_.on_accept_refused(*this, error);
    }
    if (destroyed) return;
    if (outcome == Outcome::Pause) break;
  }
  destroyed_ = nullptr;
}

LinuxListener::Outcome LinuxListener::accept_one(int& error) {
  KernelAddress peer{};
  socklen_t size = sizeof peer;
  const int fd = accept4(fd_, &peer.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    error = errno;
    if (error == EMFILE || error == ENFILE) return refuse_with_spare(error);
    // Left in the queue they would wake the loop at every turn, but accept() has taken them out.
    if (error == EAGAIN || error == EWOULDBLOCK || concerns_one_connection(error)) {
      return Outcome::Nothing;
    }
    return Outcome::Pause;
  }
  accepted_ = streams_.accept(fd, from_kernel(&peer.any));
  if (accepted_ != nullptr) return Outcome::Accepted;
  close_with_reset(fd);
  error = ENOBUFS;
  return Outcome::Refused;
}

// Without a descriptor the connection could not even be taken from the queue: the peer would wait,
// and the listener would be readable forever.
LinuxListener::Outcome LinuxListener::refuse_with_spare(int& error) {
  if (spare_fd_ < 0) return Outcome::Pause;
  close(spare_fd_);
  spare_fd_ = -1;
  const int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  const bool nothing_waits = fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  if (fd >= 0) close_with_reset(fd);
  open_spare();
  if (nothing_waits) return Outcome::Nothing;
  error = EMFILE;
  return fd >= 0 ? Outcome::Refused : Outcome::Pause;
}

}  // namespace tipring::port
