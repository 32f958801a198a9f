// Requests in the SIP common log format: RFC 6872 (what is told) and RFC 6873 (how it is written). A
// request and its final answer are two records of one entry; provisional answers have none.
#pragma once

#include <span>

#include "service/request_log_format.h"

namespace tipring::service {

// Both records; the bytes written. What is longer than a record here has room for is cut: the fields
// of a record must be found by its pointers.
size_t write_clf(const LoggedRequest& request, std::span<char> out);
inline constexpr size_t kClfMax = 2 * 1016;

}  // namespace tipring::service
