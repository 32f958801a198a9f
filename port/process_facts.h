// What the system says of this process, for those who watch it. May block for a moment, and takes the
// heap: not for the loop's thread.
#pragma once

#include <cstdint>

#include "port/time.h"

namespace tipring::port {

struct ProcessFacts {
  Micros processor_time{0};
  Millis started{0};  // since 1970-01-01 UTC; zero when the system does not say
  uint64_t resident_bytes = 0;
  uint64_t virtual_bytes = 0;
  uint64_t descriptors_open = 0;
  uint64_t descriptors_max = 0;
  uint64_t threads = 0;
};

uint32_t process_id();

// What cannot be learned stays zero.
ProcessFacts read_process_facts();

}  // namespace tipring::port
