// What is looked at in a request before evhttp gets it: whether it is one that every reader takes in
// the same way, and how long it is. Internal to port/linux.
#pragma once

#include <cstddef>
#include <string_view>

namespace tipring::port {

inline constexpr size_t kHttpHeadMax = 16 * 1024;
inline constexpr size_t kHttpFieldsMax = 64;

struct HttpHead {
  int status = 0;         // 0: more bytes are needed; 200: it is whole; else what to refuse it with
  size_t bytes = 0;       // of the head, with its empty line
  size_t body_bytes = 0;  // that follow
  bool expects_continue = false;  // RFC 9110 10.1.1
};

// RFC 9112 2 to 6, without what is only for compatibility with older readers.
HttpHead check_http_head(std::string_view text);

// Values as header fields may hold them: no control characters (RFC 9110 5.5).
bool is_http_value(std::string_view text);

// Whether a list of tokens, separated by commas, has one. In any case of letters.
bool has_http_token(std::string_view list, std::string_view token);

// The value of a cookie in a Cookie header (RFC 6265 4.2.1); empty when it is not there.
std::string_view find_cookie(std::string_view header, std::string_view name);

}  // namespace tipring::port
