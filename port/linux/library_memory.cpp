#include "port/linux/library_memory.h"

#include <ares.h>
#include <event2/event.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <span>

#include "port/memory.h"

namespace tipring::port {
namespace {

struct ThreadHeap {
  std::span<std::byte> region;
  std::optional<BoundedHeap> heap;
  size_t users = 0;
};

thread_local ThreadHeap thread_heap;

std::span<std::byte> map_on_demand(size_t bytes) {
  void* const region =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (region == MAP_FAILED) return {};
  return {static_cast<std::byte*>(region), bytes};
}

void* library_resize(void* memory, size_t bytes) {
  void* const block = thread_heap.heap ? thread_heap.heap->resize(memory, bytes) : nullptr;
  if (block == nullptr) errno = ENOMEM;
  return block;
}

void install_hooks() {
  static std::once_flag once;
  std::call_once(once, [] {
    event_set_mem_functions(library_allocate, library_resize, library_release);
    if (ares_library_init_mem(ARES_LIB_INIT_ALL, library_allocate, library_release,
                              library_resize) != ARES_SUCCESS) {
      std::abort();
    }
  });
}

}  // namespace

// A thread without a heap of its own has no business in these libraries: it gets nothing. errno is
// set as malloc() does: libevent reads it, and would try again forever after an older EAGAIN.
void* library_allocate(size_t bytes) noexcept {
  void* const block = thread_heap.heap ? thread_heap.heap->allocate(bytes) : nullptr;
  if (block == nullptr) errno = ENOMEM;
  return block;
}

void library_release(void* memory) noexcept {
  if (memory == nullptr) return;
  // A block of another thread's heap would be damaged from here, so this is a mistake of ours.
  if (!thread_heap.heap || !thread_heap.heap->owns(memory)) std::abort();
  thread_heap.heap->release(memory);
}

LibraryMemory::LibraryMemory(size_t bytes, HeapUse use) : thread_(&thread_heap) {
  install_hooks();
  if (thread_heap.users++ != 0) return;
  thread_heap.region = use == HeapUse::ForLoop ? map_populated(bytes) : map_on_demand(bytes);
  thread_heap.heap.emplace(thread_heap.region, use == HeapUse::ForAdmin);
}

LibraryMemory::~LibraryMemory() {
  if (thread_ != &thread_heap) std::abort();
  if (--thread_heap.users != 0) return;
  thread_heap.heap.reset();
  unmap(thread_heap.region);
}

bool LibraryMemory::ok() const { return thread_heap.heap->capacity() != 0; }

const BoundedHeap& LibraryMemory::heap() const { return *thread_heap.heap; }

}  // namespace tipring::port
