// The one source of chance in a simulated world: the same seed gives the same run.
#pragma once

#include <cstdint>

#include "port/time.h"

namespace tipring::port {

// SplitMix64. Good enough to choose losses and delays, and of no use for secrets.
class SimRandom {
 public:
  explicit SimRandom(uint64_t seed) : state_(seed) {}

  uint64_t u64() {
    state_ += 0x9e3779b97f4a7c15U;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }

  // In [0, bound); 0 when `bound` is 0. The bias is below 2^-32 for the bounds in use.
  uint64_t below(uint64_t bound) { return bound == 0 ? 0 : u64() % bound; }
  bool chance(uint32_t per_mille) { return below(1000) < per_mille; }
  Millis between(Millis least, Millis most) {
    if (most <= least) return least;
    return least +
           Millis(static_cast<int64_t>(below(static_cast<uint64_t>((most - least).count()) + 1)));
  }

 private:
  uint64_t state_;
};

}  // namespace tipring::port
