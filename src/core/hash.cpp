#include "core/hash.h"

#include <bit>
#include <cstring>

#include "core/text.h"

namespace tipring {

namespace {

// Eight bytes as a number, least significant first.
uint64_t load_word(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

}  // namespace

SipHasher::SipHasher(const HashKey& key, Width width)
    : v0_(key.k0 ^ 0x736f6d6570736575U),
      v1_(key.k1 ^ 0x646f72616e646f6dU),
      v2_(key.k0 ^ 0x6c7967656e657261U),
      v3_(key.k1 ^ 0x7465646279746573U),
      width_(width) {
  if (width == Width::Bits128) v1_ ^= 0xee;
}

void SipHasher::rounds(int count) {
  for (int i = 0; i < count; ++i) {
    v0_ += v1_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v3_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ += v3_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ += v1_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v2_ = std::rotl(v2_, 32);
  }
}

void SipHasher::compress() {
  v3_ ^= word_;
  rounds(2);
  v0_ ^= word_;
  word_ = 0;
}

// Texts and numbers alternate, so words begin anywhere: what does not fit into the present one goes
// into the next.
void SipHasher::add_word(uint64_t word) {
  const uint64_t shift = 8 * (size_ % 8);
  word_ |= word << shift;
  size_ += 8;
  compress();
  if (shift != 0) word_ = word >> (64 - shift);
}

void SipHasher::add(std::string_view bytes) {
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) add_word(load_word(bytes.data()));
  for (const char byte : bytes) add_byte(static_cast<uint8_t>(byte));
}

void SipHasher::add_lower(std::string_view text) {
  for (const char c : text) add_byte(static_cast<uint8_t>(to_lower(c)));
}

void SipHasher::add_u64(uint64_t value) { add_word(value); }

uint64_t SipHasher::finish64() {
  word_ |= size_ << 56;
  compress();
  v2_ ^= width_ == Width::Bits128 ? 0xee : 0xff;
  rounds(4);
  return v0_ ^ v1_ ^ v2_ ^ v3_;
}

Hash128 SipHasher::finish128() {
  const uint64_t lo = finish64();
  v1_ ^= 0xdd;
  rounds(4);
  return {lo, v0_ ^ v1_ ^ v2_ ^ v3_};
}

uint64_t siphash64(const HashKey& key, std::string_view bytes) {
  SipHasher64 hasher(key);
  hasher.add(bytes);
  return hasher.finish();
}

Hash128 siphash128(const HashKey& key, std::string_view bytes) {
  SipHasher128 hasher(key);
  hasher.add(bytes);
  return hasher.finish();
}

}  // namespace tipring
