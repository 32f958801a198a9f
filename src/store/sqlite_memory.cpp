#include "store/sqlite_memory.h"

#include <sqlite3.h>

#include <optional>

#include "core/assert.h"
#include "port/bounded_heap.h"

namespace tipring::store {
namespace {

// Schema, prepared statements, and what a statement needs while it runs: measured at 170 KiB with
// every statement prepared and a transaction of 500 rows going on, and at more than 240 while the
// file is written anew, which takes a second schema.
constexpr size_t kHeapBytes = 320 * 1024;
constexpr size_t kPageBytes = 4096;
// A page's own record and SQLite's header for it (SQLITE_CONFIG_PCACHE_HDRSZ), with room to spare.
constexpr size_t kPageSlotBytes = kPageBytes + 288;

// SQLite calls these with its own mutex held, as it counts memory (SQLITE_CONFIG_MEMSTATUS).
std::optional<port::BoundedHeap> heap;
sqlite3_mem_methods methods_before;
int holders = 0;

void* allocate(int bytes) { return heap->allocate(static_cast<size_t>(bytes)); }
void release(void* memory) { heap->release(memory); }
void* resize(void* memory, int bytes) { return heap->resize(memory, static_cast<size_t>(bytes)); }
int size_of(void* memory) {
  return memory == nullptr ? 0 : static_cast<int>(port::BoundedHeap::bytes_of(memory));
}
int round_up(int bytes) { return (bytes + 15) / 16 * 16; }
int start(void*) { return SQLITE_OK; }
void stop(void*) {}

constexpr sqlite3_mem_methods kMethods = {allocate, release, resize, size_of,
                                          round_up, start,   stop,   nullptr};

}  // namespace

void SqliteMemory::plan(const Limits& limits, MemoryPlan& plan) {
  plan.add("sqlite_heap", 1, kHeapBytes);
  plan.add("sqlite_pages", cached_pages(limits), kPageSlotBytes);
}

SqliteMemory::SqliteMemory(Arena& arena, const Limits& limits)
    : heap_(arena.take_bytes(kHeapBytes)),
      pages_(arena.take_bytes(cached_pages(limits) * kPageSlotBytes)),
      page_count_(cached_pages(limits)) {}

bool SqliteMemory::install() {
  TIPRING_ASSERT(!installed_);
  if (holders > 0) {
    ++holders;
    return installed_ = sharing_ = true;
  }
  sqlite3_shutdown();
  heap.emplace(heap_);
  int code = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &methods_before);
  if (code == SQLITE_OK) code = sqlite3_config(SQLITE_CONFIG_MALLOC, &kMethods);
  if (code == SQLITE_OK) code = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 1);
  if (code == SQLITE_OK) {
    code = sqlite3_config(SQLITE_CONFIG_PAGECACHE, pages_.data(), static_cast<int>(kPageSlotBytes),
                          static_cast<int>(page_count_));
  }
  if (code == SQLITE_OK) code = sqlite3_initialize();
  if (code != SQLITE_OK) return false;
  // Below the end of the heap, so that SQLite notices by itself and gives up pages first.
  sqlite3_hard_heap_limit64(static_cast<sqlite3_int64>(kHeapBytes * 15 / 16));
  holders = 1;
  return installed_ = true;
}

SqliteMemory::~SqliteMemory() {
  if (!installed_) return;
  --holders;
  if (sharing_) return;
  TIPRING_ASSERT(holders == 0);
  sqlite3_hard_heap_limit64(0);
  sqlite3_shutdown();
  sqlite3_config(SQLITE_CONFIG_MALLOC, &methods_before);
  sqlite3_config(SQLITE_CONFIG_PAGECACHE, nullptr, 0, 0);
  heap.reset();
}

uint64_t SqliteMemory::used_max() const { return heap ? heap->used_max() : 0; }
uint64_t SqliteMemory::refusals() const { return heap ? heap->refusals() : 0; }

}  // namespace tipring::store
