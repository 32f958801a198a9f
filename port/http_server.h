// The HTTP server of the admin thread: a thread with an event loop of its own, so that a page never
// costs a call a millisecond. It may use the heap, within the bound given at start.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "port/time.h"

namespace tipring::port {

enum class HttpMethod : uint8_t { Get, Post, Put, Patch, Delete, Other };

// A request that waits for its answer. Lives until reply() was called or the client has gone.
class HttpExchange {
 public:
  virtual HttpMethod method() const = 0;
  virtual std::string_view path() const = 0;                        // decoded, without the query
  virtual std::string_view query(std::string_view name) const = 0;  // decoded; empty when absent
  virtual std::string_view header(std::string_view name) const = 0;
  virtual std::string_view body() const = 0;  // overwritten when the exchange ends
  virtual uint64_t id() const = 0;  // never used twice; what an answer that comes later refers to

  virtual void reply(int status, std::string_view content_type, std::string_view body) = 0;

 protected:
  ~HttpExchange() = default;
};

class HttpHandler {
 public:
  // On the admin thread. An exchange that is not answered before this returns stays open, and is
  // answered from on_poll() or a later request by HttpServer::find().
  virtual void on_exchange(HttpExchange& exchange) = 0;
  // After HttpServer::notify(): answers from the loop wait in the ring.
  virtual void on_poll() = 0;

 protected:
  ~HttpHandler() = default;
};

struct HttpOptions {
  std::string unix_path;  // made with mode 0600; a stale socket of a dead server is replaced
  size_t body_bytes_max = 1 << 20;  // 413 beyond
  size_t connections_max = 16;      // further ones wait until one ends
  Millis timeout{30000};            // of a connection on which nothing moves
  size_t heap_bytes = 8 << 20;      // for connections, requests and replies; taken as it is needed
};

class HttpServer {
 public:
  virtual ~HttpServer() = default;              // stops the thread, removes the socket
  virtual void notify() = 0;                    // from any thread: on_poll() soon
  virtual HttpExchange* find(uint64_t id) = 0;  // admin thread only; null when its client has gone
};

// Null on failure, with the errno value in `error`.
std::unique_ptr<HttpServer> start_http_server(const HttpOptions& options, HttpHandler& handler,
                                              int& error);

}  // namespace tipring::port
