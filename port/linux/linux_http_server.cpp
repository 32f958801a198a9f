#include "port/linux/linux_http_server.h"

#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include "port/linux/http_head.h"
#include "port/linux/library_memory.h"
#include "port/linux/linux_thread.h"
#include "port/linux/socket_address.h"
#include "port/linux/unix_listener.h"

namespace tipring::port {
namespace {

constexpr size_t kStackBytes = 512 * 1024;  // parsing JSON goes deeper than the storage thread does
constexpr int kBacklog = 64;
constexpr timeval kTick{0, 500'000};
// What one connection takes without a large body or answer: a head, what is read ahead, and the piece
// of an answer that the socket has.
constexpr size_t kConnectionBytes = 72 * 1024;

// evhttp keeps its own pointer beside a listener's callbacks.
thread_local LinuxHttpServer* this_server = nullptr;

int open_http_listener(const SocketAddress& address, int& error) {
  const int fd = open_socket(address.ip.family, SOCK_STREAM);
  if (fd < 0) {
    error = errno;
    return -1;
  }
  // Connections of an earlier run may be in TIME_WAIT.
  set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  KernelAddress kernel{};
  const socklen_t size = to_kernel(address, kernel);
  if (bind(fd, &kernel.any, size) == 0 && listen(fd, kBacklog) == 0) return fd;
  error = errno;
  close(fd);
  return -1;
}

void raise_eventfd(int fd) {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(fd, &one, sizeof one);
}

}  // namespace

LinuxHttpServer::LinuxHttpServer(const HttpOptions& options, HttpHandler& handler)
    : options_(options),
      handler_(handler),
      identity_(options.identity),
      requests_(options.requests_per_second),
      handshakes_(options.handshakes_per_second) {}

LinuxHttpServer::~LinuxHttpServer() {
  if (started_) {
    stopping_ = true;
    raise_eventfd(wakeup_fd_);
    pthread_join(thread_, nullptr);
  }
  for (const auto& listener : listeners_) {
    if (listener->is_local()) unlink(options_.unix_path.c_str());
    if (listener->fd >= 0) close(listener->fd);
  }
  if (wakeup_fd_ >= 0) close(wakeup_fd_);
}

void LinuxHttpServer::add_listener(const HttpListen* listen, int fd, int error) {
  auto listener = std::make_unique<Listener>();
  listener->server = this;
  listener->listen = listen;
  listener->fd = fd;
  listener->error = error;
  listeners_.push_back(std::move(listener));
}

int LinuxHttpServer::open_listeners() {
  int error = 0;
  const int unix_fd = open_unix_listener(options_.unix_path, error);
  if (unix_fd < 0) return error;
  add_listener(nullptr, unix_fd, 0);
  for (const HttpListen& listen : options_.listen) {
    error = 0;
    const int fd = open_http_listener(listen.address, error);
    // "[::]" is any address of IPv6, of which a host may have none.
    const bool has_none = listen.address.ip.family == Family::V6 &&
                          listen.address.ip.is_unspecified() &&
                          (error == EAFNOSUPPORT || error == EADDRNOTAVAIL);
    add_listener(&listen, fd, has_none ? 0 : error);
    addresses_.push_back(fd < 0 ? listen.address : bound_address(fd));
  }
  return 0;
}

int LinuxHttpServer::start() {
  if (const int error = open_listeners(); error != 0) return error;
  wakeup_fd_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (wakeup_fd_ < 0) return errno;

  const int created = start_thread(thread_, kStackBytes, &LinuxHttpServer::main, this);
  if (created != 0) return created;
  started_ = true;
  ready_.acquire();
  return start_error_;
}

void LinuxHttpServer::notify() {
  if (!notified_.exchange(true)) raise_eventfd(wakeup_fd_);
}

void LinuxHttpServer::open_again() {
  is_to_open_again_ = true;
  raise_eventfd(wakeup_fd_);
}

void LinuxHttpServer::open_again(bool was_asked) {
  bool is_any_closed = false;
  for (const auto& listener : listeners_) {
    if (listener->error == 0) continue;
    int error = 0;
    listener->fd = open_http_listener(listener->listen->address, error);
    if (listener->fd >= 0) error = set_up(*listener);
    if (error != 0) give_up(*listener);
    listener->error = error;
    is_any_closed = is_any_closed || error != 0;
    if (error == 0 || was_asked) handler_.on_listen(*listener->listen, error);
  }
  set_accepting();
  if (!is_any_closed) event_del(&listen_again_);
}

void LinuxHttpServer::give_up(Listener& listener) {
  if (listener.http != nullptr) evhttp_free(std::exchange(listener.http, nullptr));
  listener.accepting = nullptr;
  if (listener.fd >= 0) close(std::exchange(listener.fd, -1));
}

HttpExchange* LinuxHttpServer::find(uint64_t id) {
  const auto found = std::find_if(connections_.begin(), connections_.end(), [&](const auto& one) {
    return one->has_exchange() && one->id() == id;
  });
  return found == connections_.end() ? nullptr : found->get();
}

void LinuxHttpServer::set_identity(std::shared_ptr<TlsIdentity> identity) {
  const std::lock_guard lock(identity_mutex_);
  identity_ = std::move(identity);
}

std::shared_ptr<TlsIdentity> LinuxHttpServer::identity() {
  const std::lock_guard lock(identity_mutex_);
  return identity_;
}

Millis LinuxHttpServer::now() const {
  timespec at{};
  clock_gettime(CLOCK_MONOTONIC, &at);
  return Millis(int64_t{at.tv_sec} * 1000 + at.tv_nsec / 1'000'000);
}

void* LinuxHttpServer::main(void* self) {
  auto& server = *static_cast<LinuxHttpServer*>(self);
  begin_thread("admin", Standing::Behind);
  this_server = &server;
  const LibraryMemory memory(server.options_.heap_bytes, HeapUse::ForAdmin);
  server.heap_ = &memory.heap();
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
  event_assign(&wakeup_, base_, wakeup_fd_, EV_READ | EV_PERSIST, &LinuxHttpServer::on_wakeup,
               this);
  event_assign(&tick_, base_, -1, EV_PERSIST, &LinuxHttpServer::on_tick, this);
  event_assign(&listen_again_, base_, -1, EV_PERSIST, &LinuxHttpServer::on_listen_again, this);
  if (event_add(&wakeup_, nullptr) != 0) return ENOMEM;
  make_spare();
  bool is_any_closed = false;
  for (const auto& listener : listeners_) {
    const int error = listener->fd >= 0 ? set_up(*listener) : 0;
    if (error != 0) return error;
    is_any_closed = is_any_closed || listener->error != 0;
  }
  const int64_t again_ms = options_.listen_again.count();
  const timeval again{again_ms / 1000, again_ms % 1000 * 1000};
  return is_any_closed && event_add(&listen_again_, &again) != 0 ? ENOMEM : 0;
}

int LinuxHttpServer::set_up(Listener& listener) {
  listener.http = evhttp_new(base_);
  if (listener.http == nullptr) return ENOMEM;
  // Times are watched by the connections themselves: evhttp knows none for a whole request.
  evhttp_set_max_headers_size(listener.http, kHttpHeadMax);
  evhttp_set_max_body_size(listener.http,
                           static_cast<ev_ssize_t>(body_bytes_max(listener.is_local())));
  evhttp_set_default_content_type(listener.http, nullptr);
  evhttp_set_allowed_methods(listener.http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD |
                                                EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
                                                EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
  evhttp_set_gencb(listener.http, &LinuxHttpServer::on_request, this);
  evhttp_set_bevcb(listener.http, &LinuxHttpServer::on_connection, &listener);
  // evhttp closes the descriptor that it is given; the one kept here outlives the thread.
  const int fd = dup(listener.fd);
  if (fd < 0) return errno;
  evhttp_bound_socket* const bound = evhttp_accept_socket_with_handle(listener.http, fd);
  if (bound == nullptr) {
    close(fd);
    return ENOMEM;
  }
  listener.accepting = evhttp_bound_socket_get_listener(bound);
  evconnlistener_set_error_cb(listener.accepting, &LinuxHttpServer::on_accept_failed);
  return 0;
}

void LinuxHttpServer::run() {
  handler_.on_start();
  while (!stopping_) {
    event_base_loop(base_, resumed_.empty() ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK);
    end_turn();
  }
}

// What came up in the turn goes on here, where no handler is at work.
void LinuxHttpServer::end_turn() {
  std::vector<HttpConnection*> resumed;
  resumed.swap(resumed_);
  std::sort(resumed.begin(), resumed.end());
  resumed.erase(std::unique(resumed.begin(), resumed.end()), resumed.end());
  for (HttpConnection* const connection : resumed)
    if (!connection->is_dead()) connection->advance();
  std::erase_if(lingering_, [](const auto& one) { return one->has_ended(); });
  if (spare_ == nullptr) make_spare();
  set_accepting();
  set_tick();
}

void LinuxHttpServer::tear_down() {
  if (base_ == nullptr) return;
  for (const auto& listener : listeners_)
    if (listener->http != nullptr) evhttp_free(listener->http);
  if (spare_ != nullptr) bufferevent_free(spare_->front());
  // Connections go when libevent has let go of their sockets, which takes a few turns.
  constexpr int kTurnsMax = 100;
  for (int i = 0; i < kTurnsMax && (spare_ != nullptr || !connections_.empty()); ++i)
    event_base_loop(base_, EVLOOP_ONCE | EVLOOP_NONBLOCK);
  connections_.clear();
  lingering_.clear();
  event_del(&tick_);
  event_del(&listen_again_);
  event_del(&wakeup_);
  event_base_free(base_);
}

void LinuxHttpServer::on_wakeup(int fd, short, void* self) {
  auto& server = *static_cast<LinuxHttpServer*>(self);
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = read(fd, &count, sizeof count);
  if (server.notified_.exchange(false)) server.handler_.on_poll();
  if (server.is_to_open_again_.exchange(false)) server.open_again(true);
}

void LinuxHttpServer::on_listen_again(int, short, void* self) {
  static_cast<LinuxHttpServer*>(self)->open_again(false);
}

void LinuxHttpServer::on_tick(int, short, void* self) {
  auto& server = *static_cast<LinuxHttpServer*>(self);
  const Millis now = server.now();
  for (const auto& connection : server.connections_) connection->check_time(now);
  for (const auto& one : server.lingering_) one->check_time(now);
  if (server.accept_rests_) {
    server.accept_rests_ = false;
    server.set_accepting();
  }
  server.handler_.on_tick();
  server.set_tick();
}

void LinuxHttpServer::set_tick() {
  const bool wanted = !connections_.empty() || !lingering_.empty() || accept_rests_;
  const bool pending = event_pending(&tick_, EV_TIMEOUT, nullptr) != 0;
  if (wanted && !pending) event_add(&tick_, &kTick);
  if (!wanted && pending) event_del(&tick_);
}

// Who may open the socket is trusted to wait; strangers must not keep others out.
void LinuxHttpServer::set_accepting() {
  const bool any = spare_ != nullptr && !accept_rests_;
  const bool local = any && count(true) < options_.connections_max;
  for (const auto& listener : listeners_) {
    if (listener->accepting == nullptr) continue;
    if (listener->is_local() ? local : any) {
      evconnlistener_enable(listener->accepting);
    } else {
      evconnlistener_disable(listener->accepting);
    }
  }
}

// libevent does not look everywhere whether it got what it asked for, so that its small things must
// never find the heap full: those that can be refused are, while there is still room.
bool LinuxHttpServer::has_room(size_t bytes) const {
  const size_t kept =
      std::min(options_.connections_max * kConnectionBytes, heap_->capacity() / 8 * 3);
  return heap_->capacity() - heap_->used() >= kept + bytes;
}

void LinuxHttpServer::make_spare() {
  if (heap_->capacity() - heap_->used() < kConnectionBytes) return;
  auto spare = std::make_unique<HttpConnection>(*this);
  if (spare->front() != nullptr) spare_ = std::move(spare);
}

void LinuxHttpServer::on_accept_failed(evconnlistener*, void*) {
  this_server->accept_rests_ = true;
  this_server->set_accepting();
  this_server->set_tick();
}

bufferevent* LinuxHttpServer::on_connection(event_base*, void* listener) {
  const auto& from = *static_cast<const Listener*>(listener);
  LinuxHttpServer& server = *from.server;
  HttpConnection& connection = *server.spare_;
  const bool has_room = from.is_local() || server.make_room();
  const bool is_encrypted = !from.is_local() && from.listen->encrypted;
  connection.take(from.is_local(), is_encrypted ? server.identity() : nullptr);
  if (!has_room) connection.end_later();
  server.connections_.push_back(std::move(server.spare_));
  server.make_spare();
  server.set_accepting();
  server.set_tick();
  return connection.front();
}

void LinuxHttpServer::on_request(evhttp_request* request, void* self) {
  auto& server = *static_cast<LinuxHttpServer*>(self);
  const bufferevent* const front =
      evhttp_connection_get_bufferevent(evhttp_request_get_connection(request));
  for (const auto& connection : server.connections_)
    if (connection->front() == front) return connection->on_request(*request);
}

void LinuxHttpServer::forget(HttpConnection& connection, int fd, bool lingers) {
  std::erase(resumed_, &connection);
  if (&connection == spare_.get()) return spare_.reset();
  if (lingers && lingering_.size() < options_.connections_max && !stopping_) {
    lingering_.push_back(std::make_unique<HttpLinger>(base_, fd, now()));
  } else if (fd >= 0) {
    close(fd);
  }
  std::erase_if(connections_, [&](const auto& one) { return one.get() == &connection; });
}

size_t LinuxHttpServer::count(bool local) const {
  return static_cast<size_t>(
      std::count_if(connections_.begin(), connections_.end(), [&](const auto& connection) {
        return !connection->is_dead() && connection->is_local() == local;
      }));
}

// Room for one more of TCP: where there is none, the connection goes that has waited longest between
// two requests or within one, of the source that has the most of them. Of a source that has more than
// its share those go too that do not take their answers.
bool LinuxHttpServer::make_room() {
  if (count(false) < options_.connections_max) return true;
  const auto share = static_cast<std::ptrdiff_t>(options_.connections_max / 4);
  const Millis time = now();
  HttpConnection* victim = nullptr;
  std::ptrdiff_t most = 0;
  for (const auto& one : connections_) {
    if (one->is_local() || one->is_dead()) continue;
    const auto same = std::count_if(
        connections_.begin(), connections_.end(),
        [&](const auto& other) { return !other->is_dead() && other->source() == one->source(); });
    if (!one->may_be_displaced(time, same > share)) continue;
    const bool better = victim == nullptr || same > most ||
                        (same == most && one->last_move() < victim->last_move());
    if (!better) continue;
    victim = one.get();
    most = same;
  }
  if (victim == nullptr) return false;
  victim->kill();
  return true;
}

bool LinuxHttpServer::may_ask(HttpConnection& connection) {
  return connection.is_local() || options_.requests_per_second == 0 ||
         requests_.take(connection.source(), now());
}

bool LinuxHttpServer::may_begin_tls(HttpConnection& connection) {
  return options_.handshakes_per_second == 0 || handshakes_.take(connection.source(), now());
}

bool LinuxHttpServer::may_stream() const {
  const auto streams =
      std::count_if(connections_.begin(), connections_.end(),
                    [](const auto& connection) { return connection->is_stream(); });
  return static_cast<size_t>(streams) < options_.streams_max;
}

std::unique_ptr<HttpServer> start_http_server(const HttpOptions& options, HttpHandler& handler,
                                              int& error) {
  auto server = std::make_unique<LinuxHttpServer>(options, handler);
  error = server->start();
  if (error != 0) return nullptr;
  return server;
}

}  // namespace tipring::port
