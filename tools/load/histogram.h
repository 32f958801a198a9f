// Exact counts of durations in microseconds: each value up to a second has a counter of its own,
// and the few above are kept one by one. Nothing is sampled and nothing is rounded into a bucket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tipring::load {

class Histogram {
 public:
  Histogram() : counts_(kCounted) {}

  void add(uint64_t us);

  uint64_t count() const { return count_; }
  uint64_t max() const { return max_; }
  double mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

  // The smallest value that at least `share` of all do not exceed; 0 without any.
  uint64_t quantile(double share) const;

 private:
  static constexpr size_t kCounted = size_t{1} << 20;

  std::vector<uint32_t> counts_;
  mutable std::vector<uint64_t> large_;  // sorted when asked
  uint64_t count_ = 0;
  uint64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace tipring::load
