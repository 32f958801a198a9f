// Assertions about ourselves, never about received bytes. They stay on in release and end the
// process.
#pragma once

namespace tipring {

// Writes one line to standard error without the heap and ends the process.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace tipring

#define TIPRING_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::tipring::assertion_failed(#condition, __FILE__, __LINE__))
