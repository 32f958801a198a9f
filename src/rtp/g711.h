// G.711: one byte for each sample of 16 bits at 8000 Hz, by either law (RFC 3551 4.5.14).
#pragma once

#include <cstdint>
#include <span>

namespace tipring::rtp {

enum class Law : uint8_t { Mu, A };  // PCMU and PCMA

inline constexpr uint32_t kSampleRate = 8000;

uint8_t encode(Law law, int16_t sample);
int16_t decode(Law law, uint8_t byte);

// REQUIRES: `out` is as long as the input.
void encode(Law law, std::span<const int16_t> samples, std::span<uint8_t> out);
void decode(Law law, std::span<const uint8_t> bytes, std::span<int16_t> out);

}  // namespace tipring::rtp
