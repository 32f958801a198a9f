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
  const int64_t ahead = static_cast<int32_t>(timestamp - next_);  // it goes round
  const auto size = static_cast<int64_t>(samples.size());
  if (ahead < 0) {
    ++late_;
    // The peer's clock is slower than ours, or it has set its timestamps back.
    if (++late_in_a_row_ <= kLateInARowMax && ahead >= -8 * int64_t{kSamples}) return;
    begin(ssrc, timestamp);
  } else if (ahead + size > int64_t{kSamples}) {
    begin(ssrc, timestamp);
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
