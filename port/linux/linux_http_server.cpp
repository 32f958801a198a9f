#include "port/linux/linux_http_server.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "port/linux/library_memory.h"
#include "port/linux/unix_listener.h"

namespace tipring::port {
namespace {

constexpr size_t kStackBytes = 512 * 1024;  // parsing JSON goes deeper than the storage thread does
constexpr ev_ssize_t kHeaderBytesMax = 16 * 1024;

timeval to_timeval(Millis time) {
  timeval out{};
  out.tv_sec = time.count() / 1000;
  out.tv_usec = time.count() % 1000 * 1000;
  return out;
}

void raise_eventfd(int fd) {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(fd, &one, sizeof one);
}

}  // namespace

LinuxHttpServer::LinuxHttpServer(const HttpOptions& options, HttpHandler& handler)
    : options_(options), handler_(handler) {}

LinuxHttpServer::~LinuxHttpServer() {
  if (started_) {
    stopping_ = true;
    raise_eventfd(wakeup_fd_);
    pthread_join(thread_, nullptr);
  }
  if (listen_fd_ >= 0) {
    unlink(options_.unix_path.c_str());
    close(listen_fd_);
  }
  if (wakeup_fd_ >= 0) close(wakeup_fd_);
}

int LinuxHttpServer::start() {
  // Replies to clients that have gone are written by libevent, which knows no MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
  int error = 0;
  listen_fd_ = open_unix_listener(options_.unix_path, error);
  if (listen_fd_ < 0) return error;
  wakeup_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wakeup_fd_ < 0) return errno;

  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int created = pthread_create(&thread_, &attributes, &LinuxHttpServer::main, this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (created != 0) return created;
  started_ = true;
  ready_.acquire();
  return start_error_;
}

void LinuxHttpServer::notify() {
  if (!notified_.exchange(true)) raise_eventfd(wakeup_fd_);
}

HttpExchange* LinuxHttpServer::find(uint64_t id) {
  const auto found = exchanges_.find(id);
  return found == exchanges_.end() ? nullptr : found->second.get();
}

void* LinuxHttpServer::main(void* self) {
  auto& server = *static_cast<LinuxHttpServer*>(self);
  pthread_setname_np(pthread_self(), "admin");
  const LibraryMemory memory(server.options_.heap_bytes, HeapUse::ForAdmin);
  server.start_error_ = memory.ok() ? server.set_up() : ENOMEM;
  const bool runs = server.start_error_ == 0;
  server.ready_.release();
  if (runs) server.run();
  server.tear_down();
  return nullptr;
}

int LinuxHttpServer::set_up() {
  base_ = event_base_new();
  if (base_ == nullptr) return ENOMEM;
  wakeup_ = event_new(base_, wakeup_fd_, EV_READ | EV_PERSIST, &LinuxHttpServer::on_wakeup, this);
  http_ = evhttp_new(base_);
  if (wakeup_ == nullptr || event_add(wakeup_, nullptr) != 0 || http_ == nullptr) return ENOMEM;
  const timeval timeout = to_timeval(options_.timeout);
  evhttp_set_timeout_tv(http_, &timeout);
  evhttp_set_max_headers_size(http_, kHeaderBytesMax);
  evhttp_set_max_body_size(http_, static_cast<ev_ssize_t>(options_.body_bytes_max));
  evhttp_set_allowed_methods(http_, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD |
                                        EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS |
                                        EVHTTP_REQ_PATCH);
  evhttp_set_gencb(http_, &LinuxHttpServer::on_request, this);
  evhttp_set_bevcb(http_, &LinuxHttpServer::on_connection, this);
  // evhttp closes the descriptor that it is given; the one kept here outlives the thread.
  const int fd = dup(listen_fd_);
  if (fd < 0) return errno;
  evhttp_bound_socket* const bound_socket = evhttp_accept_socket_with_handle(http_, fd);
  if (bound_socket == nullptr) {
    close(fd);
    return ENOMEM;
  }
  listener_ = evhttp_bound_socket_get_listener(bound_socket);
  connections_.reserve(options_.connections_max);
  return 0;
}

void LinuxHttpServer::run() {
  while (!stopping_) {
    event_base_loop(base_, EVLOOP_ONCE);
    finished_.clear();
    release_ended_connections();
  }
}

void LinuxHttpServer::tear_down() {
  // evhttp frees only requests that were answered; with their connections gone, the others can be.
  std::vector<evhttp_request*> open;
  for (const auto& [id, exchange] : exchanges_) open.push_back(&exchange->request());
  exchanges_.clear();
  finished_.clear();
  for (evhttp_request* const request : open) {
    evhttp_connection* const connection = evhttp_request_get_connection(request);
    evhttp_connection_set_closecb(connection, nullptr, nullptr);
    evhttp_connection_free(connection);
  }
  if (http_ != nullptr) evhttp_free(http_);
  for (bufferevent* const connection : connections_) bufferevent_decref(connection);
  if (wakeup_ != nullptr) event_free(wakeup_);
  if (base_ != nullptr) event_base_free(base_);
}

void LinuxHttpServer::on_wakeup(int fd, short, void* self) {
  auto& server = *static_cast<LinuxHttpServer*>(self);
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = read(fd, &count, sizeof count);
  if (server.notified_.exchange(false)) server.handler_.on_poll();
}

// evhttp has no limit of connections and does not tell when one ends. So each is held by a
// reference of our own; at the limit the listener rests, and others wait in its backlog.
bufferevent* LinuxHttpServer::on_connection(event_base* base, void* self) {
  auto& server = *static_cast<LinuxHttpServer*>(self);
  bufferevent* const connection = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
  if (connection == nullptr) return nullptr;
  bufferevent_incref(connection);
  server.connections_.push_back(connection);
  if (server.connections_.size() >= server.options_.connections_max) {
    evconnlistener_disable(server.listener_);
  }
  return connection;
}

// evhttp takes its callbacks off a connection when it frees it.
void LinuxHttpServer::release_ended_connections() {
  const size_t before = connections_.size();
  std::erase_if(connections_, [](bufferevent* connection) {
    bufferevent_event_cb on_event = nullptr;
    bufferevent_getcb(connection, nullptr, nullptr, &on_event, nullptr);
    if (on_event != nullptr) return false;
    bufferevent_decref(connection);
    return true;
  });
  if (connections_.size() < before) evconnlistener_enable(listener_);
}

void LinuxHttpServer::on_request(evhttp_request* request, void* self) {
  auto& server = *static_cast<LinuxHttpServer*>(self);
  const uint64_t id = server.next_id_++;
  const auto added =
      server.exchanges_.emplace(id, std::make_unique<LinuxHttpExchange>(server, *request, id));
  LinuxHttpExchange& exchange = *added.first->second;
  evhttp_connection_set_closecb(evhttp_request_get_connection(request), &LinuxHttpServer::on_gone,
                                &server);
  if (exchange.complete()) {
    server.handler_.on_exchange(exchange);
  } else {
    exchange.reply(503, "text/plain", "no memory for the request\n");
  }
}

void LinuxHttpServer::forget(LinuxHttpExchange& exchange) {
  exchange.stop_watching();
  exchange.wipe_body();
  const auto found = exchanges_.find(exchange.id());
  finished_.push_back(std::move(found->second));
  exchanges_.erase(found);
}

void LinuxHttpServer::reply(LinuxHttpExchange& exchange, int status, std::string_view content_type,
                            std::string_view body) {
  evhttp_request* const request = &exchange.request();
  evhttp_connection_set_closecb(evhttp_request_get_connection(request), nullptr, nullptr);
  evkeyvalq* const headers = evhttp_request_get_output_headers(request);
  evhttp_add_header(headers, "Content-Type", std::string(content_type).c_str());
  evhttp_add_header(headers, "Cache-Control", "no-store");
  evbuffer* const output = evhttp_request_get_output_buffer(request);
  const bool fits = evbuffer_add(output, body.data(), body.size()) == 0;
  forget(exchange);
  if (fits) {
    evhttp_send_reply(request, status, nullptr, nullptr);
  } else {
    evhttp_send_error(request, 503, nullptr);
  }
}

// The connection takes its request with it.
void LinuxHttpServer::client_gone(LinuxHttpExchange& exchange) {
  evhttp_connection* const connection = evhttp_request_get_connection(&exchange.request());
  forget(exchange);
  evhttp_connection_set_closecb(connection, nullptr, nullptr);
  evhttp_connection_free(connection);
}

// evhttp gave the connection up by itself, for a timeout or an error. It has taken it off the
// request already, and frees that when it is told that no more comes.
void LinuxHttpServer::on_gone(evhttp_connection*, void* self) {
  auto& server = *static_cast<LinuxHttpServer*>(self);
  std::vector<LinuxHttpExchange*> gone;
  for (const auto& [id, exchange] : server.exchanges_) {
    if (evhttp_request_get_connection(&exchange->request()) == nullptr)
      gone.push_back(exchange.get());
  }
  for (LinuxHttpExchange* const exchange : gone) {
    evhttp_request* const request = &exchange->request();
    server.forget(*exchange);
    evhttp_send_reply_end(request);
  }
}

std::unique_ptr<HttpServer> start_http_server(const HttpOptions& options, HttpHandler& handler,
                                              int& error) {
  auto server = std::make_unique<LinuxHttpServer>(options, handler);
  error = server->start();
  if (error != 0) return nullptr;
  return server;
}

}  // namespace tipring::port
