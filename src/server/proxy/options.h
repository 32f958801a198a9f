// [routing] of the configuration, as far as the proxy obeys it.
#pragma once

#include "port/time.h"

namespace tipring::proxy {

enum class Fork : uint8_t {
  ByQ,       // those of the best q at once, the others when these have failed
  Parallel,  // all at once
  Serial,    // one after the other, best q first
};

struct ProxyOptions {
  Fork fork = Fork::ByQ;
  Millis serial_timeout{20 * 1000};  // how long some ring while others wait; 0: as long as they do
  bool recurse = true;               // on a redirection
};

}  // namespace tipring::proxy
