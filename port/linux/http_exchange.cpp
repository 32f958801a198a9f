// What a handler of the HTTP server sees of a request, and its answer.
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <sys/socket.h>

#include <algorithm>

#include "port/linux/http_connection.h"
#include "port/linux/http_head.h"
#include "port/linux/http_request.h"
#include "port/linux/linux_http_server.h"

namespace tipring::port {
namespace {

constexpr size_t kSmallAnswer = 4096;          // has room in any case
constexpr int kStreamSocketBytes = 32 * 1024;  // so that a slow reader is seen before long

std::string_view text_or_empty(const char* text) {
  return text == nullptr ? std::string_view() : text;
}

// What evhttp has no words for.
const char* reason_of(int status) {
  switch (status) {
    case 308: return "Permanent Redirect";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 507: return "Insufficient Storage";
    default: return nullptr;
  }
}

}  // namespace

void HttpConnection::on_request(evhttp_request& request) {
  request_ = &request;
  state_ = State::Waiting;
  evhttp_answers_ = false;
  evhttp_connection* const connection = evhttp_request_get_connection(&request);
  evhttp_connection_set_closecb(connection, &HttpConnection::on_closed, this);
  const evhttp_uri* const uri = evhttp_request_get_evhttp_uri(&request);
  path_ = decode_percent(text_or_empty(evhttp_uri_get_path(uri)), false);
  query_ = parse_query(text_or_empty(evhttp_uri_get_query(uri)));
  evbuffer* const input = evhttp_request_get_input_buffer(&request);
  const size_t size = evbuffer_get_length(input);
  auto* const bytes = reinterpret_cast<char*>(evbuffer_pullup(input, -1));
  if (size != 0 && bytes != nullptr) body_ = {bytes, size};
  // No name of ours holds control characters, and what reads such a path may take the half for the
  // whole.
  if (refusal_ == 0 && !is_http_value(path_)) refusal_ = 400;
  if (refusal_ == 0 && !server_.may_ask(*this)) refusal_ = 429;
  if (refusal_ == 0 && body_.size() != size) refusal_ = 503;
  if (refusal_ != 0) {
    const HttpHeader headers[] = {{"Connection", "close"}, {"Retry-After", "1"}};
    const bool again = refusal_ == 429 || refusal_ == 503;
    return put_answer(
        {refusal_, "text/plain", "the request was refused\n", std::span(headers, again ? 2 : 1)});
  }
  event_assign(&left_, server_.base(), bufferevent_getfd(socket_), EV_CLOSED,
               &HttpConnection::on_left, this);
  event_add(&left_, nullptr);
  id_ = server_.next_id();
  server_.handler().on_exchange(*this);
}

HttpMethod HttpConnection::method() const {
  switch (evhttp_request_get_command(request_)) {
    case EVHTTP_REQ_GET:
    case EVHTTP_REQ_HEAD: return HttpMethod::Get;
    case EVHTTP_REQ_POST: return HttpMethod::Post;
    case EVHTTP_REQ_PUT: return HttpMethod::Put;
    case EVHTTP_REQ_PATCH: return HttpMethod::Patch;
    case EVHTTP_REQ_DELETE: return HttpMethod::Delete;
    default: return HttpMethod::Other;
  }
}

std::string_view HttpConnection::query(std::string_view name) const {
  const auto found = std::find_if(query_.begin(), query_.end(),
                                  [&](const auto& pair) { return pair.first == name; });
  return found == query_.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view HttpConnection::header(std::string_view name) const {
  const evkeyvalq* const headers = evhttp_request_get_input_headers(request_);
  return text_or_empty(evhttp_find_header(headers, std::string(name).c_str()));
}

std::string_view HttpConnection::cookie(std::string_view name) const {
  return find_cookie(header("Cookie"), name);
}

void HttpConnection::put_head(const HttpAnswer& answer) {
  evkeyvalq* const headers = evhttp_request_get_output_headers(request_);
  const auto add = [&](std::string_view name, std::string_view value) {
    if (is_http_value(name) && is_http_value(value))
      evhttp_add_header(headers, std::string(name).c_str(), std::string(value).c_str());
  };
  if (!answer.content_type.empty()) add("Content-Type", answer.content_type);
  for (const HttpHeader& header : answer.headers) add(header.name, header.value);
  for (const auto& [name, value] : server_.options().headers) add(name, value);
  if (encrypted())
    for (const auto& [name, value] : server_.options().encrypted_headers) add(name, value);
  if (evhttp_find_header(headers, "Cache-Control") == nullptr) add("Cache-Control", "no-store");
  // evhttp knows it only where it stands alone.
  if (has_http_token(header("Connection"), "close")) {
    evhttp_remove_header(headers, "Connection");
    add("Connection", "close");
  }
}

void HttpConnection::answer(const HttpAnswer& answer) {
  if (state_ != State::Waiting) return;
  put_answer(answer);
  server_.handler().on_answered(id_, answer.status);
}

void HttpConnection::put_answer(const HttpAnswer& answer) {
  stop_watching();
  put_head(answer);
  const bool has_body = answer.status != 204 && answer.status != 304;
  const bool sends_body = has_body && evhttp_request_get_command(request_) != EVHTTP_REQ_HEAD;
  evkeyvalq* const headers = evhttp_request_get_output_headers(request_);
  if (has_body)
    evhttp_add_header(headers, "Content-Length", std::to_string(answer.body.size()).c_str());
  int status = answer.status;
  evbuffer* const output = evhttp_request_get_output_buffer(request_);
  // It lies in one block, twice as large at most.
  const size_t size = answer.body.size();
  const bool has_room = size <= kSmallAnswer || server_.has_room(2 * size);
  if (sends_body && (!has_room || evbuffer_add(output, answer.body.data(), size) != 0)) {
    evhttp_clear_headers(headers);
    evhttp_add_header(headers, "Connection", "close");
    status = 503;
  }
  forget_body();  // which the answer may have been made of
  state_ = State::Answering;
  since_ = last_move_ = server_.now();
  evhttp_send_reply(std::exchange(request_, nullptr), status, reason_of(status), nullptr);
  pump();
}

bool HttpConnection::begin_stream(const HttpAnswer& head) {
  if (state_ != State::Waiting || !server_.may_stream()) return false;
  stop_watching();
  put_head(head);
  evkeyvalq* const headers = evhttp_request_get_output_headers(request_);
  evhttp_remove_header(headers, "Connection");
  evhttp_add_header(headers, "Connection", "close");
  setsockopt(bufferevent_getfd(socket_), SOL_SOCKET, SO_SNDBUF, &kStreamSocketBytes,
             sizeof kStreamSocketBytes);
  state_ = State::Streaming;
  since_ = last_move_ = server_.now();
  evhttp_send_reply_start(request_, head.status, reason_of(head.status));
  send(head.body);
  forget_body();
  pump();
  server_.handler().on_answered(id_, head.status);
  return true;
}

bool HttpConnection::send(std::string_view bytes) {
  if (state_ != State::Streaming) return false;
  if (bytes.empty()) return true;
  // A single piece may be larger than the queue; then it has to be alone in it.
  const bool fits =
      (queued() == 0 || queued() + bytes.size() <= server_.options().stream_bytes_max) &&
      server_.has_room(2 * bytes.size());
  evbuffer* const piece = fits ? evbuffer_new() : nullptr;
  const bool taken = piece != nullptr && evbuffer_add(piece, bytes.data(), bytes.size()) == 0;
  if (taken) {
    if (queued() == 0) last_move_ = server_.now();
    evhttp_send_reply_chunk(request_, piece);
    pump();
  }
  if (piece != nullptr) evbuffer_free(piece);
  refused_ = refused_ || !taken;
  return taken;
}

void HttpConnection::end() {
  if (state_ != State::Streaming) return;
  state_ = State::Answering;
  since_ = last_move_ = server_.now();
  evhttp_send_reply_end(std::exchange(request_, nullptr));
  if (state_ != State::Dead) pump();
}

}  // namespace tipring::port
