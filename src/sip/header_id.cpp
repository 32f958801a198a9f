#include "sip/header_id.h"

#include <array>

#include "core/text.h"
#include "core/words.h"

namespace tipring::sip {

namespace {

struct Entry {
  std::string_view name;
  char compact;
};

constexpr std::array<Entry, kHeaderIdCount> kEntries = {{
#define TIPRING_SIP_HEADER_ENTRY(id, name, compact, kind, view) {name, compact},
    TIPRING_SIP_HEADERS(TIPRING_SIP_HEADER_ENTRY)
#undef TIPRING_SIP_HEADER_ENTRY
        {"", 0},
}};

// A name prepared for comparing eight letters at once: in lower case, and with the bit that tells
// the cases apart wherever there is a letter.
struct Folded {
  static constexpr size_t kSizeMax = 32;
  std::array<char, kSizeMax> lower{};
  std::array<char, kSizeMax> case_bits{};
  size_t size = 0;
};

constexpr std::array<Folded, kHeaderIdCount> make_folded() {
  std::array<Folded, kHeaderIdCount> all{};
  for (size_t id = 0; id < kHeaderIdCount; ++id) {
    const std::string_view name = kEntries[id].name;  // longer than kSizeMax: does not compile
    all[id].size = name.size();
    for (size_t i = 0; i < name.size(); ++i) {
      all[id].lower[i] = to_lower(name[i]);
      all[id].case_bits[i] = all[id].lower[i] >= 'a' && all[id].lower[i] <= 'z' ? 0x20 : 0;
    }
  }
  return all;
}

constexpr std::array<Folded, kHeaderIdCount> kFolded = make_folded();

bool same_name(std::string_view name, const Folded& folded) {
  return name.size() == folded.size && each_word(name.size(), [&](size_t at, auto word) {
           using Word = decltype(word);
           return (load_word<Word>(name.data() + at) |
                   load_word<Word>(folded.case_bits.data() + at)) ==
                  load_word<Word>(folded.lower.data() + at);
         });
}

constexpr size_t kSlotBits = 9;
constexpr size_t kSlots = size_t{1} << kSlotBits;
static_assert(kHeaderIdCount < kSlots / 4, "so that almost every name has a slot of its own");

// Narrows by size, first, middle and last character; comparing decides.
constexpr size_t slot_of(std::string_view name) {
  const auto byte = [&](size_t at) {
    return static_cast<uint32_t>(static_cast<uint8_t>(name[at])) | 0x20U;
  };
  const uint32_t mixed = byte(0) | byte(name.size() / 2) << 8 | byte(name.size() - 1) << 16;
  return static_cast<uint32_t>((mixed ^ static_cast<uint32_t>(name.size()) << 24) * 0x9e3779b1U) >>
         (32 - kSlotBits);
}

// Ids by slot; a name whose slot is taken has the next free one, and a free one ends the search.
constexpr std::array<HeaderId, kSlots> make_slots() {
  std::array<HeaderId, kSlots> slots{};
  slots.fill(HeaderId::Other);
  for (size_t id = 0; id + 1 < kHeaderIdCount; ++id) {
    size_t slot = slot_of(kEntries[id].name);
    while (slots[slot] != HeaderId::Other) slot = (slot + 1) % kSlots;
    slots[slot] = static_cast<HeaderId>(id);
  }
  return slots;
}

constexpr std::array<HeaderId, kSlots> kByName = make_slots();

constexpr std::array<HeaderId, 26> make_compact() {
  std::array<HeaderId, 26> table{};
  table.fill(HeaderId::Other);
  for (size_t id = 0; id + 1 < kHeaderIdCount; ++id) {
    if (kEntries[id].compact != 0)
      table[static_cast<size_t>(kEntries[id].compact - 'a')] = static_cast<HeaderId>(id);
  }
  return table;
}

constexpr std::array<HeaderId, 26> kByCompact = make_compact();

}  // namespace

HeaderId find_header_id(std::string_view name) {
  if (name.empty()) return HeaderId::Other;
  if (name.size() == 1) {
    const char letter = to_lower(name[0]);
    return letter >= 'a' && letter <= 'z' ? kByCompact[static_cast<size_t>(letter - 'a')]
                                          : HeaderId::Other;
  }
  for (size_t slot = slot_of(name); kByName[slot] != HeaderId::Other; slot = (slot + 1) % kSlots) {
    if (same_name(name, kFolded[to_index(kByName[slot])])) return kByName[slot];
  }
  return HeaderId::Other;
}

std::string_view to_text(HeaderId id) { return kEntries[to_index(id)].name; }
char compact_form(HeaderId id) { return kEntries[to_index(id)].compact; }

}  // namespace tipring::sip
