// The loop's end of the way that call records take to the file: a ring of fixed size, without heap
// and without waiting. When it is full a record is lost, counted, and told in the log once per burst;
// some ends of calls wait for room, since one that is not written has its call go on until a restart.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "core/arena.h"
#include "core/byte_ring.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/memory_plan.h"
#include "core/timer_wheel.h"
#include "port/worker.h"
#include "store/call_record.h"
#include "store/store_clock.h"

namespace tipring::store {

// records.*: how much is kept.
struct RecordBounds {
  uint64_t records_max = 0;  // 0: none are kept at all
  uint32_t days_max = 0;     // 0: however old
};

struct RecordCounters {
  uint64_t begun = 0;  // written into the ring, each once
  uint64_t lost = 0;   // records, or what was to be added to one, for which the ring had no room
};

// An entry of the ring; the texts follow it, one after the other.
struct RecordEntry {
  RecordFacts facts;
  std::array<uint8_t, kRecordTexts> sizes;
  bool is_new = false;  // else it changes the one with this id
};

class CallRecords {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan);

  CallRecords(Arena& arena, const Limits& limits, const StoreClock& clock, TimerWheel& timers,
              Log& log);

  // --- on the loop -------------------------------------------------------------------------------

  // Of the next record. `bounds` with records_max 0: nothing is kept from now on.
  void start(uint64_t next_id, const RecordBounds& bounds) {
    next_id_ = next_id;
    is_on_ = bounds.records_max > 0;
  }
  void set_worker(port::Worker* worker) { worker_ = worker; }

  bool is_on() const { return is_on_; }

  // A record that begins, with the times of the monotonic clock and the texts that are known; `id`
  // is given here, and `call` too where it is 0. Its id; 0 when it is lost or none are kept.
  uint64_t add(CallRecord record);
  // What is known more: times that are not 0, texts that are not empty, and all the rest. Of no
  // effect with the id 0.
  void update(uint64_t id, const CallRecord& record);

  // The ends that have found no room so far, as far as there is room now.
  void write_late();

  const RecordCounters& counters() const { return counters_; }

  // --- on the storage thread ---------------------------------------------------------------------

  ByteRing& ring() { return ring_; }
  bool is_urgent() const { return ring_.used() > ring_.capacity() / 2; }
  // The thread has seen the ring empty, and is to be woken for the next record.
  void await() { announced_.store(false); }
  void note_written(uint32_t entries) { written_.fetch_add(entries, std::memory_order_relaxed); }

  // --- on any ------------------------------------------------------------------------------------

  // How often one has begun or changed in the file since the start.
  uint64_t written() const { return written_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t ring_bytes(const Limits& limits) {
    // What a disk that stalls for a while keeps waiting: of many calls few begin or end meanwhile.
    const size_t bytes = 15 * 1024 + size_t{limits.calls} * 32;
    return std::bit_ceil(std::min<size_t>(bytes, 1024 * 1024));
  }
  // Ends that wait, beside what the ring keeps free for them. Without their texts.
  static constexpr size_t kLateMax = 64;
  static constexpr Millis kLateAfter{1'000};

  bool push(const CallRecord& record, bool is_new);
  bool keep_late(RecordFacts end);
  void on_late(Millis now);
  void note_loss();

  ByteRing ring_;
  const StoreClock& clock_;
  Log& log_;
  port::Worker* worker_ = nullptr;
  std::atomic<bool> announced_{false};
  std::atomic<uint64_t> written_{0};
  uint64_t next_id_ = 1;
  bool is_on_ = false;
  bool losing_ = false;
  RecordCounters counters_;
  std::array<RecordFacts, kLateMax> late_;
  size_t late_count_ = 0;
  TimerWheel& timers_;
  MemberTimer<CallRecords, &CallRecords::on_late> late_timer_{*this};
};

}  // namespace tipring::store
