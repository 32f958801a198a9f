// TCP connections of a LinuxNetwork and the pool that holds them. Internal to port/linux.
#pragma once

#include <memory>
#include <span>

#include "port/linux/loop_event.h"
#include "port/stream.h"

namespace tipring::port {

class StreamPool;

class LinuxStream final : public Stream {
 public:
  LinuxStream() = default;
  LinuxStream(const LinuxStream&) = delete;
  LinuxStream& operator=(const LinuxStream&) = delete;

  void set_handler(StreamHandler* handler) override;
  IoResult read(std::span<char> into) override;
  IoResult write(std::span<const std::span<const char>> pieces) override;
  void want_read(bool on) override;
  void want_write(bool on) override;
  SocketAddress local() const override { return local_; }
  SocketAddress remote() const override { return remote_; }
  void close() override;
  void reset() override;
  void set_tag(uint64_t tag) override { tag_ = tag; }
  uint64_t tag() const override { return tag_; }

 private:
  friend class StreamPool;

  void update_events();
  void on_readable();
  void on_writable();
  void on_connect_outcome();

  StreamPool* pool_ = nullptr;
  LinuxStream* next_free_ = nullptr;
  StreamHandler* handler_ = nullptr;
  LoopEvent read_event_;
  LoopEvent write_event_;
  SocketAddress local_;
  SocketAddress remote_;
  uint64_t tag_ = 0;
  int fd_ = -1;
  bool connecting_ = false;
  bool want_read_ = false;
  bool want_write_ = false;
};

// Every stream there can be, made at start with the memory of its events.
class StreamPool {
 public:
  StreamPool(LinuxLoop& loop, size_t capacity);
  ~StreamPool();

  StreamPool(const StreamPool&) = delete;
  StreamPool& operator=(const StreamPool&) = delete;

  bool ok() const { return ok_; }  // false when the system had no memory to give
  bool empty() const { return free_ == nullptr; }
  size_t in_use() const { return in_use_; }

  // A stream for a connected socket, which is the stream's from then on. Null when the pool is
  // empty or libevent's heap is full; then `fd` is still the caller's.
  LinuxStream* accept(int fd, const SocketAddress& remote);
  // The same for a socket on which connect() is under way.
  LinuxStream* connecting(int fd, const SocketAddress& remote, StreamHandler& handler);

 private:
  friend class LinuxStream;

  LinuxStream* take(int fd, const SocketAddress& remote);
  void give_back(LinuxStream& stream);

  LinuxLoop& loop_;
  std::span<std::byte> region_;
  std::span<LinuxStream> streams_;
  LinuxStream* free_ = nullptr;
  size_t in_use_ = 0;
  bool ok_ = true;
};

// Options of every TCP connection. What is accepted has those of its listener; the size of the
// receive buffer counts only when it is set before a connection is made.
void set_stream_options(int fd);

// Closes so that the peer sees RST and no TIME_WAIT stays.
void close_with_reset(int fd);

}  // namespace tipring::port
