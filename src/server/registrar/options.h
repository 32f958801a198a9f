// What the configuration says to the registrar: the section [registrar].
#pragma once

#include <cstdint>

#include "port/time.h"

namespace tipring::registrar {

struct RegistrarOptions {
  Millis min_expires{60'000};
  Millis max_expires{3'600'000};
  Millis default_expires{3'600'000};
  uint32_t max_bindings_per_aor = 10;
  bool path_needs_support = true;  // 420 for a Path without `Supported: path` (RFC 3327 5.3)
};

}  // namespace tipring::registrar
