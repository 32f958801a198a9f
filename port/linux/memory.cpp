#include "port/memory.h"

#include <link.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdint>

namespace tipring::port {

std::span<std::byte> map_populated(size_t bytes) {
  if (bytes == 0) return {};
  void* const region =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (region == MAP_FAILED) return {};
  const std::span memory(static_cast<std::byte*>(region), bytes);
  // A call touches objects all over its pools. By huge pages, where the kernel has them, few of
  // these need a walk through the page tables. Said before the first page is there.
  madvise(region, bytes, MADV_HUGEPAGE);
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  for (size_t at = 0; at < bytes; at += page) {
    static_cast<volatile std::byte&>(memory[at]) = std::byte{0};
  }
  return memory;
}

void unmap(std::span<std::byte> region) {
  if (!region.empty()) munmap(region.data(), region.size());
}

void release_start_pages() {
  // Segments that cannot be written have no contents of their own: the file has them all.
  const auto release = [](dl_phdr_info* object, size_t, void*) {
    const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    for (size_t i = 0; i < object->dlpi_phnum; ++i) {
      const auto& segment = object->dlpi_phdr[i];
      if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
      const uintptr_t start = (object->dlpi_addr + segment.p_vaddr + page - 1) / page * page;
      const uintptr_t end = (object->dlpi_addr + segment.p_vaddr + segment.p_memsz) / page * page;
      if (start < end) madvise(reinterpret_cast<void*>(start), end - start, MADV_DONTNEED);
    }
    return 0;
  };
  dl_iterate_phdr(release, nullptr);
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
