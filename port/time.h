// Time as the whole program sees it. A duration or an instant is always a `Millis`, never a bare
// integer.
#pragma once

#include <chrono>
#include <cstdint>

namespace tipring::port {

using Millis = std::chrono::duration<int64_t, std::milli>;
// Only for what is measured and shown: nothing is decided by it.
using Micros = std::chrono::duration<int64_t, std::micro>;

// An instant that no deadline reaches.
inline constexpr Millis kNever = Millis::max();

class Clock {
 public:
  virtual ~Clock() = default;

  // Never goes back; its zero means nothing. All timers run on it.
  virtual Millis monotonic() const = 0;
  // The same, as fine as the system has it.
  virtual Micros monotonic_fine() const { return monotonic(); }

  // Since 1970-01-01 UTC. May step in either direction and may be unset (near zero) on a board
  // without a battery: for what people and databases read, never for timers.
  virtual Millis wall() const = 0;
};

}  // namespace tipring::port

namespace tipring {
using port::kNever;
using port::Micros;
using port::Millis;
}  // namespace tipring
