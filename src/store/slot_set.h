// A set of slot numbers: one bit each, in the arena.
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/arena.h"
#include "core/assert.h"
#include "core/memory_plan.h"

namespace tipring::store {

class SlotSet {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  static constexpr uint64_t words_for(uint32_t capacity) { return (uint64_t{capacity} + 63) / 64; }
  static constexpr uint64_t bytes_needed(uint32_t capacity) {
    return Arena::bytes_needed(words_for(capacity) * sizeof(uint64_t));
  }

  SlotSet(Arena& arena, uint32_t capacity)
      : words_(arena.take<uint64_t>(static_cast<size_t>(words_for(capacity)))),
        capacity_(capacity) {}
  SlotSet(const SlotSet&) = delete;
  SlotSet& operator=(const SlotSet&) = delete;

  bool has(uint32_t slot) const { return (words_[slot / 64] >> (slot % 64) & 1) != 0; }

  void insert(uint32_t slot) {
    TIPRING_ASSERT(slot < capacity_);
    if (has(slot)) return;
    words_[slot / 64] |= uint64_t{1} << (slot % 64);
    ++size_;
  }
  void erase(uint32_t slot) {
    if (!has(slot)) return;
    words_[slot / 64] &= ~(uint64_t{1} << (slot % 64));
    --size_;
    if (slot / 64 < first_with_room_) first_with_room_ = slot / 64;
  }

  // The lowest number that is not in the set, kNone when all are. All words before the one it was
  // last found in are known to be full.
  uint32_t lowest_absent() {
    for (; first_with_room_ < words_.size(); ++first_with_room_) {
      const auto bit = static_cast<uint32_t>(std::countr_one(words_[first_with_room_]));
      const uint32_t slot = first_with_room_ * 64 + bit;
      if (bit < 64) return slot < capacity_ ? slot : kNone;
    }
    return kNone;
  }

  // The lowest number in the set that is not below `from`, passing no more than `words` empty
  // words; `from` then says where to go on, which is capacity() at the end.
  uint32_t next(uint32_t& from, uint32_t& words) const {
    while (from < capacity_ && words > 0) {
      const uint64_t rest = words_[from / 64] >> (from % 64);
      if (rest != 0) return from += static_cast<uint32_t>(std::countr_zero(rest));
      from = (from / 64 + 1) * 64;
      --words;
    }
    if (from > capacity_) from = capacity_;
    return kNone;
  }

  uint32_t size() const { return size_; }
  uint32_t capacity() const { return capacity_; }

 private:
  std::span<uint64_t> words_;
  uint32_t capacity_;
  uint32_t size_ = 0;
  uint32_t first_with_room_ = 0;
};

}  // namespace tipring::store
