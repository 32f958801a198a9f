// ByteBlock by SSE2: byte_block.h.
#pragma once

#include <emmintrin.h>

#include "core/byte_hits.h"

namespace tipring {

class Sse2Block {
 public:
  static constexpr size_t kSize = 16;
  using Hits = ByteHits<1>;
  class Mask {  // by byte: all bits or none
   public:
    explicit Mask(__m128i bytes) : bytes_(bytes) {}
    friend Mask operator|(Mask a, Mask b) { return Mask(_mm_or_si128(a.bytes_, b.bytes_)); }
    Hits hits() const { return Hits(static_cast<uint32_t>(_mm_movemask_epi8(bytes_))); }

   private:
    __m128i bytes_;
  };

  explicit Sse2Block(const char* bytes)
      : bytes_(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes))) {}
  Mask equal(char c) const { return Mask(_mm_cmpeq_epi8(bytes_, _mm_set1_epi8(c))); }
  Mask at_most(char c) const {  // as unsigned numbers
    return Mask(_mm_cmpeq_epi8(_mm_min_epu8(bytes_, _mm_set1_epi8(c)), bytes_));
  }

 private:
  __m128i bytes_;
};

}  // namespace tipring
