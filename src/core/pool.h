// Objects of one type in a fixed number of slots. Acquire and release are O(1) and never touch the
// heap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string_view>
#include <utility>

#include "core/arena.h"
#include "core/assert.h"
#include "core/handle.h"
#include "core/memory_plan.h"
#include "core/poison.h"

namespace tipring {

struct PoolStats {
  std::string_view name;
  uint32_t capacity = 0;
  uint32_t in_use = 0;
  uint32_t high_water = 0;
  uint64_t refusals = 0;    // how often something was wanted of the full pool
  uint32_t item_bytes = 0;  // of one slot
};

template <class T>
class Pool {
 public:
  static constexpr uint64_t kItemBytes = sizeof(T) + sizeof(uint32_t) * 2;

  static void plan(MemoryPlan& plan, std::string_view name, uint32_t capacity) {
    plan.add_total(name, capacity, kItemBytes, bytes_needed(capacity), true);
  }
  static constexpr uint64_t bytes_needed(uint64_t capacity) {
    return Arena::bytes_needed(capacity * sizeof(T)) + Arena::bytes_needed(capacity * sizeof(Mark));
  }

  // `name` is borrowed for ever.
  Pool(std::string_view name, Arena& arena, uint32_t capacity)
      : objects_(arena.take_bytes(capacity * sizeof(T)).data()),
        marks_(arena.take<Mark>(capacity)) {
    stats_.name = name;
    stats_.capacity = capacity;
    stats_.item_bytes = static_cast<uint32_t>(kItemBytes);
    for (uint32_t i = 0; i < capacity; ++i) marks_[i].next_free = i + 1;
    poison(objects_, capacity * sizeof(T));
  }
  ~Pool() {
    for (uint32_t i = 0; i < stats_.capacity; ++i) {
      if (marks_[i].live()) release(*at(i));
    }
    unpoison(objects_, stats_.capacity * sizeof(T));
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Null when the pool is full.
  template <class... Arguments>
  T* acquire(Arguments&&... arguments) {
    const uint32_t index = first_free_;
    if (index == stats_.capacity) {
      ++stats_.refusals;
      return nullptr;
    }
    Mark& mark = marks_[index];
    first_free_ = mark.next_free;
    mark.next_free = kLive;
    ++stats_.in_use;
    if (stats_.in_use > stats_.high_water) stats_.high_water = stats_.in_use;
    unpoison(at(index), sizeof(T));
    return new (at(index)) T(std::forward<Arguments>(arguments)...);
  }

  // As acquire(), but leaves `kept_back` slots to others.
  template <class... Arguments>
  T* acquire_leaving(uint32_t kept_back, Arguments&&... arguments) {
    if (stats_.capacity - stats_.in_use <= kept_back) {
      ++stats_.refusals;
      return nullptr;
    }
    return acquire(std::forward<Arguments>(arguments)...);
  }

  // Destroys `object`; every handle to it is stale from here on.
  void release(T& object) {
    const uint32_t index = index_of(object);
    Mark& mark = marks_[index];
    TIPRING_ASSERT(mark.live());
    object.~T();
    poison(&object, sizeof(T));
    if (++mark.generation == 0) mark.generation = 1;
    mark.next_free = first_free_;
    first_free_ = index;
    --stats_.in_use;
  }

  // Null when the object has gone.
  T* get(Handle<T> handle) const {
    if (handle.index >= stats_.capacity) return nullptr;
    const Mark& mark = marks_[handle.index];
    return mark.live() && mark.generation == handle.generation ? at(handle.index) : nullptr;
  }

  Handle<T> handle_of(const T& object) const {
    const uint32_t index = index_of(object);
    return {index, marks_[index].generation};
  }

  // The object in slot `index`, null when it is free: for walks in bounded steps.
  T* at_slot(uint32_t index) const {
    return index < stats_.capacity && marks_[index].live() ? at(index) : nullptr;
  }

  template <class Visit>
  void for_each(Visit visit) const {
    for (uint32_t i = 0; i < stats_.capacity; ++i) {
      if (marks_[i].live()) visit(*at(i));
    }
  }

  const PoolStats& stats() const { return stats_; }

 private:
  static constexpr uint32_t kLive = UINT32_MAX;

  struct Mark {
    uint32_t generation = 1;
    uint32_t next_free = 0;  // kLive while the slot is in use
    bool live() const { return next_free == kLive; }
  };

  T* at(uint32_t index) const { return reinterpret_cast<T*>(objects_) + index; }

  uint32_t index_of(const T& object) const {
    const auto offset = reinterpret_cast<const std::byte*>(&object) - objects_;
    const auto index = static_cast<size_t>(offset) / sizeof(T);
    TIPRING_ASSERT(index < stats_.capacity && at(static_cast<uint32_t>(index)) == &object);
    return static_cast<uint32_t>(index);
  }

  std::byte* objects_;
  std::span<Mark> marks_;
  PoolStats stats_;
  uint32_t first_free_ = 0;
};

}  // namespace tipring
