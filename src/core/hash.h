// SipHash: a keyed hash, so that strangers cannot choose texts that collide in our tables, nor write
// what only we could have written. Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012),
// with its 128-bit variant.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tipring {

struct HashKey {
  uint64_t k0 = 0;
  uint64_t k1 = 0;
};

struct Hash128 {
  uint64_t lo = 0;
  uint64_t hi = 0;
  friend bool operator==(const Hash128&, const Hash128&) = default;
};

// Hash of bytes that come piece by piece; the same as of all of them in one piece. So many rounds
// for each word, and so many at the end.
template <int kWordRounds, int kEndRounds>
class SipHasher {
 public:
  enum class Width : uint8_t { Bits64, Bits128 };

  SipHasher(const HashKey& key, Width width);

  void add(std::string_view bytes);
  void add_sized(std::string_view bytes);  // their number as add_u64() has it, then the bytes
  void add_lower(std::string_view text);   // as if ASCII letters were in lower case
  void add_u64(uint64_t value);            // eight bytes, least significant first

  uint64_t finish64() const;
  Hash128 finish128() const;

 private:
  struct State {
    uint64_t v0, v1, v2, v3;
    void compress(uint64_t word);
    template <int kCount>
    void rounds();
    uint64_t mix() const { return v0 ^ v1 ^ v2 ^ v3; }
  };

  template <bool kSized, class Change>
  void add_text(std::string_view text, const Change& change);
  State finish() const;

  State state_;
  uint64_t word_ = 0;  // the bytes that do not make eight yet
  uint64_t size_ = 0;
  Width width_;
};

// SipHash-2-4 for what others see and must not be able to make: codes in branches, tags, nonces.
class SipHasher64 : public SipHasher<2, 4> {
 public:
  explicit SipHasher64(const HashKey& key) : SipHasher(key, Width::Bits64) {}
  uint64_t finish() const { return finish64(); }
};

// SipHash-1-3, half the work, for tables: nobody sees these hashes, he can only try to make many of
// them equal.
class TableHasher64 : public SipHasher<1, 3> {
 public:
  explicit TableHasher64(const HashKey& key) : SipHasher(key, Width::Bits64) {}
  uint64_t finish() const { return finish64(); }
};

class TableHasher128 : public SipHasher<1, 3> {
 public:
  explicit TableHasher128(const HashKey& key) : SipHasher(key, Width::Bits128) {}
  Hash128 finish() const { return finish128(); }
};

uint64_t siphash64(const HashKey& key, std::string_view bytes);
uint64_t table_hash64(const HashKey& key, std::string_view bytes);

}  // namespace tipring
