// Refreshes and ended bindings on their leisurely way to the file. What falls due takes everything
// with it that waits, in order of the rows, so that a busy server writes few and full transactions.
#pragma once

#include <cstdint>

#include "core/timer_wheel.h"
#include "store/binding_table.h"
#include "store/storage_link.h"
#include "store/store_clock.h"

namespace tipring::store {

class LazyWrites {
 public:
  LazyWrites(SlotBook& slots, StorageLink& link, TimerWheel& timers, const StoreClock& clock);

  // Starts to watch the wall clock: when it is set, all rows get their times anew.
  void start();
  void stop();

  // The row of `slot` no longer says what memory does; it is to be written by `due`.
  void mark(uint32_t slot, Millis due);
  // A slot was given back whose row still stands: it is to be deleted.
  void mark_ended(uint32_t slot);

  void on_reply(uint32_t slot, StoreStatus status);

  // Hands over as much as there is room for, whether due or not. False when nothing is left to hand
  // over.
  bool flush();

  uint32_t waiting() const { return slots_.due().size(); }

 private:
  void on_timer(Millis now);
  void on_clock_check(Millis now);
  void start_by(Millis due);
  void sweep(uint32_t words);
  bool hand_over(uint32_t slot);

  SlotBook& slots_;
  StorageLink& link_;
  TimerWheel& timers_;
  const StoreClock& clock_;
  uint32_t cursor_ = 0;
  bool sweeping_ = false;
  Millis earliest_ = kNever;  // when the next sweep begins
  Millis wall_offset_{0};     // as rows were last written with
  MemberTimer<LazyWrites, &LazyWrites::on_timer> timer_;
  MemberTimer<LazyWrites, &LazyWrites::on_clock_check> clock_timer_;
};

}  // namespace tipring::store
