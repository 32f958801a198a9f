#include "rtp/jitter_buffer.h"

#include <algorithm>

namespace tipring::rtp {

void JitterBuffer::clear() {
  samples_.fill(0);
  begun_ = false;
  late_in_a_row_ = 0;
}

void JitterBuffer::begin(uint32_t ssrc, uint32_t timestamp) {
  clear();
  begun_ = true;
  ssrc_ = ssrc;
  next_ = timestamp - kDelay;
}

void JitterBuffer::put(uint32_t ssrc, uint32_t timestamp, std::span<const int16_t> samples) {
  samples = samples.first(std::min<size_t>(samples.size(), kSamples - kDelay));
  if (!begun_ || ssrc != ssrc_) begin(ssrc, timestamp);
  auto ahead = static_cast<int32_t>(timestamp - next_);
  const auto size = static_cast<int32_t>(samples.size());
  if (ahead < 0) {
    ++late_;
    // The peer's clock is slower than ours, or it has set its timestamps back.
    if (++late_in_a_row_ <= kLateInARowMax && ahead >= -static_cast<int32_t>(8 * kSamples)) return;
    begin(ssrc, timestamp);
    ahead = kDelay;
  } else if (ahead + size > static_cast<int32_t>(kSamples)) {
    begin(ssrc, timestamp);
    ahead = kDelay;
  }
  late_in_a_row_ = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    samples_[(timestamp + i) % kSamples] = samples[i];
  }
}

bool JitterBuffer::take(std::span<int16_t> out) {
  if (!begun_) {
    std::fill(out.begin(), out.end(), int16_t{0});
    return false;
  }
  for (int16_t& sample : out) {
    int16_t& slot = samples_[next_ % kSamples];
    sample = slot;
    slot = 0;
    ++next_;
  }
  return true;
}

}  // namespace tipring::rtp
