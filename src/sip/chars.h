// Character classes of RFC 3261 25.1 in one table, one bit per ABNF rule, and the handling of
// linear white space that all typed parsers share.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/text.h"

namespace tipring::sip {

// One ABNF rule: tells whether a character belongs to it.
class CharClass {
 public:
  constexpr explicit CharClass(uint32_t bit) : bit_(bit) {}
  constexpr bool operator()(char c) const;

  // True when `text` consists of this class alone; an empty text does.
  constexpr bool all(std::string_view text) const;

  // Offset of the first character at or after `from` that does not belong; text.size() when all do.
  // REQUIRES: from <= text.size().
  constexpr size_t skip(std::string_view text, size_t from = 0) const;

 private:
  uint32_t bit_;
};

inline constexpr CharClass kAlpha{1U << 0};
inline constexpr CharClass kDigit{1U << 1};
inline constexpr CharClass kHexDigit{1U << 2};
inline constexpr CharClass kTokenChar{1U << 3};
inline constexpr CharClass kLwsChar{1U << 4};       // SP, HTAB, and the CR and LF of a fold
inline constexpr CharClass kReservedChar{1U << 5};  // the set named in 19.1.4
inline constexpr CharClass kUserChar{
    1U << 6};  // without "escaped"; with "#" and UTF-8, which phones send
inline constexpr CharClass kPasswordChar{1U << 7};  // without "escaped"
inline constexpr CharClass kHostChar{1U << 8};  // with "_", which host names in the field contain
inline constexpr CharClass kUriParamChar{1U << 9};    // without "escaped"
inline constexpr CharClass kUriHeaderChar{1U << 10};  // without "escaped"
inline constexpr CharClass kSchemeChar{1U << 11};
inline constexpr CharClass kParamNameChar{1U << 12};  // of header and URI parameters alike
inline constexpr CharClass kGenValueChar{1U << 13};   // gen-value outside quotes, widely read
inline constexpr CharClass kGraphicChar{1U << 14};    // neither white space nor a control character
inline constexpr CharClass kListChar{1U << 15};  // means nothing to who cuts a list at its commas
inline constexpr CharClass kDisplayChar{1U << 16};  // of a display name outside quotes
inline constexpr CharClass kAlphaNum{1U << 17};

namespace detail {

constexpr bool is_one_of(char c, std::string_view set) {
  return set.find(c) != std::string_view::npos;
}

constexpr uint32_t char_bits(uint8_t byte) {
  const char c = static_cast<char>(byte);
  const bool digit = c >= '0' && c <= '9';
  const bool lower = c >= 'a' && c <= 'z';
  const bool upper = c >= 'A' && c <= 'Z';
  const bool alpha = lower || upper;
  const bool alphanum = alpha || digit;
  const bool hex = digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  const bool beyond_ascii = byte >= 0x80;
  const bool unreserved = alphanum || is_one_of(c, "-_.!~*'()");
  const bool token = alphanum || is_one_of(c, "-.!%*_+`'~");
  const bool uri_param = unreserved || is_one_of(c, "[]/:&+$");
  const bool graphic = byte > 0x20 && byte != 0x7f;
  uint32_t bits = 0;
  bits |= alpha ? 1U << 0 : 0;
  bits |= digit ? 1U << 1 : 0;
  bits |= hex ? 1U << 2 : 0;
  bits |= token ? 1U << 3 : 0;
  bits |= is_one_of(c, " \t\r\n") ? 1U << 4 : 0;
  bits |= is_one_of(c, ";/?:@&=+$,") ? 1U << 5 : 0;
  bits |= unreserved || beyond_ascii || is_one_of(c, "&=+$,;?/#") ? 1U << 6 : 0;
  bits |= unreserved || beyond_ascii || is_one_of(c, "&=+$,") ? 1U << 7 : 0;
  bits |= alphanum || is_one_of(c, "-._") ? 1U << 8 : 0;
  bits |= uri_param ? 1U << 9 : 0;
  bits |= unreserved || is_one_of(c, "[]/?:+$") ? 1U << 10 : 0;
  bits |= alphanum || is_one_of(c, "+-.") ? 1U << 11 : 0;
  bits |= token || uri_param ? 1U << 12 : 0;
  // A parameter value may be a token, a host or a quoted string; peers also send bare URIs, base64
  // and unescaped brackets. Whatever cannot end the parameter is let through.
  bits |= graphic && !is_one_of(c, ";,\"<>") ? 1U << 13 : 0;
  bits |= graphic ? 1U << 14 : 0;
  bits |= !is_one_of(c, ",\"<()") ? 1U << 15 : 0;
  bits |= token || beyond_ascii || is_one_of(c, " \t\r\n") ? 1U << 16 : 0;
  bits |= alphanum ? 1U << 17 : 0;
  return bits;
}

constexpr std::array<uint32_t, 256> make_char_bits() {
  std::array<uint32_t, 256> table{};
  for (size_t byte = 0; byte < table.size(); ++byte)
    table[byte] = char_bits(static_cast<uint8_t>(byte));
  return table;
}

inline constexpr std::array<uint32_t, 256> kCharBits = make_char_bits();

}  // namespace detail

constexpr bool CharClass::operator()(char c) const {
  return (detail::kCharBits[static_cast<uint8_t>(c)] & bit_) != 0;
}

// Four characters a turn: the counting costs as much as the looking up.
constexpr size_t CharClass::skip(std::string_view text, size_t from) const {
  size_t at = from;
  for (; text.size() - at >= 4; at += 4) {
    if (!(*this)(text[at])) return at;
    if (!(*this)(text[at + 1])) return at + 1;
    if (!(*this)(text[at + 2])) return at + 2;
    if (!(*this)(text[at + 3])) return at + 3;
  }
  while (at < text.size() && (*this)(text[at])) ++at;
  return at;
}

constexpr bool CharClass::all(std::string_view text) const { return skip(text) == text.size(); }

// As kLwsChar.skip(), for where there is nearly never any.
constexpr size_t skip_lws(std::string_view text, size_t from) {
  return from < text.size() && kLwsChar(text[from]) ? kLwsChar.skip(text, from) : from;
}

// Value of a HEXDIG, -1 for anything else.
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// `text` without LWS at either end. Inside a header value a fold is white space (RFC 3261 7.3.1).
constexpr std::string_view trim_lws(std::string_view text) {
  while (!text.empty() && kLwsChar(text.front())) text.remove_prefix(1);
  while (!text.empty() && kLwsChar(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace tipring::sip
