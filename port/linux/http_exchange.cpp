#include "port/linux/http_exchange.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <poll.h>

#include <algorithm>

#include "port/crypto.h"
#include "port/linux/linux_http_server.h"

namespace tipring::port {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string_view text_or_empty(const char* text) {
  return text == nullptr ? std::string_view() : text;
}

}  // namespace

std::string decode_percent(std::string_view text, bool form) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const bool encoded = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                         hex_value(text[i + 2]) >= 0;
    if (encoded) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += form && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!text.empty()) {
    const size_t end = std::min(text.find('&'), text.size());
    const std::string_view piece = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (piece.empty()) continue;
    const size_t equals = std::min(piece.find('='), piece.size());
    const std::string_view value = piece.substr(std::min(equals + 1, piece.size()));
    pairs.emplace_back(decode_percent(piece.substr(0, equals), true), decode_percent(value, true));
  }
  return pairs;
}

LinuxHttpExchange::LinuxHttpExchange(LinuxHttpServer& server, evhttp_request& request, uint64_t id)
    : server_(server), request_(request), id_(id) {
  const evhttp_uri* const uri = evhttp_request_get_evhttp_uri(&request);
  if (uri != nullptr) {
    path_ = decode_percent(text_or_empty(evhttp_uri_get_path(uri)), false);
    query_ = parse_query(text_or_empty(evhttp_uri_get_query(uri)));
  }
  // evhttp does not read while it waits for an answer, so it would not notice the client's going.
  evhttp_connection* const connection = evhttp_request_get_connection(&request);
  const int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));
  closed_ = event_new(evhttp_connection_get_base(connection), fd, EV_CLOSED,
                      &LinuxHttpExchange::on_closed, this);
  complete_ = closed_ != nullptr && event_add(closed_, nullptr) == 0;
  evbuffer* const input = evhttp_request_get_input_buffer(&request);
  const size_t size = evbuffer_get_length(input);
  if (size == 0 || !complete_) return;
  auto* const bytes = reinterpret_cast<char*>(evbuffer_pullup(input, -1));
  complete_ = bytes != nullptr;
  if (complete_) body_ = {bytes, size};
}

LinuxHttpExchange::~LinuxHttpExchange() {
  stop_watching();
  wipe_body();
}

void LinuxHttpExchange::wipe_body() {
  wipe(body_);
  body_ = {};
}

void LinuxHttpExchange::stop_watching() {
  if (closed_ != nullptr) event_free(closed_);
  closed_ = nullptr;
}

// A client that has only ended its own direction still waits for the answer.
void LinuxHttpExchange::on_closed(int fd, short, void* self) {
  pollfd state{fd, 0, 0};
  if (poll(&state, 1, 0) != 1 || (state.revents & (POLLHUP | POLLERR)) == 0) return;
  auto& exchange = *static_cast<LinuxHttpExchange*>(self);
  exchange.server_.client_gone(exchange);
}

HttpMethod LinuxHttpExchange::method() const {
  switch (evhttp_request_get_command(&request_)) {
    case EVHTTP_REQ_GET: return HttpMethod::Get;
    case EVHTTP_REQ_POST: return HttpMethod::Post;
    case EVHTTP_REQ_PUT: return HttpMethod::Put;
    case EVHTTP_REQ_PATCH: return HttpMethod::Patch;
    case EVHTTP_REQ_DELETE: return HttpMethod::Delete;
    default: return HttpMethod::Other;
  }
}

std::string_view LinuxHttpExchange::query(std::string_view name) const {
  const auto found = std::find_if(query_.begin(), query_.end(),
                                  [&](const auto& pair) { return pair.first == name; });
  return found == query_.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view LinuxHttpExchange::header(std::string_view name) const {
  const evkeyvalq* const headers = evhttp_request_get_input_headers(&request_);
  return text_or_empty(evhttp_find_header(headers, std::string(name).c_str()));
}

void LinuxHttpExchange::reply(int status, std::string_view content_type, std::string_view body) {
  server_.reply(*this, status, content_type, body);
}

}  // namespace tipring::port
