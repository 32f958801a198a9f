// Counts of failures in a table of fixed size. Each has its place in one of two sets, so that the
// table fills evenly. Where both are full they give up what weighs least: a count that is too old to
// matter, then the one with the fewest blocks and failures. A block that stands is never given up,
// or guessing on would lift it; where nothing else is left there is no room. Which sets an entry
// falls into nobody outside can tell: the hash is keyed.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <tuple>

#include "core/arena.h"
#include "core/memory_plan.h"
#include "port/address.h"
#include "port/time.h"

namespace tipring::auth {

// What pairs and sources have in common.
struct BlockEntry {
  uint64_t id = 0;  // hash of what it counts for; 0: free
  port::IpAddress source;
  Millis last{0};   // failure
  Millis since{0};  // of the block
  Millis until{0};
  uint32_t failures = 0;
  uint8_t repeats = 0;  // blocks so far

  bool blocked(Millis now) const { return id != 0 && now < until; }
  bool forgotten(Millis now, Millis memory) const {
    return id == 0 || now - std::max(last, until) >= memory;
  }
};

template <class Entry>
class BlockTable {
 public:
  static constexpr size_t kWays = 8;
  using Set = std::array<Entry, kWays>;

  static size_t sets_for(uint32_t entries) {
    return std::bit_ceil((static_cast<size_t>(entries) + kWays - 1) / kWays);
  }

  BlockTable(Arena& arena, uint32_t entries) : sets_(arena.take<Set>(sets_for(entries))) {}

  Entry* find(uint64_t id) {
    for (Set* set : sets_of(id)) {
      for (Entry& entry : *set) {
        if (entry.id == id) return &entry;
      }
    }
    return nullptr;
  }

  // A new entry; null when there is no room. `memory`: how long a count matters.
  Entry* make(uint64_t id, Millis now, Millis memory) {
    Entry* least = nullptr;
    const auto weight = [&](const Entry& entry) {
      return std::tuple(!entry.forgotten(now, memory), entry.repeats, entry.failures, entry.last);
    };
    for (Set* set : sets_of(id)) {
      for (Entry& entry : *set) {
        if (entry.blocked(now)) continue;
        if (least == nullptr || weight(entry) < weight(*least)) least = &entry;
      }
    }
    if (least == nullptr) return nullptr;
    *least = Entry();
    least->id = id;
    return least;
  }

  size_t slots() const { return sets_.size() * kWays; }
  Entry& at(size_t slot) { return sets_[slot / kWays][slot % kWays]; }

 private:
  std::array<Set*, 2> sets_of(uint64_t id) {
    const size_t mask = sets_.size() - 1;
    return {&sets_[static_cast<size_t>(id) & mask], &sets_[static_cast<size_t>(id >> 32) & mask]};
  }

  std::span<Set> sets_;
};

}  // namespace tipring::auth
