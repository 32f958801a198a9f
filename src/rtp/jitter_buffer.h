// Puts the samples that come back into their places, and gives them out at our own pace.
//
// What comes late, twice or in another order finds its place by its timestamp; what never comes is
// silence. Whatever frames the peer packs its samples into, they come out in ours.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tipring::rtp {

class JitterBuffer {
 public:
  static constexpr uint32_t kSamples = 2048;  // 256 ms of sound
  static constexpr uint32_t kDelay = 480;     // 60 ms between the first packet and its sound

  // What does not fit between the place that is played and the end of the buffer says that the
  // source has begun anew, as another `ssrc` does. More than the buffer holds is cut.
  void put(uint32_t ssrc, uint32_t timestamp, std::span<const int16_t> samples);

  // The next samples; false and silence while nothing has come yet.
  bool take(std::span<int16_t> out);

  void clear();
  uint32_t late() const { return late_; }  // packets too late to be heard

 private:
  static constexpr uint32_t kLateInARowMax = 10;

  void begin(uint32_t ssrc, uint32_t timestamp);

  std::array<int16_t, kSamples> samples_{};  // by timestamp; what has been taken is silent again
  uint32_t ssrc_ = 0;
  uint32_t next_ = 0;  // the timestamp to be taken next
  uint32_t late_ = 0;
  uint32_t late_in_a_row_ = 0;
  bool begun_ = false;
};

}  // namespace tipring::rtp
