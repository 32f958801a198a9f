// The HTTP server of port/http_server.h on evhttp, in a thread of its own: listeners, connections and
// their limits. Internal to port/linux.
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <semaphore>
#include <vector>

#include "port/bounded_heap.h"
#include "port/http_server.h"
#include "port/linux/http_connection.h"
#include "port/linux/http_linger.h"
#include "port/linux/http_rate.h"

struct evconnlistener;
struct evhttp;

namespace tipring::port {

class LinuxHttpServer final : public HttpServer {
 public:
  LinuxHttpServer(const HttpOptions& options, HttpHandler& handler);
  ~LinuxHttpServer() override;

  LinuxHttpServer(const LinuxHttpServer&) = delete;
  LinuxHttpServer& operator=(const LinuxHttpServer&) = delete;

  int start();  // errno value, 0 for success

  void notify() override;
  HttpExchange* find(uint64_t id) override;
  void set_identity(std::shared_ptr<TlsIdentity> identity) override;
  std::span<const SocketAddress> addresses() const override { return addresses_; }
  int listen_error(size_t index) const override { return listeners_[index + 1]->error; }
  void open_again() override;

  // For its connections, on the server's thread.
  event_base* base() { return base_; }
  const HttpOptions& options() const { return options_; }
  size_t body_bytes_max(bool local) const {
    return local ? options_.local_body_bytes_max : options_.body_bytes_max;
  }
  HttpHandler& handler() { return handler_; }
  Millis now() const;
  bool may_ask(HttpConnection& connection);
  bool may_begin_tls(HttpConnection& connection);
  bool may_stream() const;
  // Whether one client may have so much memory, and every other what a connection cannot do without.
  bool has_room(size_t bytes) const;
  uint64_t next_id() { return next_id_++; }
  void resume(HttpConnection& connection) { resumed_.push_back(&connection); }
  // It has ended; `fd` is left open by it. With `lingers`, what its client still sends is read for a
  // while.
  void forget(HttpConnection& connection, int fd, bool lingers);

 private:
  struct Listener {
    LinuxHttpServer* server = nullptr;
    const HttpListen* listen = nullptr;  // null: the Unix socket
    int fd = -1;
    std::atomic<int> error = 0;  // why it is not open
    evhttp* http = nullptr;
    evconnlistener* accepting = nullptr;

    bool is_local() const { return listen == nullptr; }
  };

  static void* main(void* self);
  static void on_wakeup(int, short, void* self);
  static void on_tick(int, short, void* self);
  static void on_listen_again(int, short, void* self);
  static bufferevent* on_connection(event_base* base, void* listener);
  static void on_accept_failed(evconnlistener* accepting, void* http);
  static void on_request(evhttp_request* request, void* self);

  void add_listener(const HttpListen* listen, int fd, int error);
  int open_listeners();
  void open_again(bool was_asked);
  static void give_up(Listener& listener);
  int set_up();
  int set_up(Listener& listener);
  void run();
  void end_turn();
  void tear_down();
  bool make_room();
  size_t count(bool local) const;
  std::shared_ptr<TlsIdentity> identity();
  void make_spare();
  void set_accepting();
  void set_tick();

  HttpOptions options_;
  HttpHandler& handler_;
  pthread_t thread_{};
  bool started_ = false;
  std::binary_semaphore ready_{0};
  int start_error_ = 0;
  int wakeup_fd_ = -1;
  std::mutex identity_mutex_;
  std::shared_ptr<TlsIdentity> identity_;
  std::vector<std::unique_ptr<Listener>> listeners_;  // the Unix socket first
  std::vector<SocketAddress> addresses_;
  std::atomic<bool> notified_ = false;
  std::atomic<bool> is_to_open_again_ = false;
  std::atomic<bool> stopping_ = false;

  // Of the server's thread.
  event_base* base_ = nullptr;
  const BoundedHeap* heap_ = nullptr;
  event wakeup_{};
  event tick_{};
  event listen_again_{};
  bool accept_rests_ = false;  // without descriptors, until the next tick
  // Accepting rests while there is no memory for the next one.
  std::unique_ptr<HttpConnection> spare_;
  std::vector<std::unique_ptr<HttpConnection>> connections_;
  std::vector<HttpConnection*> resumed_;
  std::vector<std::unique_ptr<HttpLinger>> lingering_;
  HttpRate requests_;
  HttpRate handshakes_;
  uint64_t next_id_ = 1;
};

}  // namespace tipring::port
