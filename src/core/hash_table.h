// A hash table of fixed capacity whose nodes are members of the objects in it: no memory per entry,
// no tombstones, nothing that grows. The caller hashes, with a key that strangers do not know.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/arena.h"
#include "core/assert.h"
#include "core/memory_plan.h"

namespace tipring {

class HashNode {
 public:
  HashNode() = default;
  ~HashNode() { TIPRING_ASSERT(!linked()); }
  HashNode(const HashNode&) = delete;
  HashNode& operator=(const HashNode&) = delete;

  bool linked() const { return next_ != &kUnlinked; }

 private:
  template <class T, HashNode T::*Member>
  friend class HashTable;

  static inline char kUnlinked = 0;  // only its address counts

  void* next_ = &kUnlinked;  // the next object of the bucket, null at its end
  uint64_t hash_ = 0;
};

// Borrows its elements, which must be erased before they are destroyed. A table that is a member
// after the pool of its elements is destroyed first and lets go of those that still live.
template <class T, HashNode T::*Member>
class HashTable {
 public:
  static constexpr uint64_t buckets_for(uint32_t capacity) {
    return std::bit_ceil(static_cast<uint64_t>(capacity) + 1);
  }
  static void plan(MemoryPlan& plan, std::string_view name, uint32_t capacity) {
    plan.add(name, buckets_for(capacity), sizeof(void*));
  }

  // At most `capacity` elements are expected; chains grow longer beyond, nothing breaks.
  HashTable(Arena& arena, uint32_t capacity)
      : buckets_(arena.take<void*>(static_cast<size_t>(buckets_for(capacity)))) {}
  ~HashTable() { clear(); }
  HashTable(const HashTable&) = delete;
  HashTable& operator=(const HashTable&) = delete;

  // Several elements may have the same hash, and even be equal: the newest is found first.
  void insert(uint64_t hash, T& item) {
    HashNode& node = item.*Member;
    TIPRING_ASSERT(!node.linked());
    void*& bucket = buckets_[slot(hash)];
    node.hash_ = hash;
    node.next_ = bucket;
    bucket = &item;
    ++size_;
  }

  // The newest element with this hash for which `same(const T&)` holds; null when there is none.
  template <class Same>
  T* find(uint64_t hash, Same same) const {
    for (T* item = static_cast<T*>(buckets_[slot(hash)]); item != nullptr; item = next(*item)) {
      if ((item->*Member).hash_ == hash && same(static_cast<const T&>(*item))) return item;
    }
    return nullptr;
  }

  // Does nothing for an element that is not in the table.
  void erase(T& item) {
    HashNode& node = item.*Member;
    if (!node.linked()) return;
    void** link = &buckets_[slot(node.hash_)];
    while (*link != &item) {
      TIPRING_ASSERT(*link != nullptr);
      link = &(static_cast<T*>(*link)->*Member).next_;
    }
    *link = node.next_;
    node.next_ = &HashNode::kUnlinked;
    --size_;
  }

  // Erases all elements.
  void clear() {
    for (void*& bucket : buckets_) {
      while (bucket != nullptr) {
        HashNode& node = static_cast<T*>(bucket)->*Member;
        bucket = node.next_;
        node.next_ = &HashNode::kUnlinked;
      }
    }
    size_ = 0;
  }

  // Elements of bucket `index` < buckets(): a walk over all of them in bounded steps. `visit` may
  // erase the element that it was given, and no other.
  template <class Visit>
  void for_each_in(size_t index, Visit visit) {
    for (T* item = static_cast<T*>(buckets_[index]); item != nullptr;) {
      T* after = next(*item);
      visit(*item);
      item = after;
    }
  }
  template <class Visit>
  void for_each(Visit visit) {
    for (size_t i = 0; i < buckets_.size(); ++i) for_each_in(i, visit);
  }

  size_t buckets() const { return buckets_.size(); }
  size_t size() const { return size_; }

 private:
  static T* next(const T& item) { return static_cast<T*>((item.*Member).next_); }
  size_t slot(uint64_t hash) const { return static_cast<size_t>(hash) & (buckets_.size() - 1); }

  std::span<void*> buckets_;
  size_t size_ = 0;
};

}  // namespace tipring
