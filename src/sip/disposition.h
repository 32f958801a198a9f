// Request-Disposition: how a caller wants servers to treat the request. RFC 3841 9.1.
#pragma once

#include <cstdint>

#include "sip/message.h"

namespace tipring::sip {

// What the caller says of one matter.
enum class Wish : uint8_t { None, Yes, No };

struct Disposition {
  Wish proxy = Wish::None;     // No: "redirect"
  Wish cancel = Wish::None;    // of the other branches after a 2xx
  Wish fork = Wish::None;      // No: to one address only
  Wish recurse = Wish::None;   // on a 3xx
  Wish parallel = Wish::None;  // No: "sequential"
  Wish queue = Wish::None;
};

// All lines of a request. Unknown directives say nothing; of several about one matter, which the
// grammar forbids, the first counts.
Disposition read_disposition(const MessageView& request);

}  // namespace tipring::sip
