// One request of the HTTP server and its answer. Internal to port/linux.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "port/http_server.h"

struct event;
struct evhttp_request;

namespace tipring::port {

class LinuxHttpServer;

class LinuxHttpExchange final : public HttpExchange {
 public:
  LinuxHttpExchange(LinuxHttpServer& server, evhttp_request& request, uint64_t id);
  ~LinuxHttpExchange();

  LinuxHttpExchange(const LinuxHttpExchange&) = delete;
  LinuxHttpExchange& operator=(const LinuxHttpExchange&) = delete;

  HttpMethod method() const override;
  std::string_view path() const override { return path_; }
  std::string_view query(std::string_view name) const override;
  std::string_view header(std::string_view name) const override;
  std::string_view body() const override { return {body_.data(), body_.size()}; }
  uint64_t id() const override { return id_; }
  void reply(int status, std::string_view content_type, std::string_view body) override;

  // False when there was no memory for the body in one piece, or to watch for the client's going.
  bool complete() const { return complete_; }
  evhttp_request& request() { return request_; }
  void stop_watching();  // before the connection's descriptor is closed
  void wipe_body();      // before the request goes: it may hold a password

 private:
  static void on_closed(int fd, short, void* self);

  LinuxHttpServer& server_;
  evhttp_request& request_;
  uint64_t id_;
  event* closed_ = nullptr;
  std::string path_;
  std::vector<std::pair<std::string, std::string>> query_;
  std::span<char> body_;  // in the request's own buffer
  bool complete_ = true;
};

// Percent-encoded bytes decoded (RFC 3986 2.1); with `form`, "+" is a space. What is no encoding
// stays.
std::string decode_percent(std::string_view text, bool form);

// The names and values of a query, decoded.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view text);

}  // namespace tipring::port
