// A ring between one producing and one consuming thread. Slots are written and read in place.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/assert.h"

namespace tipring {

template <class T>
class SpscRing {
 public:
  // Borrows `slots`, a power of two of them.
  explicit SpscRing(std::span<T> slots) : slots_(slots) {
    TIPRING_ASSERT(std::has_single_bit(slots.size()));
  }
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  // --- producer ---

  // The slot to fill, null when the ring is full. Nothing is seen on the other side before
  // commit_push().
  T* begin_push() {
    const size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_seen_ == slots_.size()) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (tail - head_seen_ == slots_.size()) return nullptr;
    }
    return &slots_[tail & (slots_.size() - 1)];
  }
  void commit_push() {
    tail_.store(tail_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
  bool push(const T& value) {
    T* slot = begin_push();
    if (slot == nullptr) return false;
    *slot = value;
    commit_push();
    return true;
  }
  // Slots that can be pushed at least.
  size_t free() const {
    return slots_.size() -
           (tail_.load(std::memory_order_relaxed) - head_.load(std::memory_order_acquire));
  }

  // --- consumer ---

  // The oldest slot, null when the ring is empty. It stays the consumer's until pop().
  T* front() {
    const size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_seen_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head == tail_seen_) return nullptr;
    }
    return &slots_[head & (slots_.size() - 1)];
  }
  void pop() { head_.store(head_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }
  size_t size() const {  // as the consumer sees it
    return tail_.load(std::memory_order_acquire) - head_.load(std::memory_order_relaxed);
  }

  size_t capacity() const { return slots_.size(); }

 private:
  static constexpr size_t kLine = 64;

  std::span<T> slots_;
  alignas(kLine) std::atomic<size_t> tail_{0};
  size_t head_seen_ = 0;  // the producer's last look at head_
  alignas(kLine) std::atomic<size_t> head_{0};
  size_t tail_seen_ = 0;  // the consumer's last look at tail_
};

}  // namespace tipring
