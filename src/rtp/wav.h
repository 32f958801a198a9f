// WAV files with one channel at 8000 Hz: 16 bits, A-law or µ-law. Bytes in memory; who reads and
// writes the file is another matter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/result.h"
#include "rtp/g711.h"

namespace tipring::rtp {

enum class WavFormat : uint8_t { Pcm16, MuLaw, ALaw };

enum class WavFault : uint8_t {
  NotWav,    // no RIFF file of the kind WAVE
  Cut,       // a chunk says that it is longer than the file
  NoFormat,  // no fmt chunk before the data, or too short a one
  Encoding,  // neither 16 bits nor one of the laws
  Channels,  // more than one
  Rate,      // not 8000 Hz
  NoData,    // no data chunk, or half a sample at its end
};

// One short English phrase.
std::string_view to_text(WavFault fault);

struct Wav {
  WavFormat format = WavFormat::Pcm16;
  std::span<const char> data;  // into the file

  size_t samples() const { return format == WavFormat::Pcm16 ? data.size() / 2 : data.size(); }
  // The sample at that place. REQUIRES: index < samples().
  int16_t sample(size_t index) const;
};

Result<Wav, WavFault> parse_wav(std::span<const char> file);

inline constexpr size_t kWavHeaderBytes = 58;
// What a file may hold behind its header: its sizes are numbers of 32 bits.
inline constexpr uint64_t kWavDataMax = UINT32_MAX - kWavHeaderBytes - 1;

// REQUIRES: data_bytes <= kWavDataMax. Data of an odd size is followed by one byte more.
std::array<char, kWavHeaderBytes> make_wav_header(WavFormat format, uint32_t data_bytes);

}  // namespace tipring::rtp
