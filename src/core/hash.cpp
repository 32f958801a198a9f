#include "core/hash.h"

#include <bit>

#include "core/words.h"

namespace tipring {

template <int kWordRounds, int kEndRounds>
SipHasher<kWordRounds, kEndRounds>::SipHasher(const HashKey& key, Width width)
    : state_{key.k0 ^ 0x736f6d6570736575U, key.k1 ^ 0x646f72616e646f6dU,
             key.k0 ^ 0x6c7967656e657261U, key.k1 ^ 0x7465646279746573U},
      width_(width) {
  if (width == Width::Bits128) state_.v1 ^= 0xee;
}

template <int kWordRounds, int kEndRounds>
template <int kCount>
inline void SipHasher<kWordRounds, kEndRounds>::State::rounds() {
  v0 += v1;
  v1 = std::rotl(v1, 13) ^ v0;
  v0 = std::rotl(v0, 32);
  v2 += v3;
  v3 = std::rotl(v3, 16) ^ v2;
  v0 += v3;
  v3 = std::rotl(v3, 21) ^ v0;
  v2 += v1;
  v1 = std::rotl(v1, 17) ^ v2;
  v2 = std::rotl(v2, 32);
  if constexpr (kCount > 1) rounds<kCount - 1>();
}

template <int kWordRounds, int kEndRounds>
inline void SipHasher<kWordRounds, kEndRounds>::State::compress(uint64_t word) {
  v3 ^= word;
  rounds<kWordRounds>();
  v0 ^= word;
}

// Texts and numbers alternate, so words begin anywhere: what does not fit into the present one goes
// into the next. The state is worked on as a local variable, which stays in registers.
template <int kWordRounds, int kEndRounds>
template <bool kSized, class Change>
void SipHasher<kWordRounds, kEndRounds>::add_text(std::string_view text, const Change& change) {
  State state = state_;
  const size_t held = size_ % 8;  // bytes in word_
  const size_t shift = 8 * held;
  uint64_t word = word_;
  const auto take = [&](uint64_t next) {
    state.compress(word | next << shift);
    word = next >> 1 >> (63 - shift);  // all of it out where nothing was held
  };
  if constexpr (kSized) take(text.size());
  const char* at = text.data();
  size_t left = text.size();
  for (; left >= 8; at += 8, left -= 8) take(change(load_word<uint64_t>(at)));
  const uint64_t last = change(load_short(at, left));
  if (held + left >= 8) {
    take(last);
  } else {
    word |= last << shift;
  }
  word_ = word;
  state_ = state;
  size_ += text.size() + (kSized ? 8 : 0);
}

template <int kWordRounds, int kEndRounds>
void SipHasher<kWordRounds, kEndRounds>::add(std::string_view bytes) {
  add_text<false>(bytes, [](uint64_t word) { return word; });
}

template <int kWordRounds, int kEndRounds>
void SipHasher<kWordRounds, kEndRounds>::add_sized(std::string_view bytes) {
  add_text<true>(bytes, [](uint64_t word) { return word; });
}

template <int kWordRounds, int kEndRounds>
void SipHasher<kWordRounds, kEndRounds>::add_lower(std::string_view text) {
  add_text<false>(text, [](uint64_t word) { return word | upper_case_bits(word); });
}

template <int kWordRounds, int kEndRounds>
void SipHasher<kWordRounds, kEndRounds>::add_u64(uint64_t value) {
  const uint64_t shift = 8 * (size_ % 8);
  State state = state_;
  state.compress(word_ | value << shift);
  state_ = state;
  word_ = value >> 1 >> (63 - shift);
  size_ += 8;
}

template <int kWordRounds, int kEndRounds>
typename SipHasher<kWordRounds, kEndRounds>::State SipHasher<kWordRounds, kEndRounds>::finish()
    const {
  State state = state_;
  state.compress(word_ | size_ << 56);
  state.v2 ^= width_ == Width::Bits128 ? 0xee : 0xff;
  state.template rounds<kEndRounds>();
  return state;
}

template <int kWordRounds, int kEndRounds>
uint64_t SipHasher<kWordRounds, kEndRounds>::finish64() const {
  return finish().mix();
}

template <int kWordRounds, int kEndRounds>
Hash128 SipHasher<kWordRounds, kEndRounds>::finish128() const {
  State state = finish();
  const uint64_t lo = state.mix();
  state.v1 ^= 0xdd;
  state.template rounds<kEndRounds>();
  return {lo, state.mix()};
}

template class SipHasher<2, 4>;
template class SipHasher<1, 3>;

uint64_t siphash64(const HashKey& key, std::string_view bytes) {
  SipHasher64 hasher(key);
  hasher.add(bytes);
  return hasher.finish();
}

uint64_t table_hash64(const HashKey& key, std::string_view bytes) {
  TableHasher64 hasher(key);
  hasher.add(bytes);
  return hasher.finish();
}

}  // namespace tipring
