#include "auth/nonce.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "auth/safe_sources.h"
#include "core/text.h"
#include "port/crypto.h"

namespace tipring::auth {

namespace {

constexpr size_t kTimeDigits = 12;
constexpr size_t kBodySize = NonceTable::kNonceSize - 16;

size_t set_count(uint32_t nonces) {
  return std::bit_ceil((static_cast<size_t>(nonces) + NonceTable::kWays - 1) / NonceTable::kWays);
}

int64_t issued_ms_of(std::string_view nonce) {
  const Result<uint64_t> time = parse_hex_u64(nonce.substr(0, kTimeDigits));
  return time ? static_cast<int64_t>(*time) : 0;
}

}  // namespace

void NonceTable::plan(MemoryPlan& plan, uint32_t nonces) {
  plan.add("nonces", set_count(nonces), sizeof(Set));
}

NonceTable::NonceTable(Arena& arena, const HashKey& key, uint8_t node, uint32_t nonces)
    : sets_(arena.take<Set>(set_count(nonces))), key_(key), node_(node) {}

uint64_t NonceTable::mac(std::string_view body, const port::IpAddress& address) const {
  const port::IpAddress source = source_of(address);
  SipHasher64 hasher(key_);
  hasher.add("nonce");
  hasher.add(body);
  hasher.add({reinterpret_cast<const char*>(source.bytes.data()), source.bytes.size()});
  return hasher.finish();
}

uint64_t NonceTable::id_of(std::string_view nonce) const {
  const uint64_t hash = siphash64(key_, nonce);
  return hash == 0 ? 1 : hash;
}

std::string_view NonceTable::write(const port::IpAddress& address, Millis wall,
                                   std::span<char> out) {
  TIPRING_ASSERT(out.size() >= kNonceSize);
  std::array<char, 16> digits;
  const auto put = [&](size_t at, uint64_t value, size_t count) {
    const std::string_view text = write_hex_u64(value, digits);
    std::memcpy(out.data() + at, text.data() + 16 - count, count);
  };
  put(0, static_cast<uint64_t>(std::max<int64_t>(wall.count(), 0)), kTimeDigits);
  put(kTimeDigits, node_, 2);
  put(kTimeDigits + 2, ++sequence_, 8);
  put(kBodySize, mac({out.data(), kBodySize}, address), 16);
  return {out.data(), kNonceSize};
}

NonceVerdict NonceTable::judge(std::string_view nonce, const port::IpAddress& address, Millis wall,
                               Millis lifetime) const {
  if (nonce.size() != kNonceSize) return NonceVerdict::Forged;
  std::array<char, 16> expected;
  const std::string_view own = write_hex_u64(mac(nonce.substr(0, kBodySize), address), expected);
  if (!port::equal_constant_time(nonce.substr(kBodySize), own)) return NonceVerdict::Forged;
  const Millis issued(issued_ms_of(nonce));
  return issued <= wall && wall - issued <= lifetime ? NonceVerdict::Valid : NonceVerdict::Stale;
}

NonceVerdict NonceTable::use(std::string_view nonce, uint32_t nc) {
  const uint64_t id = id_of(nonce);
  Set& set = sets_[static_cast<size_t>(id) & (sets_.size() - 1)];
  for (Entry& entry : set.ways) {
    if (entry.id == id) return count(entry, nc);
  }
  const int64_t issued_ms = issued_ms_of(nonce);
  // It may have been here and been driven out with its counts: nobody can tell any more.
  if (issued_ms <= set.forgotten_ms) return NonceVerdict::Stale;
  Entry& oldest =
      *std::min_element(set.ways.begin(), set.ways.end(),
                        [](const Entry& a, const Entry& b) { return a.issued_ms < b.issued_ms; });
  if (oldest.id != 0) set.forgotten_ms = std::max(set.forgotten_ms, oldest.issued_ms);
  if (issued_ms <= set.forgotten_ms) return NonceVerdict::Stale;
  oldest = {id, issued_ms, 0, 0};
  return count(oldest, nc);
}

// A sliding window over the counts, as against replayed packets. Without a count every use after
// the first is a replay.
NonceVerdict NonceTable::count(Entry& entry, uint32_t nc) {
  if (nc == 0) nc = 1;
  if (nc > entry.highest) {
    const uint32_t step = nc - entry.highest;
    entry.seen = step >= kWindow ? 1 : (entry.seen << step) | 1;
    entry.highest = nc;
    return NonceVerdict::Valid;
  }
  const uint32_t behind = entry.highest - nc;
  if (behind >= kWindow || (entry.seen >> behind & 1) != 0) return NonceVerdict::Stale;
  entry.seen |= uint64_t{1} << behind;
  return NonceVerdict::Valid;
}

}  // namespace tipring::auth
