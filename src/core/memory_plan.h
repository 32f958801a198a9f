// All memory and descriptors that the server takes at start, line by line: what `tipringd --plan`
// prints and what the arena is made of.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/arena.h"
#include "core/assert.h"

namespace tipring {

struct PlanLine {
  std::string_view name;  // borrowed for ever: a literal
  uint64_t capacity = 0;
  uint64_t item_bytes = 0;  // of one item, for people: total_bytes is what counts
  uint64_t total_bytes = 0;
  bool in_arena = true;  // false: taken by a library's own bounded heap or a thread's stack
};

class MemoryPlan {
 public:
  static constexpr size_t kLinesMax = 128;

  // An array of the arena: capacity · item_bytes, rounded up as the arena does.
  void add(std::string_view name, uint64_t capacity, uint64_t item_bytes) {
    add_total(name, capacity, item_bytes, Arena::bytes_needed(capacity * item_bytes), true);
  }
  // Something with more than one array behind it.
  void add_total(std::string_view name, uint64_t capacity, uint64_t item_bytes,
                 uint64_t total_bytes, bool in_arena) {
    TIPRING_ASSERT(count_ < kLinesMax);
    lines_[count_++] = {name, capacity, item_bytes, total_bytes, in_arena};
  }
  void add_descriptors(uint64_t count) { descriptors_ += count; }

  std::span<const PlanLine> lines() const { return {lines_.data(), count_}; }
  uint64_t descriptors() const { return descriptors_; }
  uint64_t total_bytes() const { return sum(false) + sum(true); }
  uint64_t arena_bytes() const { return sum(true); }

 private:
  uint64_t sum(bool in_arena) const {
    uint64_t bytes = 0;
    for (const PlanLine& line : lines()) {
      if (line.in_arena == in_arena) bytes += line.total_bytes;
    }
    return bytes;
  }

  std::array<PlanLine, kLinesMax> lines_{};
  size_t count_ = 0;
  uint64_t descriptors_ = 0;
};

}  // namespace tipring
