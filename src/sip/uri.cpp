#include "sip/uri.h"

#include <algorithm>
#include <array>

#include "core/text.h"
#include "port/address.h"
#include "sip/chars.h"
#include "sip/header_id.h"
#include "sip/writer.h"

namespace tipring::sip {

namespace {

// The value of an escape or the character itself; `at` moves behind it. Escapes of reserved
// characters stay apart from the characters: "%2C" is not "," (19.1.4), so they get a bit of their
// own.
unsigned next_unescaped(std::string_view text, size_t& at) {
  const char c = text[at];
  if (c == '%' && text.size() - at >= 3 && hex_value(text[at + 1]) >= 0 &&
      hex_value(text[at + 2]) >= 0) {
    const auto byte = static_cast<unsigned>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2]));
    at += 3;
    const bool reserved = kReservedChar(static_cast<char>(byte)) || byte == '%';
    return reserved ? byte | 0x100U : byte;
  }
  ++at;
  return static_cast<uint8_t>(c);
}

unsigned fold(unsigned c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }

// Parameters that must be in both URIs when they are in one, whatever their value.
constexpr std::array<std::string_view, 5> kDecisiveParams = {"user", "ttl", "method", "maddr",
                                                             "transport"};

bool params_allow(const Uri& from, const Uri& to) {
  std::string_view rest = from.params;
  Param param;
  for (size_t i = 0; i < kParamsMax && next_param(rest, param) == ParamStatus::Found; ++i) {
    // Of two with one name, which 19.1.1 forbids, the first counts everywhere.
    const std::optional<Param> own = from.param(param.name);
    const std::optional<Param> other = to.param(param.name);
    if (own && other) {
      // Method names are the ones that tell the cases apart (7.1).
      if (!equal_unescaped(own->value, other->value, !iequals(param.name, "method"))) return false;
      continue;
    }
    for (const std::string_view decisive : kDecisiveParams) {
      if (iequals(param.name, decisive)) return false;
    }
  }
  return true;
}

// Two header names, in whichever form.
bool equal_header_names(std::string_view a, std::string_view b) {
  const HeaderId id = find_header_id(a);
  return id == HeaderId::Other ? equal_unescaped(a, b, true) : id == find_header_id(b);
}

// Each header of `from` stands in `to` with an equal value, and there are as many. Values compare
// without case, save those of Call-ID (7.3.1, 20.8).
bool headers_match(std::string_view from, std::string_view to) {
  const auto count = [](std::string_view text) {
    size_t n = text.empty() ? 0 : 1;
    for (const char c : text) n += c == '&' ? 1 : 0;
    return n;
  };
  if (count(from) != count(to)) return false;
  while (!from.empty()) {
    const std::string_view piece = from.substr(0, from.find('&'));
    const auto [name, value] = split_once(piece, '=');
    bool found = false;
    for (std::string_view rest = to; !rest.empty() && !found;) {
      const std::string_view other = rest.substr(0, rest.find('&'));
      const auto [other_name, other_value] = split_once(other, '=');
      const bool ignore_case = find_header_id(name) != HeaderId::CallId;
      found =
          equal_header_names(name, other_name) && equal_unescaped(value, other_value, ignore_case);
      rest.remove_prefix(std::min(other.size() + 1, rest.size()));
    }
    if (!found) return false;
    from.remove_prefix(std::min(piece.size() + 1, from.size()));
  }
  return true;
}

bool equal_hosts(const Uri& a, const Uri& b) {
  if (iequals(a.host, b.host)) return true;
  // Two spellings of one IPv6 address; IPv4 has one spelling only.
  if (!a.is_ipv6 || !b.is_ipv6) return false;
  const auto ip = port::parse_ip(a.host);
  return ip && ip == port::parse_ip(b.host);
}

}  // namespace

bool equal_unescaped(std::string_view a, std::string_view b, bool ignore_case) {
  size_t i = 0;
  size_t k = 0;
  while (i < a.size() && k < b.size()) {
    const unsigned left = next_unescaped(a, i);
    const unsigned right = next_unescaped(b, k);
    if (ignore_case ? fold(left) != fold(right) : left != right) return false;
  }
  return i == a.size() && k == b.size();
}

bool equal(const Uri& a, const Uri& b) {
  return a.scheme == b.scheme && a.has_user == b.has_user && a.has_password == b.has_password &&
         equal_unescaped(a.user, b.user, false) && equal_unescaped(a.password, b.password, false) &&
         a.port == b.port && equal_hosts(a, b) && params_allow(a, b) && params_allow(b, a) &&
         headers_match(a.headers, b.headers) && headers_match(b.headers, a.headers);
}

bool equal_uris(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto left = parse_uri(a);
  const auto right = parse_uri(b);
  if (left && right) return equal(*left, *right);
  return false;
}

std::optional<std::string_view> unescape(std::string_view text, std::span<char> out) {
  size_t used = 0;
  for (size_t at = 0; at < text.size();) {
    if (used == out.size()) return std::nullopt;
    out[used++] = static_cast<char>(next_unescaped(text, at) & 0xffU);
  }
  return std::string_view(out.data(), used);
}

void write_uri(Writer& out, const Uri& uri) {
  out.text(uri.scheme == Scheme::Sips ? "sips:" : "sip:");
  if (uri.has_user) {
    out.text(uri.user);
    if (uri.has_password) out.text(":").text(uri.password);
    out.text("@");
  }
  write_host_port(out, uri);
  out.text(uri.params);
  if (!uri.headers.empty()) out.text("?").text(uri.headers);
}

void write_host_port(Writer& out, const Uri& uri) {
  out.text(uri.is_ipv6 ? "[" : "").text(uri.host).text(uri.is_ipv6 ? "]" : "");
  if (uri.port != 0) out.text(":").number(uri.port);
}

void write_user(Writer& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    if (c == '%' || kUserChar(c)) {
      out.text({&c, 1});
      continue;
    }
    const auto byte = static_cast<uint8_t>(c);
    const char escape[] = {'%', kDigits[byte >> 4], kDigits[byte & 0xf]};
    out.text({escape, sizeof escape});
  }
}

void write_uri_params(Writer& out, std::string_view params,
                      std::initializer_list<std::string_view> without) {
  while (!params.empty()) {
    const std::string_view piece = split_once(params.substr(1), ';').first;
    const std::string_view name = piece.substr(0, piece.find('='));
    const bool goes = std::any_of(without.begin(), without.end(),
                                  [name](std::string_view other) { return iequals(name, other); });
    if (!goes) out.text(";").text(piece);
    params.remove_prefix(piece.size() + 1);
  }
}

namespace {

// Whether it can have headers or a method parameter, at a glance: nearly no URI has.
bool may_need_cut(std::string_view uri) {
  if (uri.find('?') != std::string_view::npos) return true;
  size_t at = uri.find(';');
  for (; at != std::string_view::npos; at = uri.find(';', at + 1)) {
    if (at + 1 < uri.size() && to_lower(uri[at + 1]) == 'm') return true;
  }
  return false;
}

}  // namespace

void write_request_uri(Writer& out, std::string_view text) {
  if (!may_need_cut(text)) {
    out.text(text);
    return;
  }
  const auto uri = parse_uri(text);
  if (!uri || (uri->headers.empty() && !uri->param("method"))) {
    out.text(text);
    return;
  }
  Uri rest = *uri;
  rest.params = {};
  rest.headers = {};
  write_uri(out, rest);
  write_uri_params(out, uri->params, {"method"});
}

std::optional<std::string_view> write_canonical_aor(const Uri& uri, std::span<char> out) {
  Writer writer(out);
  writer.text(uri.scheme == Scheme::Sips ? "sips:" : "sip:");
  if (uri.has_user) {
    for (size_t at = 0; at < uri.user.size();) {
      const char c = static_cast<char>(next_unescaped(uri.user, at) & 0xffU);
      writer.text({&c, 1});
    }
    writer.text("@");
  }
  writer.text(uri.is_ipv6 ? "[" : "");
  // Of one IPv6 address there is one key, however it was spelled.
  const auto ip = uri.is_ipv6 ? port::parse_ip(uri.host) : std::nullopt;
  char address[port::kAddressTextMax];
  for (const char c : ip ? port::write_ip(*ip, address) : uri.host) {
    const char lower = to_lower(c);
    writer.text({&lower, 1});
  }
  writer.text(uri.is_ipv6 ? "]" : "");
  if (uri.port != 0) writer.text(":").number(uri.port);
  if (writer.full()) return std::nullopt;
  return writer.view();
}

}  // namespace tipring::sip
