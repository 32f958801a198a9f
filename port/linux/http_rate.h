// How often each source may ask: a bucket for each of the sources that asked last. Internal to
// port/linux.
#pragma once

#include <array>
#include <cstdint>

#include "port/address.h"
#include "port/time.h"

namespace tipring::port {

class HttpRate {
 public:
  explicit HttpRate(uint32_t per_second) : per_second_(per_second) {}

  // Takes one request of the source out of its bucket, which holds those of four seconds; false when
  // it is empty. Of IPv6, a network of 64 bits is one source.
  bool take(const IpAddress& source, Millis now);

 private:
  struct Bucket {
    IpAddress source;
    Millis full_at{};  // when it will be full again
    Millis used_at{};
  };

  uint32_t per_second_;
  std::array<Bucket, 64> buckets_;
};

}  // namespace tipring::port
