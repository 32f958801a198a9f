#include "port/linux/http_connection.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "port/crypto.h"
#include "port/linux/http_head.h"
#include "port/linux/linux_http_server.h"
#include "port/linux/socket_address.h"

namespace tipring::port {
namespace {

constexpr size_t kSocketBytes = 16 * 1024;  // read ahead of what is needed
constexpr size_t kPieceBytes = 16 * 1024;   // of an answer, given to the socket at once
constexpr int kAnswerTimes = 4;             // request_timeout: for the whole of an answer
constexpr Millis kTakesNothing{2000};
constexpr char kInPlaceOfARefused[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

// Copied behind what is there: kept as it has come, a byte that comes alone holds a block of its own.
bool append(evbuffer* from, evbuffer* into) {
  std::array<char, 4096> text;
  bool good = true;
  for (int got = 1; good && got > 0;) {
    got = evbuffer_remove(from, text.data(), text.size());
    good = got <= 0 || evbuffer_add(into, text.data(), static_cast<size_t>(got)) == 0;
  }
  wipe(text);
  return good;
}

// The front is a filter only because evhttp takes no other bufferevent with a socket behind it: what
// comes and goes is moved from here, at times of our own.
bufferevent_filter_result moves_nothing(evbuffer*, evbuffer*, ev_ssize_t, bufferevent_flush_mode,
                                        void*) {
  return BEV_NEED_MORE;
}

}  // namespace

HttpConnection::HttpConnection(LinuxHttpServer& server) : server_(server) {
  held_ = evbuffer_new();
  socket_ = bufferevent_socket_new(server.base(), -1, 0);
  if (held_ == nullptr || socket_ == nullptr) return;
  front_ = bufferevent_filter_new(socket_, &moves_nothing, &moves_nothing, BEV_OPT_CLOSE_ON_FREE,
                                  &HttpConnection::on_freed, this);
  if (front_ == nullptr) return;
  bufferevent_setcb(socket_, &HttpConnection::on_readable, &HttpConnection::on_writable,
                    &HttpConnection::on_event, this);
  bufferevent_setwatermark(socket_, EV_READ, 0, kSocketBytes);
}

// With a front, it has ended before this.
HttpConnection::~HttpConnection() {
  if (front_ == nullptr && socket_ != nullptr) bufferevent_free(socket_);
  if (held_ != nullptr) evbuffer_free(held_);
}

void HttpConnection::take(bool local, std::shared_ptr<TlsIdentity> identity) {
  local_ = local;
  identity_ = std::move(identity);
  last_move_ = since_ = server_.now();
}

const IpAddress& HttpConnection::source() {
  KernelAddress address{};
  socklen_t size = sizeof address;
  if (!local_ && peer_.ip.family == Family::None &&
      getpeername(bufferevent_getfd(socket_), &address.any, &size) == 0)
    peer_ = from_kernel(&address.any);
  return peer_.ip;
}

// Between evhttp's call and here nothing of the two bufferevents is used any more, and the descriptor
// is still open.
void HttpConnection::on_freed(void* self) {
  auto& connection = *static_cast<HttpConnection*>(self);
  const int fd = bufferevent_getfd(connection.socket_);
  connection.state_ = State::Dead;
  bufferevent_setfd(connection.socket_, -1);
  connection.stop_watching();
  connection.server_.forget(connection, fd, connection.lingers_);
}

void HttpConnection::kill() {
  if (state_ == State::Dead) return;
  lingers_ = false;
  // evhttp ends the connection as if the client had; on_closed() is called when it knows of it.
  bufferevent_trigger_event(front_, BEV_EVENT_READING | BEV_EVENT_EOF, 0);
  state_ = State::Dead;
}

void HttpConnection::on_closed(evhttp_connection*, void* self) {
  auto& connection = *static_cast<HttpConnection*>(self);
  connection.forget_body();
  connection.stop_watching();
  if (connection.tls_ != nullptr && connection.lingers_)
    connection.tls_->finish(bufferevent_getfd(connection.socket_));
  connection.close_exchange();
}

// A request that was not answered has been taken off its connection and is freed as it is ended.
void HttpConnection::close_exchange() {
  const State before = state_;
  state_ = State::Dead;
  evhttp_request* const request = std::exchange(request_, nullptr);
  if (before != State::Waiting && before != State::Streaming) return;
  if (evhttp_request_get_connection(request) == nullptr) evhttp_send_reply_end(request);
  if (before == State::Streaming) return server_.handler().on_stream_closed(id_);
  server_.handler().on_answered(id_, 0);
}

void HttpConnection::end_later() {
  doomed_ = true;
  server_.resume(*this);
}

void HttpConnection::advance() {
  if (doomed_) return kill();
  if (state_ == State::Receiving) receive();
}

void HttpConnection::on_event(bufferevent*, short what, void* self) {
  auto& connection = *static_cast<HttpConnection*>(self);
  const bool answering =
      connection.state_ == State::Waiting || connection.state_ == State::Answering;
  // A client that has only ended its own direction still waits for the answer.
  connection.half_closed_ = (what & BEV_EVENT_EOF) != 0 && answering && !connection.has_hung_up();
  if (!connection.half_closed_) connection.kill();
}

bool HttpConnection::has_hung_up() const {
  pollfd state{bufferevent_getfd(socket_), 0, 0};
  return poll(&state, 1, 0) == 1 && (state.revents & (POLLHUP | POLLERR)) != 0;
}

// evhttp does not read while it waits for an answer, so it would not notice the client's going.
void HttpConnection::on_left(int, short, void* self) {
  auto& connection = *static_cast<HttpConnection*>(self);
  if (connection.state_ == State::Waiting && connection.has_hung_up()) connection.kill();
}

void HttpConnection::stop_watching() {
  if (event_initialized(&left_) != 0) event_del(&left_);
}

void HttpConnection::on_readable(bufferevent*, void* self) {
  static_cast<HttpConnection*>(self)->receive();
}

void HttpConnection::receive() {
  evbuffer* const input = bufferevent_get_input(socket_);
  // Who reads a stream has nothing more to say.
  if (state_ == State::Streaming) evbuffer_drain(input, evbuffer_get_length(input));
  while (state_ == State::Receiving && !doomed_) {
    process();
    const size_t there = evbuffer_get_length(input);
    if (state_ != State::Receiving || there == 0) break;
    last_move_ = server_.now();
    // The first request has its time from the connection's begin on, with the handshake.
    if (has_begun_ && evbuffer_get_length(held_) == 0) since_ = last_move_;
    if (identity_ != nullptr && tls_ == nullptr && !begin_tls()) return;
    const bool taken = tls_ != nullptr ? tls_->read(held_) : append(input, held_);
    if (!taken) return end_later();
  }
  if (state_ == State::Receiving && half_closed_) end_later();
}

// A client that has taken the port for one without TLS is told so.
bool HttpConnection::begin_tls() {
  constexpr size_t kStart = 6;               // a record's head and its first byte
  constexpr unsigned char kHandshake = 22;   // RFC 5246 6.2.1
  constexpr unsigned char kClientHello = 1;  // RFC 5246 7.4
  evbuffer* const input = bufferevent_get_input(socket_);
  std::array<unsigned char, kStart> start{};
  const ev_ssize_t there = evbuffer_copyout(input, start.data(), start.size());
  if (start.front() >= 'A' && start.front() <= 'Z') {
    evbuffer_drain(input, evbuffer_get_length(input));
    refuse(400);
    return false;
  }
  // mbedTLS 3 would wait for the rest of whatever handshake message this says it is.
  const bool is_hello =
      start.front() == kHandshake && (there < ev_ssize_t{kStart} || start.back() == kClientHello);
  // It waits with what it has sent: check_time() comes back to it.
  waits_for_tls_ = is_hello && !server_.may_begin_tls(*this);
  if (waits_for_tls_) return false;
  if (is_hello) tls_ = HttpTls::make(identity_, input, bufferevent_get_output(socket_));
  if (tls_ == nullptr) end_later();
  return tls_ != nullptr;
}

bool HttpConnection::write(std::string_view bytes) {
  if (tls_ != nullptr) return tls_->write(bytes);
  return evbuffer_add(bufferevent_get_output(socket_), bytes.data(), bytes.size()) == 0;
}

void HttpConnection::process() {
  const size_t held = evbuffer_get_length(held_);
  if (held < whole_bytes_ && held > kHttpHeadMax && !server_.has_room(0)) return refuse(503);
  if (held == 0 || held < whole_bytes_) return;
  const auto size = static_cast<ev_ssize_t>(std::min(held, kHttpHeadMax + 1));
  const auto* const text = reinterpret_cast<const char*>(evbuffer_pullup(held_, size));
  if (text == nullptr) return end_later();
  const HttpHead head = check_http_head({text, static_cast<size_t>(size)});
  if (head.status == 0) return;
  if (head.status != 200) return refuse(head.status);
  if (head.body_bytes > server_.body_bytes_max(local_)) return refuse(413);
  // In the end it lies in one block, twice as large at most.
  if (head.body_bytes > kHttpHeadMax && !server_.has_room(2 * head.body_bytes)) return refuse(503);
  whole_bytes_ = head.bytes + head.body_bytes;
  if (held >= whole_bytes_) return deliver(head.bytes, head.body_bytes);
  if (!head.expects_continue || held != head.bytes || continued_) return;
  continued_ = true;
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  if (!write(kContinue)) end_later();
}

void HttpConnection::deliver(size_t head_bytes, size_t body_bytes) {
  if (!local_ && source().family == Family::None) return end_later();
  constexpr size_t kLineEnd = 2;
  std::array<char, kLineEnd> start{};
  evbuffer_copyout(held_, start.data(), start.size());
  // evhttp does not know that one may stand there: RFC 9112 2.2.
  const size_t empty_line = start[0] == '\r' ? kLineEnd : 0;
  evbuffer_drain(held_, empty_line);
  hand_over(head_bytes - empty_line + body_bytes);
}

// In one piece, so that the body is in one too, and nothing of it stays behind here.
void HttpConnection::hand_over(size_t bytes) {
  evbuffer* const input = bufferevent_get_input(front_);
  evbuffer_iovec room{};
  if (evbuffer_reserve_space(input, static_cast<ev_ssize_t>(bytes), &room, 1) != 1)
    return end_later();
  auto* to = static_cast<char*>(room.iov_base);
  for (size_t left = bytes; left > 0;) {
    evbuffer_iovec from{};
    evbuffer_peek(held_, static_cast<ev_ssize_t>(left), nullptr, &from, 1);
    const std::span<char> piece(static_cast<char*>(from.iov_base), std::min(left, from.iov_len));
    to = std::copy(piece.begin(), piece.end(), to);
    wipe(piece);
    left -= piece.size();
    evbuffer_drain(held_, piece.size());
  }
  room.iov_len = bytes;
  evbuffer_commit_space(input, &room, 1);
  has_begun_ = true;
  state_ = State::Answering;
  evhttp_answers_ = lingers_ = true;  // unless on_request() is called
  since_ = last_move_ = server_.now();
  bufferevent_trigger(front_, EV_READ, 0);
  pump();
}

// The answer takes the way of all others.
void HttpConnection::refuse(int status) {
  refusal_ = status;
  evbuffer_drain(held_, evbuffer_get_length(held_));
  evbuffer_add(held_, kInPlaceOfARefused, sizeof kInPlaceOfARefused - 1);
  hand_over(sizeof kInPlaceOfARefused - 1);
}

bool HttpConnection::may_be_displaced(Millis now, bool has_many) const {
  if (state_ == State::Receiving) return true;
  return state_ == State::Answering && (has_many || now - last_move_ > kTakesNothing);
}

size_t HttpConnection::queued() const {
  return evbuffer_get_length(bufferevent_get_output(front_));
}

// Gives the socket the next piece, once it has taken the one before. That stays in the front's
// output until then: evhttp takes an empty one for sent.
void HttpConnection::pump() {
  if (pending_ != 0 || state_ == State::Dead) return;
  evbuffer* const output = bufferevent_get_output(front_);
  pending_ = std::min(evbuffer_get_length(output), kPieceBytes);
  if (pending_ == 0) return;
  const auto* const bytes =
      reinterpret_cast<const char*>(evbuffer_pullup(output, static_cast<ev_ssize_t>(pending_)));
  if (bytes == nullptr || !write({bytes, pending_})) end_later();
}

void HttpConnection::on_writable(bufferevent*, void* self) {
  static_cast<HttpConnection*>(self)->sent();
}

void HttpConnection::sent() {
  if (pending_ == 0 || state_ == State::Dead) return;
  last_move_ = server_.now();
  evbuffer_drain(bufferevent_get_output(front_), std::exchange(pending_, 0));
  pump();
  if (refused_ && queued() <= server_.options().stream_bytes_max / 2) {
    refused_ = false;
    if (state_ == State::Streaming) server_.handler().on_stream_ready(id_);
  }
  if (state_ != State::Answering || queued() != 0) return;
  bufferevent_trigger(front_, EV_WRITE, 0);
  // evhttp closes behind an answer of its own, and need not have been told of us.
  if (evhttp_answers_) state_ = State::Dead;
  if (state_ == State::Dead) return;
  state_ = State::Receiving;
  whole_bytes_ = 0;
  continued_ = false;
  lingers_ = false;
  since_ = server_.now();
  receive();
}

void HttpConnection::forget_body() {
  wipe(body_);
  body_ = {};
}

void HttpConnection::check_time(Millis now) {
  const HttpOptions& options = server_.options();
  const bool still = now - last_move_ > options.timeout;
  switch (state_) {
    case State::Receiving: {
      const bool silent = evbuffer_get_length(held_) == 0;
      const Millis limit = whole_bytes_ != 0 ? options.request_timeout : options.head_timeout;
      const bool late = now - since_ > limit;
      if (still || (silent && !has_begun_ && late)) return kill();
      if (!silent && late) return refuse(408);
      if (waits_for_tls_) server_.resume(*this);
      return;
    }
    case State::Waiting: return;
    case State::Answering:
      if (still || now - since_ > kAnswerTimes * options.request_timeout) kill();
      return;
    case State::Streaming:
      if (still && queued() != 0) kill();
      return;
    case State::Dead: return;
  }
}

}  // namespace tipring::port
