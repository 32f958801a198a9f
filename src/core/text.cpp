#include "core/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>

#include "core/words.h"
#include "port/octet_text.h"

namespace tipring {

namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

constexpr std::array<int8_t, 256> make_hex_values() {
  std::array<int8_t, 256> values{};
  values.fill(-1);
  for (size_t i = 0; i < 16; ++i) {
    const char digit = kHexDigits[i];
    values[static_cast<uint8_t>(digit)] = static_cast<int8_t>(i);
    if (i >= 10) values[static_cast<uint8_t>(digit - 'a' + 'A')] = static_cast<int8_t>(i);
  }
  return values;
}

constexpr std::array<int8_t, 256> kHexValues = make_hex_values();

int hex_value(char c) { return kHexValues[static_cast<uint8_t>(c)]; }

constexpr uint64_t kEachByte = 0x0101010101010101;

// Eight digits of a number at once, the most significant first: a nibble to each byte of a word,
// then all of them made letters and figures.
void write_hex_u32(uint32_t value, char* out) {
  uint64_t word = __builtin_bswap32(value);
  word = (word | word << 16) & 0x0000ffff0000ffff;
  word = (word | word << 8) & 0x00ff00ff00ff00ff;
  word = (word >> 4 | word << 8) & kEachByte * 0x0f;
  const uint64_t letters = (word + kEachByte * 6) >> 4 & kEachByte;
  store_word<uint64_t>(out, word + kEachByte * '0' + letters * ('a' - '0' - 10));
}

// Every byte of `word` that is from `first` to `last`, as 0x80 in its place; all below 0x80.
uint64_t bytes_between(uint64_t word, char first, char last) {
  const auto from = static_cast<uint8_t>(0x80 - first);
  const auto beyond = static_cast<uint8_t>(0x7f - last);
  return (word + kEachByte * from) & ~(word + kEachByte * beyond) & kEachByte * 0x80;
}

// The way back. False when one of the eight characters is no digit.
bool read_hex_u32(const char* text, uint32_t& value) {
  const auto word = load_word<uint64_t>(text);
  if ((word & kEachByte * 0x80) != 0) return false;
  const uint64_t folded = word | kEachByte * 0x20;
  const uint64_t letters = bytes_between(folded, 'a', 'f');
  if ((bytes_between(word, '0', '9') | letters) != kEachByte * 0x80) return false;
  uint64_t nibbles = (word & kEachByte * 0x0f) + (letters >> 7) * 9;
  nibbles = (nibbles << 4 | nibbles >> 8) & 0x00ff00ff00ff00ff;
  nibbles = (nibbles | nibbles >> 8) & 0x0000ffff0000ffff;
  value = __builtin_bswap32(static_cast<uint32_t>(nibbles | nibbles >> 16));
  return true;
}

// value = value * 10 + digit; false when that is more than a T holds.
template <class T>
bool append_digit(uint64_t& value, uint64_t digit) {
  if constexpr (sizeof(T) == 8) {
    return !__builtin_mul_overflow(value, uint64_t{10}, &value) &&
           !__builtin_add_overflow(value, digit, &value);
  } else {
    value = value * 10 + digit;
    return value <= std::numeric_limits<T>::max();
  }
}

template <class T>
Result<T> parse_number(std::string_view text) {
  if (text.empty()) return Error::Invalid;
  uint64_t value = 0;
  for (const char c : text) {
    const auto digit = static_cast<uint8_t>(c - '0');
    if (digit > 9) return Error::Invalid;
    if (!append_digit<T>(value, digit)) return Error::OutOfRange;
  }
  return static_cast<T>(value);
}

// Bytes of the well-formed UTF-8 character at the front of `text` (RFC 3629 4); 0 when it is none.
size_t utf8_size(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const size_t size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (first == 0xe0 && byte(1) < 0xa0) return 0;  // overlong
  if (first == 0xed && byte(1) > 0x9f) return 0;  // surrogates
  if (first == 0xf0 && byte(1) < 0x90) return 0;  // overlong
  if (first == 0xf4 && byte(1) > 0x8f) return 0;  // beyond U+10FFFF
  return size;
}

// The escape of one byte that may not stand as it is; at most four characters.
std::string_view escape_byte(char c, std::span<char, 4> out) {
  out[0] = '\\';
  switch (c) {
    case '\n': out[1] = 'n'; return {out.data(), 2};
    case '\r': out[1] = 'r'; return {out.data(), 2};
    case '\t': out[1] = 't'; return {out.data(), 2};
    case '\\': out[1] = '\\'; return {out.data(), 2};
    default: break;
  }
  const auto byte = static_cast<uint8_t>(c);
  out[1] = 'x';
  out[2] = kHexDigits[byte >> 4];
  out[3] = kHexDigits[byte & 15];
  return {out.data(), 4};
}

// Eight characters of printable ASCII, none of them a backslash.
bool is_plain(uint64_t word) {
  constexpr uint64_t kEach = 0x0101010101010101;
  const uint64_t low = word & kEach * 0x7f;
  const uint64_t printable = low + kEach * (0x80 - 0x20);
  const uint64_t del = low + kEach;
  const uint64_t no_backslash = (low ^ kEach * '\\') + kEach * 0x7f;
  return ((word | ~printable | del | ~no_backslash) & kEach * 0x80) == 0;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t size = utf8_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

bool has_upper(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return to_lower(c) != c; });
}

bool iequals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && each_word(a.size(), [&](size_t at, auto word) {
           using Word = decltype(word);
           return same_but_case(load_word<Word>(a.data() + at), load_word<Word>(b.data() + at));
         });
}

bool istarts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::pair<std::string_view, std::string_view> split_once(std::string_view text, char separator) {
  const size_t at = text.find(separator);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

std::string_view without_line(std::string_view lines, std::string_view line, std::span<char> out) {
  size_t size = 0;
  for (std::string_view rest = lines; !rest.empty();) {
    const auto [one, others] = split_once(rest, '\n');
    rest = others;
    if (one == line) continue;
    if (size > 0) out[size++] = '\n';
    std::copy(one.begin(), one.end(), out.begin() + static_cast<ptrdiff_t>(size));
    size += one.size();
  }
  return {out.data(), size};
}

Result<uint8_t> parse_u8(std::string_view text) { return parse_number<uint8_t>(text); }
Result<uint16_t> parse_u16(std::string_view text) { return parse_number<uint16_t>(text); }
Result<uint32_t> parse_u32(std::string_view text) { return parse_number<uint32_t>(text); }
Result<uint64_t> parse_u64(std::string_view text) { return parse_number<uint64_t>(text); }

std::string_view write_u64(uint64_t value, std::span<char> out) {
  TIPRING_ASSERT(out.size() >= kNumberTextMax);
  if (value <= UINT8_MAX) {
    const auto octet = static_cast<uint8_t>(value);
    return {out.data(), port::write_octet(octet, out.first<port::kOctetTextMax>())};
  }
  const std::to_chars_result end = std::to_chars(out.data(), out.data() + out.size(), value);
  return {out.data(), static_cast<size_t>(end.ptr - out.data())};
}

std::string_view write_hex(std::span<const uint8_t> bytes, std::span<char> out) {
  TIPRING_ASSERT(out.size() >= bytes.size() * 2);
  size_t i = 0;
  for (; bytes.size() - i >= 4; i += 4) {
    const auto group = load_word<uint32_t>(reinterpret_cast<const char*>(&bytes[i]));
    write_hex_u32(__builtin_bswap32(group), &out[2 * i]);
  }
  for (; i < bytes.size(); ++i) {
    out[2 * i] = kHexDigits[bytes[i] >> 4];
    out[2 * i + 1] = kHexDigits[bytes[i] & 15];
  }
  return {out.data(), bytes.size() * 2};
}

std::string_view write_hex_u64(uint64_t value, std::span<char> out) {
  TIPRING_ASSERT(out.size() >= 16);
  write_hex_u32(static_cast<uint32_t>(value >> 32), &out[0]);
  write_hex_u32(static_cast<uint32_t>(value), &out[8]);
  return {out.data(), 16};
}

Result<void> parse_hex(std::string_view text, std::span<uint8_t> out) {
  if (text.size() != out.size() * 2) return Error::Invalid;
  for (size_t i = 0; i < out.size(); ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return Error::Invalid;
    out[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return {};
}

bool read_hex_u64(const char* digits, uint64_t& value) {
  uint32_t high = 0;
  uint32_t low = 0;
  if (!read_hex_u32(digits, high) || !read_hex_u32(digits + 8, low)) return false;
  value = uint64_t{high} << 32 | low;
  return true;
}

Result<uint64_t> parse_hex_u64(std::string_view text) {
  if (text.empty() || text.size() > 16) return Error::Invalid;
  uint64_t value = 0;
  for (; text.size() >= 8; text.remove_prefix(8)) {
    uint32_t part = 0;
    if (!read_hex_u32(text.data(), part)) return Error::Invalid;
    value = value << 32 | part;
  }
  for (const char c : text) {
    const int digit = hex_value(c);
    if (digit < 0) return Error::Invalid;
    value = value << 4 | static_cast<uint64_t>(digit);
  }
  return value;
}

Escaped escape_text(std::string_view text, std::span<char> out) {
  size_t used = 0;
  size_t read = 0;
  while (read < text.size()) {
    char sequence[4];
    const std::string_view rest = text.substr(read);
    if (rest.size() >= 8 && out.size() - used >= 8 && is_plain(load_word<uint64_t>(rest.data()))) {
      std::memcpy(out.data() + used, rest.data(), 8);
      used += 8;
      read += 8;
      continue;
    }
    const size_t good = utf8_size(rest);
    const char c = rest.front();
    // U+0080 to U+009F are control characters too: terminals obey U+009B as they do ESC [.
    const bool c1 = good == 2 && c == '\xc2' && static_cast<uint8_t>(rest[1]) < 0xa0;
    const bool plain = (good > 1 && !c1) || (good == 1 && c >= 0x20 && c != 0x7f && c != '\\');
    const std::string_view piece = plain ? rest.substr(0, good) : escape_byte(c, sequence);
    if (piece.size() > out.size() - used) break;
    std::memcpy(out.data() + used, piece.data(), piece.size());
    used += piece.size();
    read += plain ? good : 1;
  }
  return {{out.data(), used}, read};
}

}  // namespace tipring
