#include "rtp/tone.h"

#include <cmath>
#include <numbers>

#include "rtp/g711.h"

namespace tipring::rtp {

namespace {

double angle(uint32_t hertz) { return 2 * std::numbers::pi * hertz / kSampleRate; }

double energy(std::span<const int16_t> samples) {
  double sum = 0;
  for (const int16_t sample : samples) sum += static_cast<double>(sample) * sample;
  return sum;
}

}  // namespace

ToneGenerator::ToneGenerator(uint32_t hertz, int16_t level)
    : step_cos_(std::cos(angle(hertz))), step_sin_(std::sin(angle(hertz))), level_(level) {}

void ToneGenerator::fill(std::span<int16_t> out) {
  for (int16_t& sample : out) {
    sample = static_cast<int16_t>(std::lround(level_ * sin_));
    const double next_cos = cos_ * step_cos_ - sin_ * step_sin_;
    sin_ = sin_ * step_cos_ + cos_ * step_sin_;
    cos_ = next_cos;
  }
  // Rounding lets the circle grow or shrink in hours.
  const double length = std::hypot(cos_, sin_);
  cos_ /= length;
  sin_ /= length;
}

double tone_share(std::span<const int16_t> samples, uint32_t hertz) {
  const double total = energy(samples);
  if (total == 0) return 0;
  const double factor = 2 * std::cos(angle(hertz));
  double last = 0;
  double before = 0;
  for (const int16_t sample : samples) {
    const double now = sample + factor * last - before;
    before = last;
    last = now;
  }
  const double power = last * last + before * before - factor * last * before;
  return 2 * power / (total * static_cast<double>(samples.size()));
}

double rms(std::span<const int16_t> samples) {
  return samples.empty() ? 0 : std::sqrt(energy(samples) / static_cast<double>(samples.size()));
}

}  // namespace tipring::rtp
