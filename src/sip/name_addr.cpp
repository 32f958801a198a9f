#include "sip/name_addr.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "sip/chars.h"
#include "sip/scan_value.h"
#include "sip/uri.h"

namespace tipring::sip {

namespace {

// Offset of the "<" outside quotes, npos when there is none; text.size() when a quoted string has
// no end.
size_t find_bracket(std::string_view text) {
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '<') return at;
    if (text[at] != '"') continue;
    const size_t size = quoted_string_size(text.substr(at));
    if (size == 0) return text.size();
    at += size - 1;
  }
  return std::string_view::npos;
}

// Tokens and white space, or one quoted string. Peers also send UTF-8 without quotes, which nobody
// misreads. Other characters are refused, since who forwards them spreads the error (RFC 4475
// 3.1.2.15).
bool is_display(std::string_view text) {
  if (text.starts_with('"')) return quoted_string_size(text) == text.size();
  return kDisplayChar.all(text);
}

// "display" <uri> and what follows it. `open` is the offset of the "<".
Result<void, ParseError> read_bracketed(std::string_view text, size_t open, NameAddr& address) {
  // No white space beside the brackets either: RFC 4475 3.1.2.14.
  const size_t end = skip_bracketed(text, open + 1);
  const size_t close = end < text.size() && text[end] == '>' ? end : text.find('>', end);
  address.display = trim_lws(text.substr(0, open));
  if (close == std::string_view::npos || !is_display(address.display)) {
    return fault_at(ParseFault::BadNameAddr, text, text.substr(open));
  }
  address.in_brackets = true;
  address.uri = text.substr(open + 1, close - open - 1);
  address.params = trim_lws(text.substr(close + 1));
  if (end < close) return fault_at(ParseFault::BadNameAddr, text, text.substr(end));
  return {};
}

// Without brackets the first ";" ends the URI, and so may no "?" or "," stand in it (20.10).
Result<void, ParseError> read_bare(std::string_view text, NameAddr& address) {
  const size_t end = std::min(text.find(';'), text.size());
  address.uri = trim_lws(text.substr(0, end));
  address.params = trim_lws(text.substr(end));
  for (const char c : address.uri) {
    if (!kGraphicChar(c) || c == '?' || c == ',' || c == '"' || c == '>') {
      return fault_at(ParseFault::BadNameAddr, text, address.uri);
    }
  }
  return {};
}

// Parameters of the header, and those that everybody asks for.
Result<void, ParseError> read_params(std::string_view text, NameAddr& address) {
  address.initials = ParamInitials::none();
  if (address.params.empty()) return {};
  const auto good = visit_params(address.params, [&](const Param& param) {
    address.initials.note(param.name);
    if (iequals(param.name, "tag") && address.tags++ == 0) address.first_tag = param.value;
  });
  if (good) return {};
  return fault_at(good.error().fault, text, address.params.substr(good.error().offset));
}

Result<void, ParseError> read_name_addr(std::string_view text, NameAddr& address) {
  const size_t open = find_bracket(text);
  if (open == text.size()) return fault_at(ParseFault::BadNameAddr, text, text);
  const bool bracketed = open != std::string_view::npos;
  if (auto good = bracketed ? read_bracketed(text, open, address) : read_bare(text, address); !good)
    return good;
  if (scheme_of(address.uri).empty()) {
    return fault_at(ParseFault::BadNameAddr, text, address.uri);
  }
  if (!address.params.empty() && address.params.front() != ';') {
    return fault_at(ParseFault::BadNameAddr, text, address.params);
  }
  return read_params(text, address);
}

}  // namespace

Result<NameAddr, ParseError> parse_name_addr(std::string_view text) {
  Result<NameAddr, ParseError> result(std::in_place);
  if (const auto good = read_name_addr(text, *result); !good) result = good.error();
  return result;
}

Result<NameAddr, ParseError> UriParamsTraits::parse(std::string_view text) {
  auto address = parse_name_addr(text);
  if (address && (!address->in_brackets || !address->display.empty()))
    address = ParseError{ParseFault::BadNameAddr, HeaderId::Other, 0};
  return address;
}

std::optional<std::string_view> unquote(std::string_view display, std::span<char> out) {
  const bool quoted = display.size() >= 2 && display.front() == '"' && display.back() == '"';
  if (quoted) display = display.substr(1, display.size() - 2);
  size_t used = 0;
  for (size_t at = 0; at < display.size(); ++at) {
    if (quoted && display[at] == '\\' && at + 1 < display.size()) ++at;
    if (used == out.size()) return std::nullopt;
    out[used++] = display[at];
  }
  return std::string_view(out.data(), used);
}

}  // namespace tipring::sip
