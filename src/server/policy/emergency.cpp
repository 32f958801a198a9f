#include "server/policy/emergency.h"

#include <algorithm>
#include <array>

#include "server/policy/domains.h"

namespace tipring::policy {

namespace {

constexpr size_t kUserMax = 256;    // longer than any name of a user
constexpr size_t kNumberMax = 128;  // longer than any number that is dialled

}  // namespace

bool Emergency::is_for_help(const sip::ParsedUri& uri) const {
  if (!uri) {
    if (is_emergency_service(uri.text)) return true;
    const auto tel = sip::parse_tel_uri(uri.text);
    return tel && is_number(*tel);
  }
  std::array<char, kUserMax> room;
  const auto name = sip::unescape(uri->user, room);
  if (!name) return false;
  const auto tel = sip::parse_telephone_subscriber(*name);
  return is_number(*name) || (tel && is_number(*tel));
}

bool Emergency::is_number(const sip::TelUri& tel) const {
  std::array<char, kNumberMax> room;
  const auto number = sip::write_number(tel, room);
  return number && is_number(*number);
}

bool Emergency::is_number(std::string_view number) const {
  return std::find(numbers_.begin(), numbers_.end(), number) != numbers_.end();
}

}  // namespace tipring::policy
