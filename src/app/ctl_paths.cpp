#include "app/ctl_paths.h"

#include <cstdint>
#include <cstring>

#include "core/text.h"

namespace tipring::app {

// RFC 3986 2.1: all but unreserved characters.
std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool letter = to_lower(c) >= 'a' && to_lower(c) <= 'z';
    if (letter || is_digit(c) || std::strchr("-._~", c) != nullptr) {
      out += c;
    } else {
      const auto byte = static_cast<uint8_t>(c);
      char hex[2];
      out += '%';
      out += write_hex({&byte, 1}, hex);
    }
  }
  return out;
}

std::string path_of(std::string_view folder, const admin::UserName& user) {
  return std::string(folder) + percent_encoded(user.domain) + "/" + percent_encoded(user.name);
}

}  // namespace tipring::app
