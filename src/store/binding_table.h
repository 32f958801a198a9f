// All bindings in memory, and the clock of their lives.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/hash.h"
#include "core/limits.h"
#include "core/pool.h"
#include "core/pool_registry.h"
#include "core/slab_text.h"
#include "core/timer_wheel.h"
#include "port/loop.h"
#include "store/binding.h"
#include "store/slot_book.h"
#include "store/user.h"

namespace tipring::store {

class BindingTable {
 public:
  class Events {
   public:
    // A visible binding that no update touches has come to its end; drop() it.
    virtual void on_expiry(User& user, Binding& binding) = 0;
    // The slot has no binding any more. Its row may still stand.
    virtual void on_slot_free(uint32_t slot) = 0;

   protected:
    ~Events() = default;
  };

  static TextSlabs::Counts text_counts(const Limits& limits);
  static TextSlabs::Counts call_id_counts(const Limits& limits);
  static void plan(const Limits& limits, MemoryPlan& plan);

  BindingTable(Arena& arena, const Limits& limits, TimerWheel& timers, const port::Loop& loop,
               Events& events, HashKey key);

  // A binding in the lowest free slot, not yet among those of its user.
  // Errors: PoolExhausted, TooLong.
  Result<Binding*> make(const BindingFields& fields);
  // The same in a given slot, as loaded.
  Result<Binding*> make_at(uint32_t slot, const BindingFields& fields);
  // A binding that is in no user's list.
  void discard(Binding& binding);

  // Among the user's bindings from now on, until it expires.
  void show(Binding& binding, User& user);
  // Out of the user's bindings, and gone.
  void drop(Binding& binding, User& user);

  // New expiry, which an update has kept for it, and CSeq.
  void refresh(Binding& binding, User& user, uint32_t cseq);
  // `fresh`, which is on the disk in the row of the binding that it replaces, gets the slot of that
  // row, and the other one its.
  void take_row(Binding& fresh);
  // Also after an update that came to nothing: its end may have come meanwhile.
  void watch(const Binding& binding, User& user);
  void set_interval(Binding& binding, Millis interval) {
    binding.interval_ = interval;
  }  // as loaded

  Binding* get(Handle<Binding> handle) const { return bindings_.get(handle); }
  Handle<Binding> handle_of(const Binding& binding) const { return bindings_.handle_of(binding); }
  uint32_t visible() const { return visible_; }
  uint32_t users_on_line() const { return users_on_line_; }
  // As many as `capacity.bindings` stand. The pool has more: those of updates on their way.
  bool is_full(uint32_t coming, uint32_t going) const {
    return visible_ + coming >= standing_max_ + going;
  }
  SlotBook& slots() { return slots_; }

  // A Call-ID is only compared once it stands in the file, which an update keeps it for.
  uint64_t call_id_hash(std::string_view call_id) const { return table_hash64(key_, call_id); }
  Result<SlabText> keep_call_id(std::string_view call_id) { return call_ids_.store(call_id); }
  void register_pools(PoolRegistry& registry) const;

 private:
  friend class User;
  void on_user_timer(User& user, Millis now);

  HashKey key_;
  TextSlabs texts_;
  TextSlabs call_ids_;
  SlotBook slots_;
  TimerWheel& timers_;
  const port::Loop& loop_;
  Events& events_;
  uint32_t standing_max_;
  uint32_t visible_ = 0;
  uint32_t users_on_line_ = 0;
  Pool<Binding> bindings_;
};

}  // namespace tipring::store
