#include "core/assert.h"

#include <cstdio>
#include <cstdlib>

namespace tipring {

void assertion_failed(const char* condition, const char* file, int line) {
  // Standard error is unbuffered: fprintf writes through without taking memory.
  std::fprintf(stderr, "tipring: assertion failed: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace tipring
