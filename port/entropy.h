// Randomness that an attacker cannot predict: keys, tags, nonces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tipring::port {

class Entropy {
 public:
  virtual ~Entropy() = default;

  // Fills all of `out`. Makes no heap call. A port that cannot get randomness ends the process:
  // nothing built on weak keys may answer a stranger.
  virtual void fill(std::span<std::byte> out) = 0;

  uint64_t u64() {
    uint64_t value = 0;
    fill(std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
};

}  // namespace tipring::port
