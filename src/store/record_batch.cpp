#include "store/record_batch.h"

#include <algorithm>
#include <cstring>

#include "core/assert.h"

namespace tipring::store {
namespace {

// A later entry: times and texts that it does not say stay.
void take_over(const RecordEntry& entry, const char* text, CallRecord& record) {
  const RecordFacts before = record;
  static_cast<RecordFacts&>(record) = entry.facts;
  record.call = before.call;
  record.begun = before.begun;
  record.leg = before.leg;
  record.kind = before.kind;
  record.rang = std::max(before.rang, entry.facts.rang);
  record.answered = std::max(before.answered, entry.facts.answered);
  for (size_t i = 0; i < kRecordTexts; ++i) {
    if (entry.sizes[i] != 0) record.texts[i] = {text, entry.sizes[i]};
    text += entry.sizes[i];
  }
}

}  // namespace

void RecordBatch::add(std::span<const std::byte> bytes) {
  TIPRING_ASSERT(!is_full() && bytes.size() >= sizeof(RecordEntry));
  RecordEntry entry;
  std::memcpy(&entry, bytes.data(), sizeof entry);
  const uint64_t id = entry.facts.id;
  const auto index = static_cast<uint8_t>(count_++);
  // Ids of one time follow one another.
  uint32_t place = static_cast<uint32_t>(id % kPlaces);
  while (latest_[place] != kNone && items_[latest_[place]].id != id) place = (place + 1) % kPlaces;
  const bool is_first = latest_[place] == kNone;
  if (!is_first) items_[latest_[place]].next = index;
  latest_[place] = index;
  items_[index] = {bytes.data(), id, kNone, is_first, entry.is_new};
}

CallRecord RecordBatch::record_from(uint32_t first) const {
  CallRecord record;
  for (uint32_t i = first; i != kNone; i = items_[i].next) {
    RecordEntry entry;
    std::memcpy(&entry, items_[i].entry, sizeof entry);
    if (i == first) static_cast<RecordFacts&>(record) = entry.facts;
    take_over(entry, reinterpret_cast<const char*>(items_[i].entry + sizeof entry), record);
  }
  return record;
}

}  // namespace tipring::store
