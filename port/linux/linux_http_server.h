// The HTTP server of port/http_server.h on evhttp, in a thread of its own. Internal to port/linux.
#pragma once

#include <pthread.h>

#include <atomic>
#include <map>
#include <memory>
#include <semaphore>
#include <vector>

#include "port/http_server.h"
#include "port/linux/http_exchange.h"

struct bufferevent;
struct event;
struct event_base;
struct evconnlistener;
struct evhttp;
struct evhttp_connection;

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

  void reply(LinuxHttpExchange& exchange, int status, std::string_view content_type,
             std::string_view body);
  void client_gone(LinuxHttpExchange& exchange);

 private:
  static void* main(void* self);
  static void on_wakeup(int, short, void* self);
  static void on_request(evhttp_request* request, void* self);
  static bufferevent* on_connection(event_base* base, void* self);
  static void on_gone(evhttp_connection* connection, void* self);

  int set_up();
  void run();
  void tear_down();
  void release_ended_connections();
  void forget(LinuxHttpExchange& exchange);

  HttpOptions options_;
  HttpHandler& handler_;
  pthread_t thread_{};
  bool started_ = false;
  std::binary_semaphore ready_{0};
  int start_error_ = 0;
  int listen_fd_ = -1;
  int wakeup_fd_ = -1;
  std::atomic<bool> notified_ = false;
  std::atomic<bool> stopping_ = false;

  // Of the server's thread.
  event_base* base_ = nullptr;
  event* wakeup_ = nullptr;
  evhttp* http_ = nullptr;
  evconnlistener* listener_ = nullptr;
  std::vector<bufferevent*> connections_;
  std::map<uint64_t, std::unique_ptr<LinuxHttpExchange>> exchanges_;
  // Kept until the turn's end, since their handler may be running.
  std::vector<std::unique_ptr<LinuxHttpExchange>> finished_;
  uint64_t next_id_ = 1;
};

}  // namespace tipring::port
