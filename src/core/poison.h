// Tells the address sanitizer which of our own memory is free, so that a use after release is found
// in pools too.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define TIPRING_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TIPRING_ASAN 1
#endif
#endif

#ifdef TIPRING_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace tipring {

inline void poison([[maybe_unused]] const void* start, [[maybe_unused]] size_t size) {
#ifdef TIPRING_ASAN
  __asan_poison_memory_region(start, size);
#endif
}

inline void unpoison([[maybe_unused]] const void* start, [[maybe_unused]] size_t size) {
#ifdef TIPRING_ASAN
  __asan_unpoison_memory_region(start, size);
#endif
}

}  // namespace tipring
