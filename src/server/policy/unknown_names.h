// By which names that are nobody's phones, or those who guess, have asked to be let in, and from where:
// for an operator who looks for a phone with a slip in its name. In memory alone, and only the last ones.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/arena.h"
#include "core/fixed_text.h"
#include "core/memory_plan.h"
#include "port/address.h"
#include "port/time.h"

namespace tipring::policy {

struct UnknownName {
  static constexpr size_t kTextMax = 64;

  FixedText<kTextMax> name;  // as write_escaped() has it, and cut: whoever sends it has chosen it
  FixedText<kTextMax> domain;
  port::SocketAddress source;  // where the last one came from
  uint32_t tries = 0;          // of the name from this address; 0: the place is free
  Millis last{0};              // monotonic
};

class UnknownNames {
 public:
  // Beyond these the one that was heard of longest ago is forgotten.
  static constexpr uint32_t kMax = 32;

  static void plan(MemoryPlan& plan) { plan.add("unknown_names", kMax, sizeof(UnknownName)); }
  explicit UnknownNames(Arena& arena) : places_(arena.take<UnknownName>(kMax)) {}

  void note(std::string_view name, std::string_view domain, const port::SocketAddress& from,
            Millis now);

  std::span<const UnknownName> all() const { return places_; }

 private:
  std::span<UnknownName> places_;
};

}  // namespace tipring::policy
