// What the configuration says to the registrar: the section [registrar].
#pragma once

#include <cstdint>
#include <string>

#include "port/time.h"

namespace tipring::registrar {

struct RegistrarOptions {
  Millis min_expires{60'000};
  Millis max_expires{3'600'000};
  Millis default_expires{3'600'000};
  uint32_t max_bindings_per_aor = 10;
  bool path_needs_support = true;    // 420 for a Path without `Supported: path` (RFC 3327 5.3)
  bool lenient_request_uri = false;  // takes one with a user, which 10.2 forbids
  std::string service_route;         // value of the header in each 200 (RFC 3608); empty: none
};

}  // namespace tipring::registrar
