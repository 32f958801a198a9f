// Entries of the ring of call records that go to the file in one transaction. What is told of one
// record by several of them is put together before it is written: a short call takes one row, not a
// statement for each thing that happened to it.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "store/call_records.h"

namespace tipring::store {

class RecordBatch {
 public:
  static constexpr uint32_t kEntriesMax = 128;

  bool is_full() const { return count_ == kEntriesMax; }
  uint32_t size() const { return count_; }

  // REQUIRES: not full. Borrows the entry's bytes: a RecordEntry with its texts.
  void add(std::span<const std::byte> entry);

  // Calls take(record, is_new) for each record, in the order of their first entries, for as long as
  // it gives 0; the last it gave.
  template <class Take>
  int each_record(Take take) const {
    int code = 0;
    for (uint32_t i = 0; i < count_ && code == 0; ++i) {
      if (items_[i].is_first) code = take(record_from(i), items_[i].is_new);
    }
    return code;
  }

 private:
  static constexpr uint32_t kPlaces = 2 * kEntriesMax;
  static constexpr uint8_t kNone = UINT8_MAX;
  static_assert(kEntriesMax <= kNone);

  struct Item {
    const std::byte* entry;
    uint64_t id;
    uint8_t next;  // of the same record
    bool is_first;
    bool is_new;
  };

  CallRecord record_from(uint32_t first) const;

  std::array<Item, kEntriesMax> items_;
  std::array<uint8_t, kPlaces> latest_ = filled();  // by id: the last entry of a record, or kNone
  uint32_t count_ = 0;

  static constexpr std::array<uint8_t, kPlaces> filled() {
    std::array<uint8_t, kPlaces> places{};
    places.fill(kNone);
    return places;
  }
};

}  // namespace tipring::store
