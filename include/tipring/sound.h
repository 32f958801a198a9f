// Sound to be played into a call: one channel, 8000 samples a second, 16 bits.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tipring {

// Samples that never change; copies share them. May be made, copied and destroyed on any thread.
class Sound {
 public:
  static constexpr int kSamplesPerSecond = 8000;
  // A file that holds more is refused: ten minutes of 16 bits.
  static constexpr size_t kFileBytesMax = 10 * 60 * kSamplesPerSecond * 2 + 65536;

  Sound() = default;  // nothing to hear
  explicit Sound(std::vector<int16_t> samples);

  // Reads a WAV file: one channel at 8000 Hz, 16 bits, A-law or mu-law. Blocks while it reads.
  // On failure the sound is empty and `fault` says why, with the path.
  static Sound load(const std::string& path, std::string& fault);

  // A sine of so many hertz (1 to 3999). `level` is its peak, up to 32767.
  static Sound tone(int hertz, std::chrono::milliseconds length, int level = 8000);

  bool empty() const { return size() == 0; }
  size_t size() const { return samples_ == nullptr ? 0 : samples_->size(); }
  const int16_t* data() const { return samples_ == nullptr ? nullptr : samples_->data(); }

 private:
  std::shared_ptr<const std::vector<int16_t>> samples_;
};

// How much of the energy of `samples` is at one frequency: from 0 to 1. What tests of sound ask.
double tone_share(const int16_t* samples, size_t count, int hertz);

}  // namespace tipring
