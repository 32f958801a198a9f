// Threads beside the loop's, of which there are few: once it works, they do not interrupt it. Internal to port/linux.
#pragma once

#include <pthread.h>

#include <cstddef>

namespace tipring::port {

// How far a thread stands back where it and the loop want the same core.
enum class Standing {
  Beside,  // its share of it; but the loop, once at work, is not interrupted for it
  Behind,  // about a tenth
};

// An errno value; 0 for success. Signals are the main thread's: this one has a mask that blocks them all.
int start_thread(pthread_t& thread, size_t stack_bytes, void* (*main)(void*), void* argument);

// First of all on a thread that was started. `name` is at most 15 bytes.
void begin_thread(const char* name, Standing standing);

}  // namespace tipring::port
