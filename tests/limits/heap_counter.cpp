// Preloaded into tipringd: counts the heap calls of the main thread, which runs the loop, in a file
// that the test maps.
//
//   LD_PRELOAD=libheap_counter.so TIPRING_HEAP_COUNT_FILE=count tipringd …
//
// The file holds one 64-bit counter. With TIPRING_HEAP_TRAP set, a call after the counter was set
// to the trap value (by the test, by writing all ones) ends the process, so that a debugger shows
// who called.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void __libc_free(void*);
void* __libc_memalign(size_t, size_t);
}

namespace {

std::atomic<uint64_t>* counter = nullptr;
bool trap = false;
constexpr uint64_t kTrap = UINT64_MAX;

__attribute__((constructor)) void map_counter() {
  const char* path = std::getenv("TIPRING_HEAP_COUNT_FILE");
  if (path == nullptr) return;
  trap = std::getenv("TIPRING_HEAP_TRAP") != nullptr;
  const int file = open(path, O_RDWR | O_CREAT, 0600);
  if (file < 0 || ftruncate(file, sizeof(uint64_t)) != 0) std::abort();
  void* memory = mmap(nullptr, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) std::abort();
  close(file);
  counter = static_cast<std::atomic<uint64_t>*>(memory);
}

void count() {
  if (counter == nullptr || syscall(SYS_gettid) != getpid()) return;
  if (trap && counter->load() == kTrap) std::abort();
  counter->fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

extern "C" {

void* malloc(size_t size) {
  count();
  return __libc_malloc(size);
}
void* calloc(size_t items, size_t size) {
  count();
  return __libc_calloc(items, size);
}
void* realloc(void* memory, size_t size) {
  count();
  return __libc_realloc(memory, size);
}
void free(void* memory) {
  if (memory != nullptr) count();
  __libc_free(memory);
}
void* memalign(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, size_t alignment, size_t size) {
  count();
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? 12 : 0;  // ENOMEM
}

}  // extern "C"
