// ByteBlock of two words, for every processor: byte_block.h.
#pragma once

#include "core/byte_hits.h"
#include "core/words.h"

namespace tipring {

class WordsBlock {
 public:
  static constexpr size_t kSize = 16;
  using Hits = ByteHits<1>;
  class Mask {  // the high bit of each byte
   public:
    Mask(uint64_t low, uint64_t high) : low_(low), high_(high) {}
    friend Mask operator|(Mask a, Mask b) { return {a.low_ | b.low_, a.high_ | b.high_}; }
    Hits hits() const { return Hits(gather(low_) | gather(high_) << 8); }

   private:
    // The multiplication adds up shifted copies, so that the eight bits meet in the top byte.
    static uint64_t gather(uint64_t word) { return (word >> 7) * 0x0102040810204080 >> 56; }

    uint64_t low_;
    uint64_t high_;
  };

  explicit WordsBlock(const char* bytes)
      : low_(load_word<uint64_t>(bytes)), high_(load_word<uint64_t>(bytes + 8)) {}
  Mask equal(char c) const {
    const uint64_t each = kEach * static_cast<uint8_t>(c);
    return {zero_bytes(low_ ^ each), zero_bytes(high_ ^ each)};
  }
  Mask at_most(char c) const { return {at_most(low_, c), at_most(high_, c)}; }

 private:
  static constexpr uint64_t kEach = 0x0101010101010101;
  static constexpr uint64_t kHighBits = kEach * 0x80;

  static uint64_t zero_bytes(uint64_t word) {
    return ~(((word & ~kHighBits) + ~kHighBits) | word) & kHighBits;
  }
  // For c below 0x80.
  static uint64_t at_most(uint64_t word, char c) {
    const uint64_t above = (word & ~kHighBits) + kEach * (0x7fU - static_cast<uint8_t>(c));
    return ~(above | word) & kHighBits;
  }

  uint64_t low_;
  uint64_t high_;
};

}  // namespace tipring
