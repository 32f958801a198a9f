#include "admin/user_names.h"

#include <algorithm>
#include <cstdint>

#include "core/text.h"

namespace tipring::admin {

namespace {

// Bytes of the sequence that `first` opens (RFC 3629 4), 0 when it opens none.
size_t sequence_length(uint8_t first) {
  if (first < 0x80) return 1;
  if (first < 0xc2) return 0;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  return first < 0xf5 ? 4 : 0;
}

bool is_domain_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == ':' || c == '[' ||
         c == ']';
}

}  // namespace

bool is_utf8(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  for (size_t i = 0; i < text.size();) {
    const size_t length = sequence_length(byte(i));
    if (length == 0 || length > text.size() - i) return false;
    uint32_t code = length == 1 ? byte(i) : byte(i) & (0x7fu >> length);
    for (size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xc0u) != 0x80u) return false;
      code = code << 6 | (byte(i + k) & 0x3fu);
    }
    const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
    if (overlong || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
    i += length;
  }
  return true;
}

bool has_control_characters(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<uint8_t>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

UserName split_user_name(std::string_view text) {
  const size_t at = text.rfind('@');
  if (at == std::string_view::npos) return {std::string(text), ""};
  UserName user{std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
  std::transform(user.domain.begin(), user.domain.end(), user.domain.begin(), to_lower);
  return user;
}

UserName in_store(UserName user, std::string_view default_domain) {
  if (iequals(user.domain, default_domain)) user.domain.clear();
  return user;
}

const char* fault_of(const UserName& user) {
  if (user.name.empty()) return "a user name must have at least 1 byte";
  if (user.name.size() > kNameMax) return "a user name may have at most 64 bytes";
  if (!is_utf8(user.name)) return "a user name must be UTF-8";
  if (has_control_characters(user.name)) return "a user name may not hold control characters";
  if (user.name.find_first_of("@:,") != std::string::npos)
    return "a user name may not hold \"@\", \":\" or \",\"";
  if (user.name.front() == ' ' || user.name.back() == ' ')
    return "a user name may not begin or end with a space";
  if (user.domain.size() > kDomainMax) return "a domain may have at most 253 bytes";
  if (!std::all_of(user.domain.begin(), user.domain.end(), is_domain_char))
    return "a domain may hold only letters, digits, \"-\" and \".\", or be an IP address";
  return nullptr;
}

const char* fault_of_password(std::string_view password) {
  if (password.empty()) return "a password must have at least 1 byte";
  if (password.size() > kPasswordMax) return "a password may have at most 128 bytes";
  if (!is_utf8(password)) return "a password must be UTF-8";
  if (has_control_characters(password)) return "a password may not hold control characters";
  return nullptr;
}

}  // namespace tipring::admin
