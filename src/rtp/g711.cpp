#include "rtp/g711.h"

#include <array>
#include <bit>

#include "core/assert.h"

namespace tipring::rtp {

namespace {

// Both laws are the reference's: ITU-T G.191, "ulaw" and "alaw". Each byte is a sign, a segment of
// three bits and four bits of the place in it; the smallest step of µ-law is 4 of our units and of
// A-law 16.
constexpr int kMuBias = 33;
constexpr int kMuMax = 0x1fff;  // 14 bits without the sign, biased

constexpr uint8_t to_mu(int16_t sample) {
  const bool negative = sample < 0;
  const int size = ((negative ? ~sample : sample) >> 2) + kMuBias;
  const auto clipped = static_cast<unsigned>(size > kMuMax ? kMuMax : size);
  const auto segment = static_cast<unsigned>(std::bit_width(clipped >> 6));  // 0 to 7
  const unsigned place = (clipped >> (segment + 1)) & 0xf;
  const unsigned code = (segment << 4) | place;
  return static_cast<uint8_t>(~code & (negative ? 0x7f : 0xff));
}

constexpr int16_t from_mu(uint8_t byte) {
  const unsigned code = ~static_cast<unsigned>(byte);
  const int segment = static_cast<int>((code >> 4) & 7);
  const int place = static_cast<int>(code & 0xf);
  const int size = (((place << 1) + kMuBias) << (segment + 2)) - 4 * kMuBias;
  return static_cast<int16_t>((byte & 0x80) != 0 ? size : -size);
}

constexpr uint8_t to_a(int16_t sample) {
  const bool negative = sample < 0;
  const auto size = static_cast<unsigned>((negative ? ~sample : sample) >> 4);  // 0 to 2047
  const auto segment = static_cast<unsigned>(std::bit_width(size >> 4));        // 0 to 7
  const unsigned place = (segment > 1 ? size >> (segment - 1) : size) & 0xf;
  const unsigned code = (segment << 4) | place;
  return static_cast<uint8_t>((code | (negative ? 0 : 0x80)) ^ 0x55);
}

constexpr int16_t from_a(uint8_t byte) {
  const unsigned code = byte ^ 0x55U;
  const int segment = static_cast<int>((code >> 4) & 7);
  const int place = static_cast<int>(code & 0xf);
  const int steps = segment == 0 ? place : place + 16;
  const int size = ((steps << 4) + 8) << (segment > 1 ? segment - 1 : 0);
  return static_cast<int16_t>((code & 0x80) != 0 ? size : -size);
}

using Decoded = std::array<int16_t, 256>;

constexpr Decoded make_table(int16_t (*decoded)(uint8_t)) {
  Decoded table{};
  for (size_t i = 0; i < table.size(); ++i) table[i] = decoded(static_cast<uint8_t>(i));
  return table;
}

constexpr Decoded kFromMu = make_table(from_mu);
constexpr Decoded kFromA = make_table(from_a);

// One entry for each value that the laws tell apart: 14 bits and 12.
constexpr int kMuShift = 2;
constexpr int kAShift = 4;

template <int Shift>
constexpr auto make_codes(uint8_t (*code)(int16_t)) {
  std::array<uint8_t, (65536 >> Shift)> table{};
  for (size_t i = 0; i < table.size(); ++i) {
    table[i] = code(static_cast<int16_t>(static_cast<uint16_t>(i << Shift)));
  }
  return table;
}

constexpr auto kToMu = make_codes<kMuShift>(to_mu);
constexpr auto kToA = make_codes<kAShift>(to_a);

}  // namespace

uint8_t encode(Law law, int16_t sample) {
  const auto bits = static_cast<uint16_t>(sample);
  return law == Law::Mu ? kToMu[bits >> kMuShift] : kToA[bits >> kAShift];
}

int16_t decode(Law law, uint8_t byte) { return (law == Law::Mu ? kFromMu : kFromA)[byte]; }

void encode(Law law, std::span<const int16_t> samples, std::span<uint8_t> out) {
  TIPRING_ASSERT(out.size() == samples.size());
  for (size_t i = 0; i < samples.size(); ++i) out[i] = encode(law, samples[i]);
}

void decode(Law law, std::span<const uint8_t> bytes, std::span<int16_t> out) {
  TIPRING_ASSERT(out.size() == bytes.size());
  for (size_t i = 0; i < bytes.size(); ++i) out[i] = decode(law, bytes[i]);
}

}  // namespace tipring::rtp
