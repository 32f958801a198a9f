#include "admin/user_names.h"

#include <algorithm>
#include <cstdint>

#include "core/text.h"

namespace tipring::admin {

namespace {

bool is_domain_char(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == ':' || c == '[' ||
         c == ']';
}

}  // namespace

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
