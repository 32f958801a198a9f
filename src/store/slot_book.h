// Which row of the file belongs to which binding, and which rows are to be written.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/arena.h"
#include "core/memory_plan.h"
#include "store/binding.h"
#include "store/slot_set.h"

namespace tipring::store {

class SlotBook {
 public:
  static void plan(MemoryPlan& plan, uint32_t slots) {
    plan.add_total(
        "binding_slots", slots, sizeof(Binding*) + 1,
        Arena::bytes_needed(uint64_t{slots} * sizeof(Binding*)) + 4 * SlotSet::bytes_needed(slots),
        true);
  }

  SlotBook(Arena& arena, uint32_t slots)
      : at_(arena.take<Binding*>(slots)),
        taken_(arena, slots),
        rows_(arena, slots),
        due_(arena, slots),
        in_flight_(arena, slots) {}

  // The binding that has the slot, visible or not; null when it is free.
  Binding* at(uint32_t slot) const { return at_[slot]; }
  uint32_t capacity() const { return taken_.capacity(); }

  // The lowest slot without a binding and without a write on its way, kNone when there is none. Its
  // row may still be that of a binding that has ended: the new row replaces it.
  uint32_t lowest_free() { return taken_.lowest_absent(); }
  bool is_free(uint32_t slot) const { return !taken_.has(slot); }
  void take(uint32_t slot, Binding& binding) {
    taken_.insert(slot);
    at_[slot] = &binding;
    due_.erase(slot);
  }
  // Two bindings have each got the other's slot.
  void exchange(Binding& one, Binding& other) {
    at_[one.slot()] = &one;
    at_[other.slot()] = &other;
  }
  void give_back(uint32_t slot) {
    at_[slot] = nullptr;
    if (!in_flight_.has(slot)) taken_.erase(slot);
  }

  // There is, or may be, a row of this slot in the file.
  bool has_row(uint32_t slot) const { return rows_.has(slot); }
  void set_row(uint32_t slot, bool exists) { exists ? rows_.insert(slot) : rows_.erase(slot); }

  // The row is to be written lazily: to the binding's values, or deleted when there is no binding.
  SlotSet& due() { return due_; }

  // A lazy write of the row is on its way.
  bool in_flight(uint32_t slot) const { return in_flight_.has(slot); }
  void set_in_flight(uint32_t slot, bool on) {
    if (on) {
      in_flight_.insert(slot);
      taken_.insert(slot);
    } else {
      in_flight_.erase(slot);
      if (at_[slot] == nullptr) taken_.erase(slot);
    }
  }

 private:
  std::span<Binding*> at_;
  SlotSet taken_;
  SlotSet rows_;
  SlotSet due_;
  SlotSet in_flight_;
};

}  // namespace tipring::store
