#include "sip/header_id.h"

#include <array>

#include "core/text.h"

namespace tipring::sip {

namespace {

struct Entry {
  std::string_view name;
  char compact;
  HeaderKind kind;
};

constexpr std::array<Entry, kHeaderIdCount> kEntries = {{
#define TIPRING_SIP_HEADER_ENTRY(id, name, compact, kind) {name, compact, HeaderKind::kind},
    TIPRING_SIP_HEADERS(TIPRING_SIP_HEADER_ENTRY)
#undef TIPRING_SIP_HEADER_ENTRY
        {"", 0, HeaderKind::Lines},
}};

constexpr size_t kBuckets = 256;

constexpr size_t folded(char c) { return static_cast<uint8_t>(to_lower(c)); }

// Narrows to a few names by length, first and last letter; comparing decides.
constexpr size_t bucket_of(std::string_view name) {
  return (name.size() * 31 + folded(name.front()) * 7 + folded(name.back()) * 13 +
          folded(name[name.size() / 2]) * 3) % kBuckets;
}

// Ids by bucket: `start[b]` to `start[b + 1]` in `ids`.
struct Buckets {
  std::array<uint8_t, kBuckets + 1> start{};
  std::array<uint8_t, kHeaderIdCount> ids{};
};

constexpr Buckets make_buckets() {
  Buckets buckets;
  std::array<size_t, kHeaderIdCount> bucket_of_id{};
  for (size_t id = 0; id + 1 < kHeaderIdCount; ++id) {
    bucket_of_id[id] = bucket_of(kEntries[id].name);
    ++buckets.start[bucket_of_id[id] + 1];
  }
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    buckets.start[bucket + 1] = static_cast<uint8_t>(buckets.start[bucket + 1] + buckets.start[bucket]);
  }
  std::array<uint8_t, kBuckets> used{};
  for (size_t id = 0; id + 1 < kHeaderIdCount; ++id) {
    const size_t bucket = bucket_of_id[id];
    buckets.ids[static_cast<size_t>(buckets.start[bucket] + used[bucket]++)] = static_cast<uint8_t>(id);
  }
  return buckets;
}

constexpr Buckets kByName = make_buckets();

constexpr std::array<HeaderId, 26> make_compact() {
  std::array<HeaderId, 26> table{};
  table.fill(HeaderId::Other);
  for (size_t id = 0; id + 1 < kHeaderIdCount; ++id) {
    if (kEntries[id].compact != 0) table[static_cast<size_t>(kEntries[id].compact - 'a')] = static_cast<HeaderId>(id);
  }
  return table;
}

constexpr std::array<HeaderId, 26> kByCompact = make_compact();

}  // namespace

HeaderId find_header_id(std::string_view name) {
  if (name.empty()) return HeaderId::Other;
  if (name.size() == 1) {
    const char letter = to_lower(name[0]);
    return letter >= 'a' && letter <= 'z' ? kByCompact[static_cast<size_t>(letter - 'a')] : HeaderId::Other;
  }
  const size_t bucket = bucket_of(name);
  for (size_t i = kByName.start[bucket]; i < kByName.start[bucket + 1]; ++i) {
    const uint8_t id = kByName.ids[i];
    if (iequals(kEntries[id].name, name)) return static_cast<HeaderId>(id);
  }
  return HeaderId::Other;
}

std::string_view to_text(HeaderId id) { return kEntries[to_index(id)].name; }
char compact_form(HeaderId id) { return kEntries[to_index(id)].compact; }
HeaderKind header_kind(HeaderId id) { return kEntries[to_index(id)].kind; }

}  // namespace tipring::sip
