// What was decided for the last calls to groups: who calls again in the same Call-ID, as after a
// refusal that asks for it, gets the same order, whatever the strategy has come to meanwhile.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "core/arena.h"
#include "core/limits.h"
#include "core/memory_plan.h"
#include "server/b2bua/directory.h"
#include "server/b2bua/ring_plan.h"

namespace tipring::b2bua {

class KnownPlans {
 public:
  static constexpr Millis kKept{5 * 60 * 1000};

  static void plan(const Limits& limits, MemoryPlan& plan);

  KnownPlans(Arena& arena, const Limits& limits);

  // `call`: a hash of its Call-ID and From tag. False where none is known, or nobody of it is left to
  // ring; else `plan` has those who are.
  bool find(const Directory& directory, uint64_t call, Handle<store::Group> group, Millis now,
            RingPlan& plan) const;
  void note(uint64_t call, Handle<store::Group> group, Millis now, const RingPlan& plan);

 private:
  struct Entry {
    uint64_t call = 0;
    Handle<store::Group> group;
    Millis until{0};
    RingPlan plan;
  };

  std::span<Entry> entries_;
  size_t next_ = 0;
};

}  // namespace tipring::b2bua
