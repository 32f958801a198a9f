// The HTTP server of the admin thread: a thread with an event loop of its own, so that a page never
// costs a call a millisecond. It may use the heap, within the bound given at start.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "port/address.h"
#include "port/time.h"
#include "port/tls_identity.h"

namespace tipring::port {

enum class HttpMethod : uint8_t { Get, Post, Put, Patch, Delete, Other };

struct HttpHeader {
  std::string_view name;
  std::string_view value;  // one with control characters is left out of the answer
};

struct HttpAnswer {
  int status = 200;
  std::string_view content_type;  // empty: none
  std::string_view body;
  // Besides Content-Type, Content-Length and Connection. Cache-Control is "no-store" unless it is
  // among them.
  std::span<const HttpHeader> headers;
};

// A request that waits for its answer. Lives until it was answered, or its stream ended, or the
// client has gone. The answer to HEAD, which comes as a Get, goes without its body.
class HttpExchange {
 public:
  virtual HttpMethod method() const = 0;
  virtual std::string_view path() const = 0;                        // decoded, without the query
  virtual std::string_view query(std::string_view name) const = 0;  // decoded; empty when absent
  virtual std::string_view header(std::string_view name) const = 0;
  virtual std::string_view cookie(std::string_view name) const = 0;  // empty when absent
  virtual std::string_view body() const = 0;  // overwritten when the exchange ends
  virtual uint64_t id() const = 0;  // never used twice; what an answer that comes later refers to

  // Where the request comes from; the family None for the Unix socket.
  virtual SocketAddress peer() const = 0;
  virtual bool encrypted() const = 0;  // came by TLS

  virtual void answer(const HttpAnswer& answer) = 0;
  void reply(int status, std::string_view content_type, std::string_view body) {
    answer({status, content_type, body, {}});
  }

  // An answer that goes on for as long as it likes: `head`, whose body is sent first, then all of
  // send(), then end(). Afterwards only these and id() may be called. False when there are as many
  // streams as may be, or no memory; then the exchange waits for its answer as before.
  virtual bool begin_stream(const HttpAnswer& head) = 0;
  // All of the bytes or, when the client is too slow for them, none: then false, and
  // HttpHandler::on_stream_ready() says when half of the queue has gone. A client that takes
  // nothing for HttpOptions::timeout is closed.
  virtual bool send(std::string_view bytes) = 0;
  virtual void end() = 0;  // what was sent still goes out

 protected:
  ~HttpExchange() = default;
};

struct HttpListen {
  SocketAddress address;   // port 0: any
  bool encrypted = false;  // by TLS; needs HttpOptions::identity
};

class HttpHandler {
 public:
  // All on the admin thread. First of all:
  virtual void on_start() {}
  // An exchange that is not answered before this returns stays open, and is
  // answered from on_poll() or a later request by HttpServer::find().
  virtual void on_exchange(HttpExchange& exchange) = 0;
  // After HttpServer::notify(): answers from the loop wait in the ring.
  virtual void on_poll() = 0;
  virtual void on_stream_ready(uint64_t) {}   // after a send() that was refused
  virtual void on_stream_closed(uint64_t) {}  // its client has gone; not after end()
  // The exchange was answered, its stream begun; 0: its client had gone before.
  virtual void on_answered(uint64_t, int status) { static_cast<void>(status); }
  virtual void on_tick() {}  // twice a second while connections are open
  // One of HttpOptions::listen that could not be opened at start was tried again: 0, or the errno value
  // where HttpServer::open_again() had asked for it.
  virtual void on_listen(const HttpListen& listen, int error) {
    static_cast<void>(listen);
    static_cast<void>(error);
  }

 protected:
  ~HttpHandler() = default;
};

struct HttpOptions {
  std::string unix_path;  // made with mode 0600; a stale socket of a dead server is replaced
  // TCP besides. One that cannot be opened keeps nobody from the others; it is tried again at times.
  std::vector<HttpListen> listen;
  Millis listen_again{10000};
  std::vector<std::pair<std::string, std::string>> headers;            // of every answer,
  std::vector<std::pair<std::string, std::string>> encrypted_headers;  // and of those by TLS
  std::shared_ptr<TlsIdentity> identity;
  size_t body_bytes_max = 1 << 20;        // 413 beyond
  size_t local_body_bytes_max = 1 << 20;  // likewise, by the socket
  // Of the socket, where further ones wait until one ends; and as many again of TCP, where a
  // further one takes the place of one that waits between two requests or does not take its answer, or
  // is refused.
  size_t connections_max = 40;
  size_t streams_max = 24;
  size_t stream_bytes_max = 64 << 10;  // queued for one stream
  uint32_t requests_per_second = 50;   // of one source by TCP, four times that at once: 429 beyond
  // Likewise, of TLS, each of which costs more than hundreds of requests: further ones wait.
  uint32_t handshakes_per_second = 20;
  Millis timeout{30000};          // of a connection on which nothing moves
  Millis head_timeout{10000};     // for the whole of a request's head: 408
  Millis request_timeout{60000};  // for the whole of a request with its body: 408
  // For connections, requests and replies; taken when needed. Large ones get 503 while the rest would
  // not do for all connections.
  size_t heap_bytes = 8 << 20;
};

class HttpServer {
 public:
  virtual ~HttpServer() = default;  // stops the thread, removes the socket
  virtual void notify() = 0;        // from any thread: on_poll() soon
  // From any thread: of connections that come from now on.
  virtual void set_identity(std::shared_ptr<TlsIdentity>) {}
  virtual HttpExchange* find(uint64_t id) = 0;  // admin thread only; null when its client has gone
  // What HttpOptions::listen has come to.
  virtual std::span<const SocketAddress> addresses() const { return {}; }
  // Why an entry of HttpOptions::listen is not open: an errno value, 0 where it is. From any thread.
  virtual int listen_error(size_t) const { return 0; }
  virtual void open_again() {}  // tries those now. From any thread
};

// Null when the socket cannot be opened or the thread not be started, with the errno value in `error`.
std::unique_ptr<HttpServer> start_http_server(const HttpOptions& options, HttpHandler& handler,
                                              int& error);

}  // namespace tipring::port
