// A ring of text between one producing and one consuming thread: entries of any length up to
// kEntryMax, each in one piece, written and read in place.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "core/assert.h"

namespace tipring {

class LineRing {
 public:
  static constexpr size_t kEntryMax = 2048;

  // Borrows `bytes`, a power of two of them, with room for several of the longest entries.
  explicit LineRing(std::span<char> bytes) : bytes_(bytes) {
    TIPRING_ASSERT(std::has_single_bit(bytes.size()) && bytes.size() >= 4 * kEntryMax);
  }
  LineRing(const LineRing&) = delete;
  LineRing& operator=(const LineRing&) = delete;

  // --- producer ---

  // Where an entry may be written; empty when there might be no room for it.
  std::span<char> begin() {
    const size_t tail = tail_.load(std::memory_order_relaxed);
    const size_t to_end = bytes_.size() - at(tail);
    skipped_ = to_end < kHead + kEntryMax ? to_end : 0;
    const size_t free = bytes_.size() - (tail - head_.load(std::memory_order_acquire));
    if (free < skipped_ + kHead + kEntryMax) return {};
    if (skipped_ > 0) put_size(tail, kSkip);
    return bytes_.subspan(at(tail + skipped_) + kHead, kEntryMax);
  }
  // The entry of begin() is there, so many bytes of it.
  void commit(size_t size) {
    const size_t start = tail_.load(std::memory_order_relaxed) + skipped_;
    put_size(start, static_cast<uint32_t>(size));
    tail_.store(start + taken(size), std::memory_order_release);
  }

  // --- consumer ---

  // Of what was committed when it is asked: front() up to there.
  size_t end() const { return tail_.load(std::memory_order_acquire); }
  // The oldest entry, which is the consumer's until pop(). REQUIRES: any_before(end).
  std::string_view front() {
    size_t head = head_.load(std::memory_order_relaxed);
    if (size_at(head) == kSkip) {
      head += bytes_.size() - at(head);
      head_.store(head, std::memory_order_release);
    }
    return {bytes_.data() + at(head) + kHead, size_at(head)};
  }
  void pop() {
    const size_t head = head_.load(std::memory_order_relaxed);
    head_.store(head + taken(size_at(head)), std::memory_order_release);
  }
  bool any_before(size_t end) const { return head_.load(std::memory_order_relaxed) != end; }

 private:
  static constexpr size_t kHead = sizeof(uint32_t);
  static constexpr uint32_t kSkip = UINT32_MAX;  // the rest up to the ring's end is no entry
  static constexpr size_t kLine = 64;

  static size_t taken(size_t size) { return kHead + (size + kHead - 1) / kHead * kHead; }
  size_t at(size_t position) const { return position & (bytes_.size() - 1); }
  void put_size(size_t position, uint32_t size) {
    std::memcpy(bytes_.data() + at(position), &size, sizeof size);
  }
  uint32_t size_at(size_t position) const {
    uint32_t size = 0;
    std::memcpy(&size, bytes_.data() + at(position), sizeof size);
    return size;
  }

  std::span<char> bytes_;
  alignas(kLine) std::atomic<size_t> tail_{0};
  size_t skipped_ = 0;  // before the entry that is being written
  alignas(kLine) std::atomic<size_t> head_{0};
};

}  // namespace tipring
