// One client of the HTTP server: evhttp serves its requests, and this stands between evhttp and the
// socket. A request is held here until it is whole, within limits of size and time, and refused when
// two readers might understand it in two ways; so evhttp has one good request at a time and never
// waits for more. Answers go out from evhttp's buffer piece by piece. Internal to port/linux.
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "port/http_server.h"
#include "port/linux/http_tls.h"

struct bufferevent;
struct evbuffer;
struct evhttp_connection;
struct evhttp_request;

namespace tipring::port {

class LinuxHttpServer;

class HttpConnection final : public HttpExchange {
 public:
  explicit HttpConnection(LinuxHttpServer& server);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // What evhttp is given as its connection; null without memory.
  bufferevent* front() { return front_; }
  // From here on evhttp owns the front, and this with it: LinuxHttpServer::forget() when it ends.
  // Without an identity it is plain.
  void take(bool local, std::shared_ptr<TlsIdentity> identity);

  HttpMethod method() const override;
  std::string_view path() const override { return path_; }
  std::string_view query(std::string_view name) const override;
  std::string_view header(std::string_view name) const override;
  std::string_view cookie(std::string_view name) const override;
  std::string_view body() const override { return {body_.data(), body_.size()}; }
  uint64_t id() const override { return id_; }
  SocketAddress peer() const override { return peer_; }
  bool encrypted() const override { return tls_ != nullptr; }
  void answer(const HttpAnswer& answer) override;
  bool begin_stream(const HttpAnswer& head) override;
  bool send(std::string_view bytes) override;
  void end() override;

  void on_request(evhttp_request& request);
  void check_time(Millis now);
  void kill();       // not from within a handler
  void advance();    // between two turns of the loop
  void end_later();  // then, too

  bool is_dead() const { return state_ == State::Dead; }
  bool is_local() const { return local_; }
  bool is_stream() const { return state_ == State::Streaming; }
  bool has_exchange() const { return state_ == State::Waiting || state_ == State::Streaming; }
  // By another client: while it sends nothing whole, or does not take its answer; of a client that has
  // more than its share at once.
  bool may_be_displaced(Millis now, bool has_many) const;
  Millis last_move() const { return last_move_; }
  const IpAddress& source();

 private:
  enum class State : uint8_t {
    Receiving,  // a request, or nothing yet
    Waiting,    // for the handler's answer
    Answering,  // until all of it is sent
    Streaming,
    Dead,
  };

  static void on_readable(bufferevent* socket, void* self);
  static void on_writable(bufferevent* socket, void* self);
  static void on_event(bufferevent* socket, short what, void* self);
  static void on_left(int fd, short what, void* self);
  static void on_closed(evhttp_connection* connection, void* self);
  static void on_freed(void* self);

  void receive();
  bool begin_tls();
  bool write(std::string_view bytes);
  void process();
  void deliver(size_t head_bytes, size_t body_bytes);
  void hand_over(size_t bytes);
  void refuse(int status);
  void put_head(const HttpAnswer& answer);
  void put_answer(const HttpAnswer& answer);
  void pump();
  void sent();
  void close_exchange();
  void forget_body();
  void stop_watching();
  bool has_hung_up() const;
  size_t queued() const;

  LinuxHttpServer& server_;
  bufferevent* socket_ = nullptr;
  bufferevent* front_ = nullptr;
  evbuffer* held_ = nullptr;
  std::shared_ptr<TlsIdentity> identity_;
  std::unique_ptr<HttpTls> tls_;
  event left_{};
  bool local_ = false;
  SocketAddress peer_;
  State state_ = State::Receiving;
  evhttp_request* request_ = nullptr;
  uint64_t id_ = 0;
  int refusal_ = 0;         // status for the request that evhttp gets in place of a bad one
  bool continued_ = false;  // 100 was sent for the request that comes in
  bool refused_ = false;    // a send(), since the queue was last half empty
  bool half_closed_ = false;
  bool doomed_ = false;
  bool evhttp_answers_ = false;  // what it refuses by itself
  bool lingers_ = false;         // the client may not have read all of its answer when it ends
  bool has_begun_ = false;       // a request has come before
  bool waits_for_tls_ = false;   // others of its source have shaken hands too often of late
  size_t whole_bytes_ = 0;       // of the request that is held, once its head is known
  size_t pending_ = 0;           // bytes of the front's output that the socket has yet to take
  std::string path_;
  std::vector<std::pair<std::string, std::string>> query_;
  std::span<char> body_;  // in the request's own buffer
  Millis last_move_;
  Millis since_;  // of the state
};

}  // namespace tipring::port
