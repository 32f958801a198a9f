#include "store/call_records.h"

#include <algorithm>
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

CallRecords::CallRecords(Arena& arena, const Limits& limits, const StoreClock& clock,
                         TimerWheel& timers, Log& log)
    : ring_(arena.take_bytes(ring_bytes(limits))), clock_(clock), log_(log), timers_(timers) {}

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
  write_late();
  if (late_count_ == 0 && push(named, false)) return;
  const bool has_texts = std::any_of(named.texts.begin(), named.texts.end(),
                                     [](std::string_view text) { return !text.empty(); });
  if (!keep_late(named) || has_texts) note_loss();
}

// Of two ends of one record the later one counts, with what is known from the one before.
bool CallRecords::keep_late(RecordFacts end) {
  if (end.ended == Millis(0)) return false;
  const auto used_end = late_.begin() + static_cast<std::ptrdiff_t>(late_count_);
  const auto place = std::find_if(late_.begin(), used_end,
                                  [&](const RecordFacts& other) { return other.id == end.id; });
  if (place == late_.end()) return false;
  if (place == used_end) {
    ++late_count_;
  } else {
    end.rang = std::max(end.rang, place->rang);
    end.answered = std::max(end.answered, place->answered);
  }
  *place = end;
  if (!late_timer_.armed()) timers_.start(late_timer_, clock_.monotonic() + kLateAfter);
  return true;
}

void CallRecords::write_late() {
  while (late_count_ > 0) {
    CallRecord record;
    static_cast<RecordFacts&>(record) = late_[late_count_ - 1];
    if (!push(record, false)) return;
    --late_count_;
  }
}

void CallRecords::on_late(Millis now) {
  write_late();
  if (late_count_ > 0) timers_.start(late_timer_, now + kLateAfter);
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
