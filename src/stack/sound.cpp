#include "tipring/sound.h"

#include <cstring>

#include "port/linux/linux_files.h"
#include "rtp/tone.h"
#include "rtp/wav.h"

namespace tipring {

Sound::Sound(std::vector<int16_t> samples)
    : samples_(std::make_shared<const std::vector<int16_t>>(std::move(samples))) {}

Sound Sound::load(const std::string& path, std::string& fault) {
  port::LinuxFiles files;
  std::string bytes;
  const int error = port::read_file(files, path, kFileBytesMax, bytes);
  if (error != 0) {
    fault = path + ": " + std::strerror(error);
    return {};
  }
  const Result<rtp::Wav, rtp::WavFault> wav = rtp::parse_wav(bytes);
  if (!wav) {
    fault = path + ": " + std::string(rtp::to_text(wav.error()));
    return {};
  }
  std::vector<int16_t> samples(wav->samples());
  for (size_t i = 0; i < samples.size(); ++i) samples[i] = wav->sample(i);
  return Sound(std::move(samples));
}

Sound Sound::tone(int hertz, std::chrono::milliseconds length, int level) {
  const auto count = static_cast<size_t>(length.count() > 0 ? length.count() : 0);
  if (hertz < 1 || hertz >= kSamplesPerSecond / 2 || level < 0 || level > INT16_MAX) return {};
  std::vector<int16_t> samples(count * (kSamplesPerSecond / 1000));
  rtp::ToneGenerator(static_cast<uint32_t>(hertz), static_cast<int16_t>(level)).fill(samples);
  return Sound(std::move(samples));
}

double tone_share(const int16_t* samples, size_t count, int hertz) {
  return rtp::tone_share({samples, count}, static_cast<uint32_t>(hertz));
}

}  // namespace tipring
