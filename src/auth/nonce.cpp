#include "auth/nonce.h"

#include <algorithm>

#include "auth/source.h"

namespace tipring::auth {

namespace {

constexpr size_t kBytes = NonceTable::kNonceSize / 4 * 3;
constexpr size_t kSequenceAt = 6;
constexpr size_t kNodeAt = 9;
constexpr size_t kMacAt = 10;
constexpr uint32_t kSequenceMask = 0xffffff;
constexpr uint32_t kOrderBits = 16;  // of the sequence; the time takes the other 48

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr uint8_t kNoDigit = 0xff;

constexpr std::array<uint8_t, 256> make_digit_values() {
  std::array<uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (size_t i = 0; i < kDigits.size(); ++i)
    values[static_cast<uint8_t>(kDigits[i])] = static_cast<uint8_t>(i);
  return values;
}

constexpr std::array<uint8_t, 256> kDigitValues = make_digit_values();

// Most significant byte first.
void put(std::span<uint8_t> out, uint64_t value) {
  for (size_t i = out.size(); i-- > 0; value >>= 8) out[i] = static_cast<uint8_t>(value);
}

uint64_t take(std::span<const uint8_t> bytes) {
  uint64_t value = 0;
  for (const uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

bool decode(std::string_view text, std::span<uint8_t, kBytes> out) {
  for (size_t i = 0; i < out.size() / 3; ++i) {
    uint32_t group = 0;
    for (const char c : text.substr(i * 4, 4)) {
      const uint8_t digit = kDigitValues[static_cast<uint8_t>(c)];
      if (digit == kNoDigit) return false;
      group = group << 6 | digit;
    }
    put(out.subspan(i * 3, 3), group);
  }
  return true;
}

void encode(std::span<const uint8_t, kBytes> bytes, std::span<char> out) {
  for (size_t i = 0; i < bytes.size() / 3; ++i) {
    uint64_t group = take(bytes.subspan(i * 3, 3));
    for (size_t digit = 4; digit-- > 0; group >>= 6) out[i * 4 + digit] = kDigits[group & 63];
  }
}

size_t set_count(uint32_t nonces) {
  return std::max((static_cast<size_t>(nonces) + NonceTable::kWays - 1) / NonceTable::kWays,
                  size_t{1});
}

}  // namespace

void NonceTable::plan(MemoryPlan& plan, uint32_t nonces) {
  plan.add("nonces", set_count(nonces), sizeof(Set));
}

NonceTable::NonceTable(Arena& arena, const HashKey& key, uint8_t node, uint32_t nonces)
    : sets_(arena.take<Set>(set_count(nonces))), key_(key), node_(node) {}

bool NonceTable::read(std::string_view nonce, Parts& parts) {
  std::array<uint8_t, kBytes> bytes;
  if (nonce.size() != kNonceSize || !decode(nonce, bytes)) return false;
  const std::span<const uint8_t> all = bytes;
  parts.issued_ms = static_cast<int64_t>(take(all.first(kSequenceAt)));
  parts.sequence = static_cast<uint32_t>(take(all.subspan(kSequenceAt, kNodeAt - kSequenceAt)));
  parts.node = bytes[kNodeAt];
  parts.mac = take(all.subspan(kMacAt));
  return true;
}

// Which of two was given out first. After an outage hundreds are given out in one millisecond: by
// the time alone, one of them that is driven out would make all the others stale.
uint64_t NonceTable::order_of(const Parts& parts) {
  constexpr uint64_t kMask = (uint64_t{1} << kOrderBits) - 1;
  return static_cast<uint64_t>(parts.issued_ms) << kOrderBits | (parts.sequence & kMask);
}

uint64_t NonceTable::mac(const Parts& parts, const port::IpAddress& address) const {
  const port::IpAddress source = source_of(address);
  SipHasher64 hasher(key_);
  hasher.add("nonce");
  hasher.add_u64(static_cast<uint64_t>(parts.issued_ms));
  hasher.add_u64(uint64_t{parts.sequence} << 8 | parts.node);
  hasher.add({reinterpret_cast<const char*>(source.bytes.data()), source.bytes.size()});
  return hasher.finish();
}

uint64_t NonceTable::id_of(std::string_view nonce) const {
  const uint64_t hash = table_hash64(key_, nonce);
  return hash == 0 ? 1 : hash;
}

std::string_view NonceTable::write(const port::IpAddress& address, Millis wall,
                                   std::span<char> out) {
  TIPRING_ASSERT(out.size() >= kNonceSize);
  sequence_ = (sequence_ + 1) & kSequenceMask;
  const Parts parts{std::max<int64_t>(wall.count(), 0), sequence_, node_, 0};
  std::array<uint8_t, kBytes> bytes;
  const std::span<uint8_t> all = bytes;
  put(all.first(kSequenceAt), static_cast<uint64_t>(parts.issued_ms));
  put(all.subspan(kSequenceAt, kNodeAt - kSequenceAt), parts.sequence);
  bytes[kNodeAt] = parts.node;
  put(all.subspan(kMacAt), mac(parts, address));
  encode(bytes, out);
  return {out.data(), kNonceSize};
}

NonceVerdict NonceTable::judge(std::string_view nonce, const port::IpAddress& address, Millis wall,
                               Millis lifetime) const {
  Parts parts;
  // Compared in one step, so that nothing can be learned from how long it takes.
  if (!read(nonce, parts) || mac(parts, address) != parts.mac) return NonceVerdict::Forged;
  const Millis issued(parts.issued_ms);
  return issued <= wall && wall - issued <= lifetime ? NonceVerdict::Valid : NonceVerdict::Stale;
}

NonceVerdict NonceTable::use(std::string_view nonce, uint32_t nc) {
  const uint64_t id = id_of(nonce);
  Set& set = sets_[(id >> 32) * sets_.size() >> 32];  // the hash's high half, scaled to the sets
  for (Entry& entry : set.ways) {
    if (entry.id == id) return count(entry, nc);
  }
  Parts parts;
  if (!read(nonce, parts)) return NonceVerdict::Stale;
  const uint64_t order = order_of(parts);
  // It may have been here and been driven out with its counts: nobody can tell any more.
  if (order <= set.forgotten) return NonceVerdict::Stale;
  Entry& oldest =
      *std::min_element(set.ways.begin(), set.ways.end(),
                        [](const Entry& a, const Entry& b) { return a.order < b.order; });
  if (oldest.id != 0) set.forgotten = std::max(set.forgotten, oldest.order);
  if (order <= set.forgotten) return NonceVerdict::Stale;
  oldest = {id, order, 0, 0};
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
