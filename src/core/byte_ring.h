// A ring of entries of different lengths between one producing and one consuming thread. Each entry
// lies in one piece. The consumer may read several entries before it gives any of them back, so that
// what could not be carried out is there to be read again.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "core/assert.h"

namespace tipring {

class ByteRing {
 public:
  // Borrows `room`: a power of two of bytes, at least 64.
  explicit ByteRing(std::span<std::byte> room) : room_(room) {
    TIPRING_ASSERT(std::has_single_bit(room.size()) && room.size() >= 64);
  }
  ByteRing(const ByteRing&) = delete;
  ByteRing& operator=(const ByteRing&) = delete;

  // --- producer ----------------------------------------------------------------------------------

  // Room for one entry of at most `size` bytes, aligned to 8; null when there is none. Nothing is
  // seen on the other side before commit_push().
  std::byte* begin_push(size_t size) {
    const size_t need = kHead + padded(size);
    const uint64_t tail = tail_.load(std::memory_order_relaxed);
    const size_t left = room_.size() - offset(tail);
    skip_ = left < need ? left : 0;
    if (skip_ + need > room_.size() - used()) return nullptr;
    return &room_[offset(tail + skip_)] + kHead;
  }
  // REQUIRES: begin_push() of at least as much.
  void commit_push(size_t size) {
    uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (skip_ != 0) write_head(tail, kSkip);
    tail += skip_;
    write_head(tail, static_cast<uint32_t>(size));
    tail_.store(tail + kHead + padded(size), std::memory_order_release);
  }
  // Bytes that are taken, entries' heads included. From either side.
  size_t used() const {
    return static_cast<size_t>(tail_.load(std::memory_order_acquire) -
                               head_.load(std::memory_order_acquire));
  }
  size_t capacity() const { return room_.size(); }

  // --- consumer ----------------------------------------------------------------------------------

  // Where the oldest entry is that was not given back.
  uint64_t begin() const { return head_.load(std::memory_order_relaxed); }
  // The entry at `place`, which goes on to the next one; empty at the end.
  std::span<const std::byte> read(uint64_t& place) const {
    const uint64_t tail = tail_.load(std::memory_order_acquire);
    while (place != tail) {
      uint32_t size = 0;
      std::memcpy(&size, &room_[offset(place)], sizeof size);
      if (size == kSkip) {
        place += room_.size() - offset(place);
        continue;
      }
      const std::byte* bytes = &room_[offset(place)] + kHead;
      place += kHead + padded(size);
      return {bytes, size};
    }
    return {};
  }
  // Gives back all before `place`.
  void give_back(uint64_t place) { head_.store(place, std::memory_order_release); }

 private:
  static constexpr size_t kHead = 8;
  static constexpr uint32_t kSkip = UINT32_MAX;

  static constexpr size_t padded(size_t size) { return (size + 7) / 8 * 8; }
  size_t offset(uint64_t place) const { return static_cast<size_t>(place) & (room_.size() - 1); }
  void write_head(uint64_t place, uint32_t size) {
    std::memcpy(&room_[offset(place)], &size, sizeof size);
  }

  std::span<std::byte> room_;
  size_t skip_ = 0;  // the producer's: what is left of the end of the room
  std::atomic<uint64_t> tail_{0};
  std::atomic<uint64_t> head_{0};
};

}  // namespace tipring
