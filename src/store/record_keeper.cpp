#include "store/record_keeper.h"

#include <algorithm>

namespace tipring::store {
namespace {

// Of those that are too old where nobody calls.
constexpr Millis kPruneEvery{60 * 60 * 1000};
constexpr Millis kFirstPrune{10'000};
constexpr Millis kPruneMoreAfter{1'000};
constexpr uint32_t kPrunedAtOnce = 256;

}  // namespace

void RecordKeeper::set_bounds(const RecordBounds& bounds) {
  bounds_ = bounds;
  prune_at_ = clock_.monotonic() + kFirstPrune;
}

Millis RecordKeeper::due(Millis now, bool hurrying) {
  uint64_t place = records_.ring().begin();
  bool waiting = !records_.ring().read(place).empty();
  if (!waiting) {
    records_.await();
    // One that came before the thread could be woken for it.
    place = records_.ring().begin();
    waiting = !records_.ring().read(place).empty();
  }
  const bool prunes = !hurrying && bounds_.records_max > 0;
  const Millis pruning = prunes ? std::max(prune_at_, not_before_) : kNever;
  if (!waiting) {
    due_ = kNever;
    return pruning;
  }
  if (hurrying) return now;
  if (due_ == kNever) due_ = now + kDelay;
  if (records_.is_urgent()) due_ = now;
  return std::min(std::max(due_, not_before_), pruning);
}

int RecordKeeper::write_some(Millis now, bool hurrying) {
  written_to_ = records_.ring().begin();
  written_ = 0;
  last_time_ = Millis(0);
  const uint32_t at_once = records_.is_urgent() ? kPerUrgentCommit : kPerCommit;
  int code = SQLITE_OK;
  do {
    const RecordBatch batch = take_batch();
    if (batch.size() == 0) break;
    code = batch.each_record([&](const CallRecord& record, bool is_new) {
      last_time_ = std::max({last_time_, record.begun, record.answered, record.ended});
      return is_new ? writes_.insert(record) : writes_.update(record);
    });
    written_ += batch.size();
  } while ((hurrying || written_ < at_once) && code == SQLITE_OK);
  return code == SQLITE_OK ? prune(now) : code;
}

RecordBatch RecordKeeper::take_batch() {
  RecordBatch batch;
  while (!batch.is_full()) {
    const std::span<const std::byte> entry = records_.ring().read(written_to_);
    if (entry.empty()) break;
    batch.add(entry);
  }
  return batch;
}

int RecordKeeper::prune(Millis now) {
  const bool is_time = now >= prune_at_;
  if (bounds_.records_max == 0 || (written_ == 0 && !is_time)) return SQLITE_OK;
  const uint32_t rows_max = is_time ? kPrunedAtOnce : 2 * written_ + 8;
  uint32_t deleted = 0;
  const int code = writes_.prune(bounds_, now + clock_.wall_offset(), rows_max, deleted);
  prunes_more_ = deleted >= rows_max;
  return code;
}

void RecordKeeper::on_committed(Millis now) {
  records_.ring().give_back(written_to_);
  records_.note_written(written_);
  due_ = kNever;
  not_before_ = Millis(0);
  if (prunes_more_) {
    prune_at_ = now + kPruneMoreAfter;
  } else if (now >= prune_at_) {
    prune_at_ = now + kPruneEvery;
  }
}

void RecordKeeper::on_failed(Millis now) { not_before_ = now + kRetryAfter; }

}  // namespace tipring::store
