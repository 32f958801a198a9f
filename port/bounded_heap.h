// A heap of fixed size for libraries that insist on malloc(): libevent, c-ares, SQLite. It takes
// its memory once, never grows, and answers a full heap with null, which those libraries hand on as
// an error. allocate() and release() take constant time: free blocks are kept by size class, with a
// bit per class that is not empty, and neighbours that are free are joined at once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tipring::port {

// Used by one thread at a time. Borrows the region, which is aligned to 16 bytes.
class BoundedHeap {
 public:
  // `wipes`: blocks are overwritten when they are released, for heaps that passwords pass through.
  explicit BoundedHeap(std::span<std::byte> region, bool wipes = false);

  BoundedHeap(const BoundedHeap&) = delete;
  BoundedHeap& operator=(const BoundedHeap&) = delete;

  // 16-byte aligned; null when there is no block large enough. A size of 0 gives a block as well.
  void* allocate(size_t bytes);
  void* resize(void* memory, size_t bytes);  // as realloc(); on null the old block stays
  void release(void* memory);                // null is allowed

  bool owns(const void* memory) const;
  static size_t bytes_of(const void* memory);  // what a block holds, no less than was asked for

  size_t capacity() const { return capacity_; }
  size_t used() const { return used_; }  // with the headers of its blocks
  size_t used_max() const { return used_max_; }
  uint64_t refusals() const { return refusals_; }

 private:
  struct Block;
  static constexpr size_t kClasses = 64;

  static size_t class_of(size_t size);       // the class that a free block of `size` is kept in
  static size_t class_to_take(size_t size);  // the first class whose blocks all hold `size`
  Block* find_free(size_t size);
  void insert(Block* block);
  void remove(Block* block);
  void split(Block* block, size_t size);
  Block* join(Block* block, Block* following);

  std::array<Block*, kClasses> free_{};
  uint64_t not_empty_ = 0;  // bit i: free_[i] has a block
  Block* first_ = nullptr;
  bool wipes_;
  size_t capacity_ = 0;
  size_t used_ = 0;
  size_t used_max_ = 0;
  uint64_t refusals_ = 0;
};

}  // namespace tipring::port
