// A list of all pools, so that an operator can see each one's capacity, use, high-water mark and
// refusals.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "core/assert.h"
#include "core/pool.h"

namespace tipring {

class PoolRegistry {
 public:
  static constexpr size_t kPoolsMax = 64;

  // `stats` outlives the registry and is read whenever someone asks.
  void add(const PoolStats& stats) {
    TIPRING_ASSERT(count_ < kPoolsMax);
    pools_[count_++] = &stats;
  }
  std::span<const PoolStats* const> pools() const { return {pools_.data(), count_}; }

 private:
  std::array<const PoolStats*, kPoolsMax> pools_{};
  size_t count_ = 0;
};

}  // namespace tipring
