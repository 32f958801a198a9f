// How long something took, counted in fixed buckets: what Prometheus calls a histogram.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "port/time.h"

namespace tipring {

// Upper bounds of the buckets in microseconds, each included. From a turn of the loop to a phone that
// rings for half a minute:
inline constexpr auto kLatencyBounds = std::to_array<int64_t>(
    {100, 250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 500'000,
     1'000'000, 2'500'000, 5'000'000, 10'000'000, 30'000'000});
// and of how long people talk.
inline constexpr auto kTalkBounds =
    std::to_array<int64_t>({1'000'000, 5'000'000, 10'000'000, 30'000'000, 60'000'000, 120'000'000,
                            300'000'000, 600'000'000, 1'800'000'000, 3'600'000'000, 7'200'000'000});

template <const auto& kBounds>
struct BasicHistogram {
  static constexpr const auto& bounds() { return kBounds; }
  static constexpr size_t kBuckets = kBounds.size() + 1;  // the last one: longer than any bound

  static size_t bucket_of(Micros duration) {
    size_t bucket = 0;
    while (bucket < kBounds.size() && duration.count() > kBounds[bucket]) ++bucket;
    return bucket;
  }

  void add(Micros duration, uint64_t times = 1) {
    counts[bucket_of(duration)] += times;
    sum_us += static_cast<uint64_t>(duration.count()) * times;
  }

  uint64_t count() const {
    uint64_t all = 0;
    for (const uint64_t some : counts) all += some;
    return all;
  }

  std::array<uint64_t, kBuckets> counts{};
  uint64_t sum_us = 0;
};

using Histogram = BasicHistogram<kLatencyBounds>;
using TalkHistogram = BasicHistogram<kTalkBounds>;

// One that another thread reads while its own adds to it.
class SharedHistogram {
 public:
  // On one thread.
  void add(Micros duration) {
    raise(counts_[Histogram::bucket_of(duration)], 1);
    raise(sum_us_, static_cast<uint64_t>(duration.count()));
  }

  // From any thread. What is added meanwhile is in it, or will be the next time.
  Histogram read() const {
    Histogram copy;
    for (size_t i = 0; i < counts_.size(); ++i) {
      copy.counts[i] = counts_[i].load(std::memory_order_relaxed);
    }
    copy.sum_us = sum_us_.load(std::memory_order_relaxed);
    return copy;
  }

 private:
  static void raise(std::atomic<uint64_t>& value, uint64_t by) {
    value.store(value.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  std::array<std::atomic<uint64_t>, Histogram::kBuckets> counts_{};
  std::atomic<uint64_t> sum_us_{0};
};

}  // namespace tipring
