// The timers of RFC 3261 17 (table 4 of its annex A), with L and M of RFC 6026. They keep their
// letters; Timer C is the proxy's.
#pragma once

#include <algorithm>

#include "port/time.h"

namespace tipring::transaction {

inline constexpr Millis kT1{500};  // estimate of the round-trip time: 17.1.1.1
inline constexpr Millis kT2{
    4000};  // longest interval between retransmissions of a non-INVITE or a response
inline constexpr Millis kT4{5000};  // how long a message may stay in the network

inline constexpr Millis kTransactionTime = 64 * kT1;

// What a timer is set to when it is first started. Those that only absorb or repeat are zero over a
// reliable transport; zero means that the timer fires at once (D, I, J, K) or is not started at all
// (A, E, G).
constexpr Millis timer_a(bool reliable) { return reliable ? Millis{0} : kT1; }
constexpr Millis timer_b() { return kTransactionTime; }
constexpr Millis timer_d(bool reliable) { return reliable ? Millis{0} : Millis{32000}; }
constexpr Millis timer_e(bool reliable) { return reliable ? Millis{0} : kT1; }
constexpr Millis timer_f() { return kTransactionTime; }
constexpr Millis timer_g(bool reliable) { return reliable ? Millis{0} : kT1; }
constexpr Millis timer_h() { return kTransactionTime; }
constexpr Millis timer_i(bool reliable) { return reliable ? Millis{0} : kT4; }
constexpr Millis timer_j(bool reliable) { return reliable ? Millis{0} : kTransactionTime; }
constexpr Millis timer_k(bool reliable) { return reliable ? Millis{0} : kT4; }
constexpr Millis timer_l() { return kTransactionTime; }
constexpr Millis timer_m() { return kTransactionTime; }

// What A, E and G are set to after they fired with `interval`.
constexpr Millis next_a(Millis interval) { return interval * 2; }
constexpr Millis next_e(Millis interval) { return std::min(interval * 2, kT2); }
constexpr Millis next_g(Millis interval) { return std::min(interval * 2, kT2); }

// RFC 4320 4.1: when the Timer E of a client that began with T1 has just been set to T2. A
// non-INVITE without an answer gets its 100 now, and over an unreliable transport none before.
constexpr Millis trying_delay() {
  Millis elapsed{0};
  for (Millis interval = kT1; interval < kT2; interval = next_e(interval)) elapsed += interval;
  return elapsed;
}
static_assert(trying_delay() == Millis{3500});

// RFC 3261 9.1: an INVITE that gets no final response after its CANCEL is given up.
constexpr Millis cancel_time() { return kTransactionTime; }

}  // namespace tipring::transaction
