// What both sides of a phone's call need: RFC 3261 12.
#pragma once

#include <string>

#include "port/time.h"
#include "sip/message.h"

namespace tipring::sim {

inline constexpr Millis kPatience{120'000};  // the other side may be gone: nobody talks forever
inline constexpr Millis kRingsFor{300'000};  // longer than any proxy lets it: 16.6 step 11

// The Route lines of a dialog: Record-Route in order for the callee, reversed for the caller (12.1).
std::string routes_of(const sip::MessageView& message, bool reversed);

std::string contact_of(const sip::MessageView& message);

}  // namespace tipring::sim
