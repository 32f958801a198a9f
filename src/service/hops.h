// How far and how wide a request may still go: RFC 3261 16.6 step 3, RFC 5393 5.3.3; for a B2BUA
// RFC 7332 5 and 6.
#pragma once

#include <cstdint>

#include "sip/message.h"

namespace tipring::service {

inline constexpr uint8_t kMaxForwardsDefault = 70;
inline constexpr uint32_t kMaxBreadth = 60;

// Max-Forwards of the request that `request` leads to. REQUIRES: its own is not 0 (483).
uint8_t next_max_forwards(const sip::MessageView& request);

// Max-Breadth of a request: at most ours, which is also what no header means.
uint32_t max_breadth_of(const sip::MessageView& request);

}  // namespace tipring::service
