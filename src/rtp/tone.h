// Tones: made, and found again. What tests of sound stand on, and what a phone plays when it has
// nothing else.
#pragma once

#include <cstdint>
#include <span>

namespace tipring::rtp {

// A sine that goes on from one call to the next.
class ToneGenerator {
 public:
  // Whole hertz below half the sample rate; the level is the peak.
  ToneGenerator(uint32_t hertz, int16_t level);

  void fill(std::span<int16_t> out);

 private:
  // Turned by one step of the circle for each sample.
  double step_cos_;
  double step_sin_;
  double level_;
  double cos_ = 1;
  double sin_ = 0;
};

// How much of the energy of `samples` is at one frequency, from 0 to 1 (Goertzel). 0 for silence.
double tone_share(std::span<const int16_t> samples, uint32_t hertz);

// Root of the mean square: the level of a sound.
double rms(std::span<const int16_t> samples);

}  // namespace tipring::rtp
