#include "port/linux/http_rate.h"

#include <algorithm>

namespace tipring::port {
namespace {

constexpr int64_t kDepthSeconds = 4;
constexpr int64_t kMillisPerSecond = 1000;

IpAddress network_of(IpAddress ip) {
  if (ip.family == Family::V6) std::fill(ip.bytes.begin() + 8, ip.bytes.end(), uint8_t{0});
  return ip;
}

}  // namespace

bool HttpRate::take(const IpAddress& source, Millis now) {
  const IpAddress network = network_of(source);
  auto* bucket = std::find_if(buckets_.begin(), buckets_.end(),
                              [&](const Bucket& one) { return one.source == network; });
  if (bucket == buckets_.end()) {
    bucket = std::min_element(buckets_.begin(), buckets_.end(),
                              [](const auto& a, const auto& b) { return a.used_at < b.used_at; });
    *bucket = {network, now, now};
  }
  bucket->used_at = now;
  const Millis cost(std::max<int64_t>(1, kMillisPerSecond / per_second_));
  const Millis full_at = std::max(bucket->full_at, now) + cost;
  if (full_at - now > Millis(kDepthSeconds * kMillisPerSecond)) return false;
  bucket->full_at = full_at;
  return true;
}

}  // namespace tipring::port
