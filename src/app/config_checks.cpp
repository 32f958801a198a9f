#include "app/config_checks.h"

#include <algorithm>

#include "app/listen_entry.h"
#include "app/third_party_entry.h"
#include "core/source_ranges.h"
#include "core/text.h"
#include "media/port_range.h"
#include "port/address.h"
#include "service/request_log.h"
#include "sip/name_addr.h"
#include "sip/uri.h"
#include "sip/uri_host.h"

namespace tipring::app {

namespace {

// RFC 1123 2.1: labels of letters, digits and hyphens; the last one is no number, or it would be an
// address that was mistyped. A dot may close it.
bool is_host_name(std::string_view text) {
  if (!text.empty() && text.back() == '.') text.remove_suffix(1);
  if (text.empty() || text.size() > 253) return false;
  std::string_view label;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t dot = rest.find('.');
    label = rest.substr(0, dot);
    rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
    if (dot != std::string_view::npos && rest.empty()) return false;
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-')
      return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) {
          return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') || c == '-';
        }))
      return false;
  }
  return !std::all_of(label.begin(), label.end(), is_digit);
}

}  // namespace

std::string any_text(std::string_view) { return {}; }

std::string listen_check(std::string_view text) {
  return parse_listen(text)
             ? std::string()
             : "TRANSPORT:ADDRESS:PORT such as \"udp:0.0.0.0:5060\" or \"tcp:[::]:5060\"";
}

std::string group_member_check(std::string_view text) {
  return parse_group_member(text)
             ? std::string()
             : "an IPv4 address of this host, such as \"192.168.1.5\", or \"192.168.1.5:5060\"";
}

std::string admin_listen_check(std::string_view text) {
  return parse_admin_listen(text) ? std::string()
                                  : "ADDRESS:PORT such as \"0.0.0.0:8443\", with \"https://\" or "
                                    "\"http://\" before it to "
                                    "say whether it is encrypted";
}

std::string collector_check(std::string_view text) {
  return text.empty() || parse_collector(text)
             ? std::string()
             : "ADDRESS:PORT such as \"192.0.2.9:9060\", without a name; IPv6 in brackets";
}

// A host name or literal: what can stand in a SIP URI after the "@".
std::string domain_check(std::string_view text) {
  return port::parse_ip(text) || is_host_name(text)
             ? std::string()
             : "a domain name such as \"example.com\", without scheme and port";
}

// RFC 3261 25.1 leaves other characters no place, and escapes none of these in a URI.
std::string number_check(std::string_view text) {
  const bool good = !text.empty() && text.size() <= 64 &&
                    text.find_first_not_of("0123456789*#+") == std::string_view::npos;
  return good ? std::string() : "a number as it is dialled, of digits, \"*\", \"#\" and \"+\"";
}

std::string help_target_check(std::string_view text) {
  const auto uri = sip::parse_uri(text);
  const bool is_uri = text.starts_with("sip:");
  const size_t at = text.find('@');
  const bool is_user = text.size() <= 256 && at != 0 &&
                       std::all_of(text.begin(), text.end(), [](char c) { return c > ' '; }) &&
                       (at == std::string_view::npos || domain_check(text.substr(at + 1)).empty());
  const bool good = text.empty() || (is_uri ? uri && sip::names_one_host(*uri) : is_user);
  return good
             ? std::string()
             : "a user such as \"reception\" or an address such as \"sip:112@gateway.example.com\"";
}

std::string port_range_check(std::string_view text) {
  return media::parse_port_range(text)
             ? std::string()
             : "FIRST-LAST such as \"30000-30511\": an even port from 1024 on, and an odd one "
               "above it";
}

std::string host_address_check(std::string_view text) {
  const auto ip = port::parse_ip(text);
  const bool good = ip && !ip->is_unspecified() && !ip->is_multicast() && !ip->is_broadcast();
  return good ? std::string() : "the address of one host, such as \"203.0.113.5\"";
}

std::string place_check(std::string_view text) {
  return text.empty() ? "the path of a file" : std::string();
}

std::string request_format_check(std::string_view text) {
  service::RequestLogStyle style;
  const auto fault = style.choose(text);
  if (!fault) return {};
  return R"("classic", "common", "sip-clf" or a format; at character )" +
         std::to_string(fault->at + 1) + " of this one: " + fault->text;
}

std::string socket_check(std::string_view text) {
  constexpr size_t kSocketPathMax = 107;  // what the system takes, with a NUL behind it
  return text.empty() || text.size() > kSocketPathMax ? "a path of 1 to 107 bytes" : std::string();
}

std::string realm_check(std::string_view text) {
  const bool good = text.size() <= 128 && std::all_of(text.begin(), text.end(), [](char c) {
                      return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
                    });
  return good ? std::string() : "at most 128 printable characters without quotes and backslashes";
}

std::string source_check(std::string_view text) {
  return parse_range(text) ? std::string() : "an address or a network such as \"192.0.2.0/24\"";
}

std::string third_party_check(std::string_view text) {
  const auto rule = parse_third_party(text);
  const bool good = rule &&
                    (rule->user_domain.empty() || domain_check(rule->user_domain).empty()) &&
                    (rule->other_domain.empty() || domain_check(rule->other_domain).empty());
  return good ? std::string()
              : "WHO: FOR WHOM, such as \"assistant@example.com: boss@example.com\"";
}

// RFC 3608 6.3: as a Route, and loose.
std::string route_check(std::string_view text) {
  const auto address = sip::parse_name_addr(text);
  const auto uri = address ? sip::parse_uri(address->uri) : sip::parse_uri("");
  const bool good = uri && address->in_brackets && uri->param("lr") &&
                    std::all_of(text.begin(), text.end(), [](char c) { return c >= ' '; });
  return good ? std::string() : "an address in brackets with lr, such as \"<sip:example.com;lr>\"";
}

}  // namespace tipring::app
