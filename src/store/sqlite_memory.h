// SQLite's memory: a heap and a page cache of fixed size that are taken at start, instead of
// malloc(). Both belong to the process, as SQLite's configuration does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/arena.h"
#include "core/limits.h"
#include "core/memory_plan.h"

namespace tipring::store {

// The first SqliteMemory of a process gives SQLite its memory, and is destroyed last: one that is
// made meanwhile shares it. Nobody else may have a connection open when the first comes or goes.
class SqliteMemory {
 public:
  // Pages that SQLite keeps: a tenth or so of those that the bindings take. A commit goes through
  // them in order, and writes some early when it changes more than are kept.
  static constexpr uint32_t cached_pages(const Limits& limits) {
    return std::clamp(limits.bindings / 160, 32u, 512u);
  }
  static void plan(const Limits& limits, MemoryPlan& plan);

  SqliteMemory(Arena& arena, const Limits& limits);
  ~SqliteMemory();
  SqliteMemory(const SqliteMemory&) = delete;
  SqliteMemory& operator=(const SqliteMemory&) = delete;

  // Before the first connection is opened. False when SQLite will not take it.
  bool install();

  uint64_t used_max() const;  // bytes of the heap, blocks' headers included
  uint64_t refusals() const;

 private:
  std::span<std::byte> heap_;
  std::span<std::byte> pages_;
  uint32_t page_count_;
  bool installed_ = false;
  bool sharing_ = false;
};

}  // namespace tipring::store
