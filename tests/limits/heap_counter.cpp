// Preloaded into tipringd: counts the heap calls of the main thread, which runs the loop, in a file
// that the test maps.
//
//   LD_PRELOAD=libheap_counter.so TIPRING_HEAP_COUNT_FILE=count tipringd …
//
// The file holds a `Shared`. Once the test has set `armed`, the first calls leave their callers
// behind, so that the test can name the line that called the heap.
#include <execinfo.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming): names of the C library
extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void __libc_free(void*);
void* __libc_memalign(size_t, size_t);
}
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)

namespace {

constexpr uint64_t kStacks = 16;
constexpr size_t kFrames = 24;

// heap_count.py reads it by the same layout.
struct Shared {
  std::atomic<uint64_t> calls;
  std::atomic<uint64_t> armed;
  uint64_t stacks;
  void* frames[kStacks][kFrames];  // return addresses, zeros behind them
};

Shared* shared = nullptr;
bool walking = false;

__attribute__((constructor)) void map_counter() {
  const char* path = std::getenv("TIPRING_HEAP_COUNT_FILE");
  if (path == nullptr) return;
  void* first_use[1];
  backtrace(first_use, 1);  // loads what it needs, with heap calls of its own
  const int file = open(path, O_RDWR | O_CREAT, 0600);
  if (file < 0 || ftruncate(file, sizeof(Shared)) != 0) std::abort();
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (memory == MAP_FAILED) std::abort();
  close(file);
  shared = static_cast<Shared*>(memory);
}

void count() {
  if (shared == nullptr || syscall(SYS_gettid) != getpid() || walking) return;
  shared->calls.fetch_add(1, std::memory_order_relaxed);
  if (shared->armed.load(std::memory_order_relaxed) == 0 || shared->stacks == kStacks) return;
  walking = true;
  backtrace(shared->frames[shared->stacks], static_cast<int>(kFrames));
  ++shared->stacks;
  walking = false;
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
