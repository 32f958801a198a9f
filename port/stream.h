// TCP connections and listeners. The port buffers nothing: reads and writes go straight to the
// caller's bytes, and a short write is finished by the caller when on_writable() says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "port/address.h"

namespace tipring::port {

enum class IoStatus : uint8_t { Ok, WouldBlock, Eof, Failed };

struct IoResult {
  IoStatus status = IoStatus::Ok;
  size_t bytes = 0;
  int error = 0;  // errno value when Failed
};

class Stream;

class StreamHandler {
 public:
  virtual void on_connected(Stream& stream) = 0;  // an outgoing connection is up
  virtual void on_readable(Stream& stream) = 0;   // bytes, end of stream or an error wait in read()
  virtual void on_writable(Stream& stream) = 0;   // only after want_write()

  // An outgoing connection could not be made. close() must follow. `error` is an errno value.
  virtual void on_connect_failed(Stream& stream, int error) = 0;

 protected:
  ~StreamHandler() = default;
};

// One connection. Owned by the Network that made it, from a pool of fixed size; close() gives it
// back and makes the pointer invalid. close() may be called from within any handler call.
class Stream {
 public:
  virtual void set_handler(StreamHandler* handler) = 0;

  virtual IoResult read(std::span<char> into) = 0;
  // Gathers at most kPiecesMax pieces. Fewer bytes than given is not an error. Without any bytes it
  // fails when a write would: the only way to see a reset that came behind the peer's end.
  virtual IoResult write(std::span<const std::span<const char>> pieces) = 0;

  virtual void want_read(bool on) = 0;  // on from the start; off holds the peer back
  virtual void want_write(bool on) = 0;

  virtual SocketAddress local() const = 0;
  virtual SocketAddress remote() const = 0;

  virtual void close() = 0;
  virtual void reset() = 0;  // close(), and the peer sees RST: for peers that must not linger

  // For the owner's own use: which connection object this stream belongs to.
  virtual void set_tag(uint64_t tag) = 0;
  virtual uint64_t tag() const = 0;

  static constexpr size_t kPiecesMax = 16;

 protected:
  ~Stream() = default;
};

class Listener;

class ListenerHandler {
 public:
  // `stream` is the handler's to keep or to close(). It has no StreamHandler yet.
  virtual void on_accept(Listener& listener, Stream& stream) = 0;
  // A connection was refused because the port's pool of streams or file descriptors is empty.
  virtual void on_accept_refused(Listener& listener, int error) = 0;

 protected:
  ~ListenerHandler() = default;
};

class Listener {
 public:
  virtual ~Listener() = default;  // stops listening; accepted streams live on
  virtual SocketAddress local() const = 0;
};

}  // namespace tipring::port
