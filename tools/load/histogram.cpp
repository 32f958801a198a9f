#include "tools/load/histogram.h"

#include <algorithm>
#include <cmath>

namespace tipring::load {

void Histogram::add(uint64_t us) {
  if (us < kCounted) {
    ++counts_[us];
  } else {
    large_.push_back(us);
  }
  ++count_;
  max_ = std::max(max_, us);
  sum_ += static_cast<double>(us);
}

uint64_t Histogram::quantile(double share) const {
  if (count_ == 0) return 0;
  const auto wanted = static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_)));
  const uint64_t rank = std::clamp<uint64_t>(wanted, 1, count_);
  uint64_t seen = 0;
  for (size_t us = 0; us < counts_.size(); ++us) {
    seen += counts_[us];
    if (seen >= rank) return us;
  }
  std::sort(large_.begin(), large_.end());
  return large_[rank - seen - 1];
}

}  // namespace tipring::load
