#include "port/memory.h"

#include <sys/mman.h>
#include <sys/resource.h>

namespace tipring::port {

std::span<std::byte> map_populated(size_t bytes) {
  if (bytes == 0) return {};
  void* const region = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (region == MAP_FAILED) return {};
  return {static_cast<std::byte*>(region), bytes};
}

void unmap(std::span<std::byte> region) {
  if (!region.empty()) munmap(region.data(), region.size());
}

size_t raise_descriptor_limit(size_t needed) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur >= needed) return limit.rlim_cur;
  rlimit raised = limit;
  raised.rlim_cur = needed;
  if (raised.rlim_max < needed) raised.rlim_max = needed;  // needs privilege: tried first
  if (setrlimit(RLIMIT_NOFILE, &raised) == 0) return needed;
  raised.rlim_max = limit.rlim_max;
  raised.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

}  // namespace tipring::port
