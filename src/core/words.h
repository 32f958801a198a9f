// Texts taken a word at a time instead of byte by byte. Nothing outside the text is touched: the
// last word overlaps the one before it.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tipring {

// The bytes of a Word as a number, the first the least significant.
template <class Word>
Word load_word(const char* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::big && sizeof(Word) == 8) {
    word = __builtin_bswap64(word);
  } else if constexpr (std::endian::native == std::endian::big && sizeof(Word) == 4) {
    word = __builtin_bswap32(word);
  } else if constexpr (std::endian::native == std::endian::big && sizeof(Word) == 2) {
    word = __builtin_bswap16(word);
  }
  return word;
}

// Writes a number so that load_word() reads it.
template <class Word>
void store_word(char* bytes, Word word) {
  std::memcpy(bytes, &word, sizeof word);
  word = load_word<Word>(bytes);
  std::memcpy(bytes, &word, sizeof word);
}

// Less than eight bytes as a number, the first the least significant; those behind them are zero.
inline uint64_t load_short(const char* bytes, size_t size) {
  if (size >= 4) {
    return load_word<uint32_t>(bytes) | uint64_t{load_word<uint32_t>(bytes + size - 4)}
                                            << (8 * (size - 4));
  }
  if (size >= 2) {
    return load_word<uint16_t>(bytes) | uint64_t{load_word<uint16_t>(bytes + size - 2)}
                                            << (8 * (size - 2));
  }
  return size == 0 ? 0 : load_word<uint8_t>(bytes);
}

// Calls step(offset, Word()) for words that together are all bytes of a text of this size, from
// left to right, until one gives false. True when none does.
template <class Step>
constexpr bool each_word(size_t size, const Step& step) {
  if (size >= 8) {
    for (size_t at = 0; at + 8 < size; at += 8) {
      if (!step(at, uint64_t{})) return false;
    }
    return step(size - 8, uint64_t{});
  }
  if (size >= 4) return step(0, uint32_t{}) && step(size - 4, uint32_t{});
  if (size >= 2) return step(0, uint16_t{}) && step(size - 2, uint16_t{});
  return size == 0 || step(0, uint8_t{});
}

// Texts of one size are the same, byte for byte; for short ones, where a call would show.
inline bool same_text(std::string_view a, std::string_view b) {
  return each_word(a.size(), [&](size_t at, auto word) {
    using Word = decltype(word);
    return load_word<Word>(a.data() + at) == load_word<Word>(b.data() + at);
  });
}

// Copies a text of kSize to 2 · kSize bytes: its front and its back, which may overlap.
template <size_t kSize>
inline void copy_ends(char* to, std::string_view text) {
  std::memcpy(to, text.data(), kSize);
  const size_t back = text.size() - kSize;
  std::memcpy(to + back, text.data() + back, kSize);
}

// Copies a text, without a call when it is short; the end of the copy.
inline char* copy_text(char* to, std::string_view text) {
  const size_t size = text.size();
  if (size > 32) {
    std::memcpy(to, text.data(), size);
  } else if (size >= 16) {
    copy_ends<16>(to, text);
  } else if (size >= 8) {
    copy_ends<8>(to, text);
  } else if (size >= 4) {
    copy_ends<4>(to, text);
  } else if (size >= 2) {
    copy_ends<2>(to, text);
  } else if (size == 1) {
    *to = text.front();
  }
  return to + size;
}

// Every byte of a word that is an upper-case ASCII letter, as 0x20 in its place.
constexpr uint64_t upper_case_bits(uint64_t word) {
  constexpr uint64_t kEach = 0x0101010101010101;
  const uint64_t low = word & kEach * 0x7f;
  const uint64_t from_a = low + kEach * (0x80 - 'A');
  const uint64_t beyond_z = low + kEach * (0x7f - 'Z');
  return (from_a & ~beyond_z & ~word & kEach * 0x80) >> 2;
}

// Words that differ, but nowhere in more than the case of an ASCII letter.
constexpr bool differ_in_case(uint64_t a, uint64_t b) {
  constexpr uint64_t kCaseBits = 0x2020202020202020;
  const uint64_t differ = a ^ b;
  if ((differ & ~kCaseBits) != 0) return false;
  // Where the case bit differs, one of the two must be a letter in upper case; then so is the other
  // one a letter.
  return (differ & ~(upper_case_bits(a) | upper_case_bits(b))) == 0;
}

// The words are the same but for the case of ASCII letters.
constexpr bool same_but_case(uint64_t a, uint64_t b) { return a == b || differ_in_case(a, b); }

}  // namespace tipring
