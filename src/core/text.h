// Small reading and writing of text in views and spans. Nothing here takes memory.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "core/result.h"
#include "core/words.h"

namespace tipring {

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool has_upper(std::string_view text);

// ASCII letters compare without case; all other bytes as they are.
bool iequals(std::string_view a, std::string_view b);
bool istarts_with(std::string_view text, std::string_view prefix);

// With a literal, whose size is known, a few comparisons where the call stands.
template <size_t N>
bool iequals(std::string_view text, const char (&literal)[N]) {
  return text.size() == N - 1 && each_word(N - 1, [&](size_t at, auto word) {
           using Word = decltype(word);
           return same_but_case(load_word<Word>(text.data() + at), load_word<Word>(literal + at));
         });
}
template <size_t N>
bool starts_with(std::string_view text, const char (&literal)[N]) {
  return text.size() >= N - 1 && same_text({literal, N - 1}, text);
}
template <size_t N>
bool istarts_with(std::string_view text, const char (&literal)[N]) {
  return text.size() >= N - 1 && iequals(text.substr(0, N - 1), literal);
}

// The bytes from `from` up to `to`. REQUIRES: from <= to <= text.size().
constexpr std::string_view between(std::string_view text, size_t from, size_t to) {
  return {text.data() + from, to - from};
}

// Without spaces and tabs at both ends.
std::string_view trim(std::string_view text);

// The parts before and after the first `separator`; the second is empty when there is none.
std::pair<std::string_view, std::string_view> split_once(std::string_view text, char separator);

// `lines`, one below the other without an end of the last, but for those that are `line`. Written
// into `out`, which is as large as `lines` at least and not the same memory.
std::string_view without_line(std::string_view lines, std::string_view line, std::span<char> out);

// Well-formed UTF-8 (RFC 3629 4); an empty text is.
bool is_utf8(std::string_view text);

// Decimal digits and nothing else. Errors: Invalid (empty, or another character), OutOfRange.
Result<uint8_t> parse_u8(std::string_view text);
Result<uint16_t> parse_u16(std::string_view text);
Result<uint32_t> parse_u32(std::string_view text);
Result<uint64_t> parse_u64(std::string_view text);

inline constexpr size_t kNumberTextMax = 20;

// Writes decimal digits; `out` holds kNumberTextMax. Returns the part written.
std::string_view write_u64(uint64_t value, std::span<char> out);
inline std::string_view write_u32(uint32_t value, std::span<char> out) {
  return write_u64(value, out);
}

// Lower-case hexadecimal, two digits a byte; `out` holds 2 · bytes.size(). Returns the part
// written.
std::string_view write_hex(std::span<const uint8_t> bytes, std::span<char> out);
// Sixteen digits, most significant first.
std::string_view write_hex_u64(uint64_t value, std::span<char> out);

// Either case. Errors: Invalid (an odd count, another character, or not exactly out.size() bytes).
Result<void> parse_hex(std::string_view text, std::span<uint8_t> out);
Result<uint64_t> parse_hex_u64(std::string_view text);   // 1 to 16 digits
bool read_hex_u64(const char* digits, uint64_t& value);  // exactly 16; false when one is none

// Copies `text` so that it is one harmless line: control characters, bytes that are not UTF-8 and
// backslashes become \n, \r, \t, \\ or \xNN. Stops before the first character that does not fit.
struct Escaped {
  std::string_view written;
  size_t read = 0;  // bytes of `text` behind `written`; less than all of it when the room ended
};
Escaped escape_text(std::string_view text, std::span<char> out);
inline std::string_view write_escaped(std::string_view text, std::span<char> out) {
  return escape_text(text, out).written;
}

}  // namespace tipring
