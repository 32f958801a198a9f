#include "sip/name_addr.h"

#include "sip/chars.h"

namespace tipring::sip {

namespace {

ParseError fault_at(ParseFault fault, std::string_view text, std::string_view where) {
  return {fault, HeaderId::Other, static_cast<uint32_t>(where.data() - text.data())};
}

// Offset of the "<" outside quotes, npos when there is none; text.size() when a quoted string has no end.
size_t find_bracket(std::string_view text) {
  bool quoted = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '<') {
      return at;
    }
  }
  return quoted ? text.size() : std::string_view::npos;
}

// Tokens and white space, or one quoted string. Peers send more than tokens unquoted, which nobody misreads.
bool is_display(std::string_view text) {
  if (text.empty() || text.front() == '"') return text.empty() || (text.size() >= 2 && text.back() == '"');
  return text.find_first_of("\"<>;") == std::string_view::npos;
}

}  // namespace

Result<NameAddr, ParseError> parse_name_addr(std::string_view text) {
  NameAddr address;
  const size_t open = find_bracket(text);
  if (open == text.size()) return fault_at(ParseFault::BadNameAddr, text, text);
  if (open != std::string_view::npos) {
    const size_t close = text.find('>', open);
    address.display = trim_lws(text.substr(0, open));
    if (close == std::string_view::npos || !is_display(address.display)) {
      return fault_at(ParseFault::BadNameAddr, text, text.substr(open));
    }
    address.in_brackets = true;
    address.uri = trim_lws(text.substr(open + 1, close - open - 1));
    address.params = trim_lws(text.substr(close + 1));
  } else {
    // Without brackets the first ";" ends the URI, and so may no "?" or "," stand in it (20.10).
    const size_t semicolon = text.find(';');
    address.uri = trim_lws(text.substr(0, semicolon));
    if (semicolon != std::string_view::npos) address.params = trim_lws(text.substr(semicolon));
    if (address.uri.find_first_of("?, \t\r\n\"") != std::string_view::npos) {
      return fault_at(ParseFault::BadNameAddr, text, address.uri);
    }
  }
  if (address.uri.empty() || address.uri.find(':') == std::string_view::npos) {
    return fault_at(ParseFault::BadNameAddr, text, text);
  }
  if (!address.params.empty() && address.params.front() != ';') {
    return fault_at(ParseFault::BadNameAddr, text, address.params);
  }
  if (const auto good = check_params(address.params); !good) {
    ParseError error = good.error();
    error.offset += static_cast<uint32_t>(address.params.data() - text.data());
    return error;
  }
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
