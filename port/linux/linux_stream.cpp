#include "port/linux/linux_stream.h"

#include <netinet/tcp.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>

#include "port/linux/socket_address.h"
#include "port/memory.h"

namespace tipring::port {
namespace {

// Each way, and the kernel takes twice as much. Left to itself it lets a peer who does not read hold
// megabytes of its memory, and as much again for what he sends.
constexpr int kKernelBufferBytes = 64 * 1024;

// A peer that has vanished without a word is found out after four minutes, not two hours; and the
// routers in between remember a connection that is quiet.
constexpr int kProbeAfterSeconds = 120;
constexpr int kProbeEverySeconds = 30;
constexpr int kProbesMax = 4;

IoResult failed(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK || error == EINTR)
    return {IoStatus::WouldBlock, 0, 0};
  return {IoStatus::Failed, 0, error};
}

}  // namespace

void LinuxStream::set_handler(StreamHandler* handler) {
  handler_ = handler;
  update_events();
}

IoResult LinuxStream::read(std::span<char> into) {
  if (into.empty()) return {};
  const ssize_t got = recv(fd_, into.data(), into.size(), MSG_DONTWAIT);
  if (got > 0) return {IoStatus::Ok, static_cast<size_t>(got), 0};
  return got == 0 ? IoResult{IoStatus::Eof, 0, 0} : failed(errno);
}

IoResult LinuxStream::write(std::span<const std::span<const char>> pieces) {
  std::array<iovec, kPiecesMax> vector;
  const size_t count = std::min(pieces.size(), kPiecesMax);
  for (size_t i = 0; i < count; ++i) {
    vector[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
  }
  msghdr message{};
  message.msg_iov = vector.data();
  message.msg_iovlen = count;
  const ssize_t sent = sendmsg(fd_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent >= 0 ? IoResult{IoStatus::Ok, static_cast<size_t>(sent), 0} : failed(errno);
}

void LinuxStream::want_read(bool on) {
  want_read_ = on;
  update_events();
}

void LinuxStream::want_write(bool on) {
  want_write_ = on;
  update_events();
}

// Without a handler there is nobody to read what waits, and a level-triggered event would come back
// at every turn.
void LinuxStream::update_events() {
  read_event_.set(want_read_ && !connecting_ && handler_ != nullptr);
  write_event_.set((want_write_ || connecting_) && handler_ != nullptr);
}

void LinuxStream::on_readable() { handler_->on_readable(*this); }

void LinuxStream::on_writable() {
  if (connecting_) return on_connect_outcome();
  handler_->on_writable(*this);
}

void LinuxStream::on_connect_outcome() {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error == EINPROGRESS) return;
  connecting_ = false;
  if (error == 0) {
    local_ = bound_address(fd_);
    update_events();
    handler_->on_connected(*this);
  } else {
    want_read_ = false;  // nothing but close() follows
    want_write_ = false;
    update_events();
    handler_->on_connect_failed(*this, error);
  }
}

void LinuxStream::close() {
  read_event_.remove();
  write_event_.remove();
  ::close(fd_);
  pool_->give_back(*this);
}

void LinuxStream::reset() {
  read_event_.remove();
  write_event_.remove();
  close_with_reset(fd_);
  pool_->give_back(*this);
}

StreamPool::StreamPool(LinuxLoop& loop, size_t capacity)
    : loop_(loop), region_(map_populated(capacity * sizeof(LinuxStream))) {
  if (region_.empty()) {
    ok_ = capacity == 0;
    return;
  }
  auto* const first = reinterpret_cast<LinuxStream*>(region_.data());
  for (size_t i = capacity; i-- > 0;) {
    auto* const stream = new (first + i) LinuxStream;
    stream->pool_ = this;
    stream->next_free_ = free_;
    free_ = stream;
  }
  streams_ = {first, capacity};
}

StreamPool::~StreamPool() {
  for (LinuxStream& stream : streams_) {
    if (stream.fd_ >= 0) stream.close();
    stream.~LinuxStream();
  }
  unmap(region_);
}

LinuxStream* StreamPool::take(int fd, const SocketAddress& remote) {
  LinuxStream* const stream = free_;
  if (stream == nullptr) return nullptr;
  free_ = stream->next_free_;
  ++in_use_;
  stream->fd_ = fd;
  stream->local_ = bound_address(fd);
  stream->remote_ = remote;
  stream->handler_ = nullptr;
  stream->tag_ = 0;
  stream->want_read_ = true;
  stream->want_write_ = false;
  stream->read_event_.assign(loop_, fd, EV_READ | EV_PERSIST, bound<&LinuxStream::on_readable>,
                             stream);
  stream->write_event_.assign(loop_, fd, EV_WRITE | EV_PERSIST, bound<&LinuxStream::on_writable>,
                              stream);
  return stream;
}

LinuxStream* StreamPool::accept(int fd, const SocketAddress& remote) {
  LinuxStream* const stream = take(fd, remote);
  if (stream == nullptr) return nullptr;
  stream->connecting_ = false;
  // Tried here, where a full heap can still be told: later set_handler() only adds it again.
  if (!stream->read_event_.add()) {
    give_back(*stream);
    return nullptr;
  }
  stream->update_events();
  return stream;
}

LinuxStream* StreamPool::connecting(int fd, const SocketAddress& remote, StreamHandler& handler) {
  LinuxStream* const stream = take(fd, remote);
  if (stream == nullptr) return nullptr;
  stream->connecting_ = true;
  if (!stream->write_event_.add()) {
    give_back(*stream);
    return nullptr;
  }
  stream->set_handler(&handler);
  return stream;
}

void StreamPool::give_back(LinuxStream& stream) {
  stream.fd_ = -1;
  stream.handler_ = nullptr;
  stream.next_free_ = free_;
  free_ = &stream;
  --in_use_;
}

void set_stream_options(int fd) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_SNDBUF, kKernelBufferBytes);
  set_option(fd, SOL_SOCKET, SO_RCVBUF, kKernelBufferBytes);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, kProbeAfterSeconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, kProbeEverySeconds);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, kProbesMax);
}

void close_with_reset(int fd) {
  const linger now{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(fd);
}

}  // namespace tipring::port
