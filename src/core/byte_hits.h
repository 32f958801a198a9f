// What a ByteBlock found: byte_block.h.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace tipring {

// Which of the sixteen bytes have been found; kWidth bits stand for each.
template <size_t kWidth>
class ByteHits {
 public:
  explicit ByteHits(uint64_t bits) : bits_(bits) {}

  explicit operator bool() const { return bits_ != 0; }
  // REQUIRES: there is one.
  size_t first() const { return static_cast<size_t>(std::countr_zero(bits_)) / kWidth; }
  // Without the hits among the first `count` bytes; at most 15.
  ByteHits without_first(size_t count) const {
    return ByteHits(bits_ >> (count * kWidth) << (count * kWidth));
  }

 private:
  uint64_t bits_;
};

}  // namespace tipring
