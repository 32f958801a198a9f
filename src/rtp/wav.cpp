#include "rtp/wav.h"

#include <algorithm>
#include <cstring>

#include "core/assert.h"

namespace tipring::rtp {

namespace {

// Numbers in these files have their lowest byte first.
uint32_t get(std::span<const char> bytes, size_t at, size_t size) {
  uint32_t value = 0;
  for (size_t i = size; i > 0; --i) {
    value = value << 8 | static_cast<uint8_t>(bytes[at + i - 1]);
  }
  return value;
}

void put(std::span<char> bytes, size_t at, size_t size, uint32_t value) {
  for (size_t i = 0; i < size; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
}

bool is_named(std::span<const char> bytes, size_t at, std::string_view name) {
  return std::string_view(bytes.data() + at, name.size()) == name;
}

constexpr uint32_t kTagPcm = 1;
constexpr uint32_t kTagALaw = 6;
constexpr uint32_t kTagMuLaw = 7;
constexpr size_t kFmtBytesMin = 16;

Result<WavFormat, WavFault> read_format(std::span<const char> chunk) {
  if (chunk.size() < kFmtBytesMin) return WavFault::NoFormat;
  const uint32_t tag = get(chunk, 0, 2);
  const uint32_t bits = get(chunk, 14, 2);
  WavFormat found = WavFormat::Pcm16;
  if (tag == kTagALaw && bits == 8) {
    found = WavFormat::ALaw;
  } else if (tag == kTagMuLaw && bits == 8) {
    found = WavFormat::MuLaw;
  } else if (tag != kTagPcm || bits != 16) {
    return WavFault::Encoding;
  }
  if (get(chunk, 2, 2) != 1) return WavFault::Channels;
  if (get(chunk, 4, 4) != kSampleRate) return WavFault::Rate;
  return found;
}

}  // namespace

std::string_view to_text(WavFault fault) {
  switch (fault) {
    case WavFault::NotWav: return "not a WAV file";
    case WavFault::Cut: return "the file is shorter than it says";
    case WavFault::NoFormat: return "no format before the sound";
    case WavFault::Encoding: return "neither 16 bits nor A-law nor mu-law";
    case WavFault::Channels: return "more than one channel";
    case WavFault::Rate: return "not 8000 samples a second";
    case WavFault::NoData: return "no sound in it";
  }
  return "";
}

int16_t Wav::sample(size_t index) const {
  TIPRING_ASSERT(index < samples());
  if (format == WavFormat::Pcm16) return static_cast<int16_t>(get(data, 2 * index, 2));
  return decode(format == WavFormat::MuLaw ? Law::Mu : Law::A, static_cast<uint8_t>(data[index]));
}

Result<Wav, WavFault> parse_wav(std::span<const char> file) {
  if (file.size() < 12 || !is_named(file, 0, "RIFF") || !is_named(file, 8, "WAVE")) {
    return WavFault::NotWav;
  }
  std::optional<WavFormat> format;
  size_t at = 12;
  while (file.size() - at >= 8) {
    const size_t size = get(file, at + 4, 4);
    const size_t begin = at + 8;
    if (size > file.size() - begin) return WavFault::Cut;
    const std::span<const char> chunk = file.subspan(begin, size);
    if (is_named(file, at, "fmt ")) {
      const Result<WavFormat, WavFault> found = read_format(chunk);
      if (!found) return found.error();
      format = *found;
    } else if (is_named(file, at, "data")) {
      if (!format) return WavFault::NoFormat;
      if (chunk.empty() || (*format == WavFormat::Pcm16 && size % 2 != 0)) {
        return WavFault::NoData;
      }
      return Wav{*format, chunk};
    }
    at = std::min(begin + size + size % 2, file.size());
  }
  return format ? WavFault::NoData : WavFault::NoFormat;
}

// With the extension's size and a fact chunk, which formats other than PCM must have.
std::array<char, kWavHeaderBytes> make_wav_header(WavFormat format, uint32_t data_bytes) {
  TIPRING_ASSERT(data_bytes <= kWavDataMax);
  const uint32_t sample_bytes = format == WavFormat::Pcm16 ? 2 : 1;
  uint32_t tag = kTagPcm;
  if (format == WavFormat::ALaw) tag = kTagALaw;
  if (format == WavFormat::MuLaw) tag = kTagMuLaw;
  std::array<char, kWavHeaderBytes> out{};
  std::memcpy(&out[0], "RIFF", 4);
  put(out, 4, 4, static_cast<uint32_t>(kWavHeaderBytes - 8) + data_bytes + data_bytes % 2);
  std::memcpy(&out[8], "WAVEfmt ", 8);
  put(out, 16, 4, 18);
  put(out, 20, 2, tag);
  put(out, 22, 2, 1);
  put(out, 24, 4, kSampleRate);
  put(out, 28, 4, kSampleRate * sample_bytes);
  put(out, 32, 2, sample_bytes);
  put(out, 34, 2, 8 * sample_bytes);
  std::memcpy(&out[38], "fact", 4);
  put(out, 42, 4, 4);
  put(out, 46, 4, data_bytes / sample_bytes);
  std::memcpy(&out[50], "data", 4);
  put(out, 54, 4, data_bytes);
  return out;
}

}  // namespace tipring::rtp
