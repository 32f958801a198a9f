// Memory taken once at start and handed out from front to back. Nothing is ever given back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>

#include "core/assert.h"

namespace tipring {

class Arena {
 public:
  static constexpr size_t kAlignment = 64;  // a cache line: every array starts on one

  // Borrows `region`, zeroed, aligned to at least kAlignment.
  explicit Arena(std::span<std::byte> region) : region_(region) {
    TIPRING_ASSERT(reinterpret_cast<uintptr_t>(region.data()) % kAlignment == 0);
  }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // What `bytes` take of the arena, alignment included: what a memory plan counts with.
  static constexpr uint64_t bytes_needed(uint64_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
  }

  // The memory plan has computed the arena's size, so asking for too much is our own fault and ends
  // the process.
  std::span<std::byte> take_bytes(size_t bytes) {
    const auto size = static_cast<size_t>(bytes_needed(bytes));
    TIPRING_ASSERT(size <= region_.size() - used_);
    std::byte* start = region_.data() + used_;
    used_ += size;
    return {start, bytes};
  }

  // `count` default-made objects. Their destructors are never run by the arena.
  template <class T>
  std::span<T> take(size_t count) {
    static_assert(alignof(T) <= kAlignment);
    T* first = reinterpret_cast<T*>(take_bytes(count * sizeof(T)).data());
    for (size_t i = 0; i < count; ++i) new (first + i) T();
    return {first, count};
  }

  size_t used() const { return used_; }
  size_t capacity() const { return region_.size(); }

 private:
  std::span<std::byte> region_;
  size_t used_ = 0;
};

}  // namespace tipring
