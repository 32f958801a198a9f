// A name for a pooled object that may have gone: an index and the generation of what lived there.
#pragma once

#include <cstdint>

namespace tipring {

template <class T>
struct Handle {
  uint32_t index = 0;
  uint32_t generation = 0;  // 0 is never live

  constexpr explicit operator bool() const { return generation != 0; }
  friend constexpr bool operator==(const Handle&, const Handle&) = default;

  constexpr uint64_t to_u64() const { return (static_cast<uint64_t>(generation) << 32) | index; }
  static constexpr Handle from_u64(uint64_t value) {
    return {static_cast<uint32_t>(value), static_cast<uint32_t>(value >> 32)};
  }
};

}  // namespace tipring
