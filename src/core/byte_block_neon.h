// ByteBlock by NEON: byte_block.h.
#pragma once

#include <arm_neon.h>

#include "core/byte_hits.h"

namespace tipring {

class NeonBlock {
 public:
  static constexpr size_t kSize = 16;
  using Hits = ByteHits<4>;
  class Mask {  // by byte: all bits or none
   public:
    explicit Mask(uint8x16_t bytes) : bytes_(bytes) {}
    friend Mask operator|(Mask a, Mask b) { return Mask(vorrq_u8(a.bytes_, b.bytes_)); }
    // Four bits of each byte's eight.
    Hits hits() const {
      const uint8x8_t nibbles = vshrn_n_u16(vreinterpretq_u16_u8(bytes_), 4);
      return Hits(vget_lane_u64(vreinterpret_u64_u8(nibbles), 0));
    }

   private:
    uint8x16_t bytes_;
  };

  explicit NeonBlock(const char* bytes)
      : bytes_(vld1q_u8(reinterpret_cast<const uint8_t*>(bytes))) {}
  Mask equal(char c) const { return Mask(vceqq_u8(bytes_, vdupq_n_u8(static_cast<uint8_t>(c)))); }
  Mask at_most(char c) const { return Mask(vcleq_u8(bytes_, vdupq_n_u8(static_cast<uint8_t>(c)))); }

 private:
  uint8x16_t bytes_;
};

}  // namespace tipring
