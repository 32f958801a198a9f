// Gives libevent and c-ares, whose hooks for memory are one per process, a bounded heap for each
// thread that uses them: the loop thread and the admin thread never share one, and neither reaches
// malloc().
#pragma once

#include <cstddef>

#include "port/bounded_heap.h"

namespace tipring::port {

// ForLoop: every page is there from the start. ForAdmin: a page is taken when it is first written
// to, and what is released is wiped, since passwords come in with requests.
enum class HeapUse : uint8_t { ForLoop, ForAdmin };

// The calling thread's heap, for as long as one of these lives on it. Made before any other object
// of the two libraries on that thread, and destroyed after them, by the same thread. When the
// thread has a heap already, it is shared and `bytes` is without effect.

// From the calling thread's heap; null when it has none or no room. What the libraries use, and
// what sockets are made in that are opened while the loop runs.
void* library_allocate(size_t bytes) noexcept;
void library_release(void* memory) noexcept;  // null is allowed

class LibraryMemory {
 public:
  explicit LibraryMemory(size_t bytes, HeapUse use = HeapUse::ForLoop);
  ~LibraryMemory();

  LibraryMemory(const LibraryMemory&) = delete;
  LibraryMemory& operator=(const LibraryMemory&) = delete;

  bool ok() const;  // false when the system had no memory to give
  const BoundedHeap& heap() const;

 private:
  const void* thread_;  // identity of the thread that made it
};

}  // namespace tipring::port
