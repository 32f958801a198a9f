// Parts of a request that evhttp leaves as they came. Internal to port/linux.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tipring::port {

// Percent-encoded bytes decoded (RFC 3986 2.1); with `form`, "+" is a space. What is no encoding
// stays.
std::string decode_percent(std::string_view text, bool form);

// The names and values of a query, decoded.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view text);

}  // namespace tipring::port
