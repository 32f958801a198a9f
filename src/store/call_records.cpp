#include "store/call_records.h"

#include <bit>
#include <cstring>
#include <type_traits>

#include "core/text.h"

namespace tipring::store {
namespace {

constexpr std::string_view kName = "call_records";
static_assert(std::is_trivially_copyable_v<RecordEntry>);
constexpr size_t kEntryMax = sizeof(RecordEntry) + kRecordTexts * CallRecord::kTextMax;

void shift(Millis& time, Millis offset) {
  if (time != Millis(0)) time += offset;
}

}  // namespace

void CallRecords::plan(const Limits& limits, MemoryPlan& plan) {
  plan.add(kName, 1, ring_bytes(limits));
}

CallRecords::CallRecords(Arena& arena, const Limits& limits, const StoreClock& clock, Log& log)
    : ring_(arena.take_bytes(ring_bytes(limits))), clock_(clock), log_(log) {}

uint64_t CallRecords::add(CallRecord record) {
  if (!is_on_) return 0;
  record.id = next_id_;
  if (record.call == 0) record.call = record.id;
  // What is begun leaves room for the ends of others.
  if (ring_.used() > ring_.capacity() / 4 * 3 || !push(record, true)) {
    note_loss();
    return 0;
  }
  ++next_id_;
  ++counters_.begun;
  losing_ = false;
  return record.id;
}

void CallRecords::update(uint64_t id, const CallRecord& record) {
  if (id == 0) return;
  CallRecord named = record;
  named.id = id;
  if (!push(named, false)) note_loss();
}

bool CallRecords::push(const CallRecord& record, bool is_new) {
  std::byte* const place = ring_.begin_push(kEntryMax);
  if (place == nullptr) return false;
  RecordEntry entry;
  entry.facts = record;
  entry.is_new = is_new;
  const Millis offset = clock_.wall_offset();
  shift(entry.facts.begun, offset);
  shift(entry.facts.rang, offset);
  shift(entry.facts.answered, offset);
  shift(entry.facts.ended, offset);
  auto* const texts = reinterpret_cast<char*>(place + sizeof entry);
  size_t size = 0;
  for (size_t i = 0; i < kRecordTexts; ++i) {
    const std::string_view text = record.texts[i];
    entry.sizes[i] = static_cast<uint8_t>(
        text.empty() ? 0 : write_escaped(text, {texts + size, CallRecord::kTextMax}).size());
    size += entry.sizes[i];
  }
  std::memcpy(place, &entry, sizeof entry);
  ring_.commit_push(sizeof entry + size);
  if (worker_ != nullptr && (!announced_.exchange(true) || is_urgent())) worker_->notify();
  return true;
}

void CallRecords::note_loss() {
  ++counters_.lost;
  if (losing_) return;
  losing_ = true;
  log_.warning("call_records_lost", kv("so_far", counters_.lost),
               kv("advice", "the disk takes them too slowly, or not at all"));
}

}  // namespace tipring::store
