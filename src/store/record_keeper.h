// The storage thread's end of the way that call records take: a part of what waits goes into each
// commit, so that it slows nobody down, and what nobody else commits has a commit of its own soon.
// What has become too old or too much is deleted on the way.
#pragma once

#include <cstdint>

#include "port/time.h"
#include "store/call_records.h"
#include "store/record_batch.h"
#include "store/record_writes.h"

namespace tipring::store {

class RecordKeeper {
 public:
  // How long a record waits for a commit of others. What was begun within it is lost by `kill -9`.
  static constexpr Millis kDelay{500};
  static constexpr Millis kRetryAfter{2'000};
  static constexpr uint32_t kPerCommit = RecordBatch::kEntriesMax;
  // Where the ring runs full: a commit costs more than what is in it. When the server stops: all.
  static constexpr uint32_t kPerUrgentCommit = 4 * kPerCommit;

  // All outlive it.
  RecordKeeper(CallRecords& records, RecordWrites& writes, const StoreClock& clock)
      : records_(records), writes_(writes), clock_(clock) {}

  void set_bounds(const RecordBounds& bounds);

  // When there is something to commit, should nobody else do it before; kNever while there is not.
  // `hurrying`: at once, and nothing that can be left to the next start.
  Millis due(Millis now, bool hurrying);

  // Within a transaction: writes some of what waits, and deletes some. SQLite's result code.
  int write_some(Millis now, bool hurrying);
  // How the transaction of the last write_some() has ended.
  void on_committed(Millis now);
  void on_failed(Millis now);

  // The latest time in what write_some() has written; 0 when it was nothing.
  Millis last_time() const { return last_time_; }

 private:
  // The next entries of the ring, none when it is empty.
  RecordBatch take_batch();
  int prune(Millis now);

  CallRecords& records_;
  RecordWrites& writes_;
  const StoreClock& clock_;
  RecordBounds bounds_;
  uint64_t written_to_ = 0;  // place in the ring behind what write_some() has written
  uint32_t written_ = 0;
  Millis last_time_{0};
  Millis due_{kNever};
  Millis not_before_{0};
  Millis prune_at_{0};
  bool prunes_more_ = false;
};

}  // namespace tipring::store
