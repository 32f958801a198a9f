// One HTTP request over a Unix socket, for the control tool. Blocks.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "port/time.h"

namespace tipring::port {

struct HttpRequest {
  std::string_view method;
  std::string_view target;  // path and query, percent-encoded
  std::string_view body;    // sent from where it lies, never copied: it may hold a password
};

struct HttpReply {
  int status = 0;
  std::string body;
};

struct HttpClientLimits {
  size_t reply_bytes_max = 4 << 20;
  Millis timeout{60000};  // without any progress
};

// Sends the request and reads the reply to its end. Returns 0 or an errno value; among them ENOENT
// and ECONNREFUSED (no server), EACCES, ETIMEDOUT, EFBIG (beyond reply_bytes_max), EPROTO (not
// HTTP, or cut short), ENAMETOOLONG (a path that no socket can have).
int http_request(std::string_view unix_path, const HttpRequest& request,
                 const HttpClientLimits& limits, HttpReply& reply);

// The reply in `bytes`, which ends where the connection ended: RFC 9112 4 and 6.3. False when it is
// none or shorter than its Content-Length.
bool parse_http_reply(std::string_view bytes, HttpReply& reply);

}  // namespace tipring::port
