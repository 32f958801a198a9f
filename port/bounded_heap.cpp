#include "port/bounded_heap.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "port/crypto.h"

namespace tipring::port {

// Blocks lie one behind the other; the last is a mark of size 0 that is always in use, so that
// joining stops there. The two links are there in free blocks only: in used ones the caller's bytes
// begin there.
struct BoundedHeap::Block {
  size_t previous_size;  // 0 in the first block
  size_t size_and_use;   // a multiple of 16, and bit 0: in use
  Block* next;
  Block* before;

  static constexpr size_t kHeader = 16;
  static constexpr size_t kSmallest = 32;

  size_t size() const { return size_and_use & ~size_t{15}; }
  bool in_use() const { return (size_and_use & 1) != 0; }
  std::byte* address() { return reinterpret_cast<std::byte*>(this); }
  Block* following() { return reinterpret_cast<Block*>(address() + size()); }
  Block* preceding() { return reinterpret_cast<Block*>(address() - previous_size); }
  void* memory() { return address() + kHeader; }
  static Block* of(void* memory) {
    return reinterpret_cast<Block*>(static_cast<std::byte*>(memory) - kHeader);
  }
  void set(size_t size, bool use) {
    size_and_use = size | (use ? 1U : 0U);
    following()->previous_size = size;
  }
};

namespace {

constexpr size_t kSmallLimit = 256;  // below, one class for each multiple of 16
constexpr size_t kSmallClasses = kSmallLimit / 16;
constexpr size_t kLargest = size_t{1} << 31;

}  // namespace

BoundedHeap::BoundedHeap(std::span<std::byte> region, bool wipes) : wipes_(wipes) {
  const size_t bytes = std::min(region.size(), kLargest) / 16 * 16;
  if (bytes < Block::kSmallest + Block::kHeader) return;  // then every allocate() is refused
  capacity_ = bytes - Block::kHeader;
  first_ = reinterpret_cast<Block*>(region.data());
  first_->previous_size = 0;
  first_->set(capacity_, false);
  first_->following()->size_and_use = 1;
  insert(first_);
}

size_t BoundedHeap::class_of(size_t size) {
  if (size < kSmallLimit) return size / 16;
  // Two classes per power of two: 256..383, 384..511, 512..767 and so on.
  const auto power = static_cast<size_t>(std::bit_width(size)) - 1;
  const size_t upper_half = (size >> (power - 1)) & 1;
  return std::min(kSmallClasses + (power - 8) * 2 + upper_half, kClasses - 1);
}

size_t BoundedHeap::class_to_take(size_t size) {
  const size_t own = class_of(size);
  if (size < kSmallLimit) return own;
  const bool is_smallest_of_class =
      std::has_single_bit(size) || (size % 3 == 0 && std::has_single_bit(size / 3));
  return is_smallest_of_class ? own : own + 1;
}

BoundedHeap::Block* BoundedHeap::find_free(size_t size) {
  const size_t from = class_to_take(size);
  if (from < kClasses) {
    const uint64_t candidates = not_empty_ & (~uint64_t{0} << from);
    if (candidates != 0) return free_[static_cast<size_t>(std::countr_zero(candidates))];
  }
  // The class below holds blocks that may or may not do: a few looks, so that a nearly full heap
  // still gives what it has.
  Block* block = free_[class_of(size)];
  for (int looks = 0; block != nullptr && looks < 8; ++looks, block = block->next) {
    if (block->size() >= size) return block;
  }
  return nullptr;
}

void BoundedHeap::insert(Block* block) {
  const size_t index = class_of(block->size());
  block->before = nullptr;
  block->next = free_[index];
  if (block->next != nullptr) block->next->before = block;
  free_[index] = block;
  not_empty_ |= uint64_t{1} << index;
}

void BoundedHeap::remove(Block* block) {
  const size_t index = class_of(block->size());
  if (block->next != nullptr) block->next->before = block->before;
  if (block->before != nullptr) {
    block->before->next = block->next;
  } else {
    free_[index] = block->next;
    if (block->next == nullptr) not_empty_ &= ~(uint64_t{1} << index);
  }
}

// Cuts a used block down to `size` when what is left over is worth a block of its own.
void BoundedHeap::split(Block* block, size_t size) {
  const size_t rest_size = block->size() - size;
  if (rest_size < Block::kSmallest) return;
  block->set(size, true);
  Block* rest = block->following();
  rest->set(rest_size, false);
  used_ -= rest_size;
  if (!rest->following()->in_use()) {
    remove(rest->following());
    rest = join(rest, rest->following());
  }
  insert(rest);
}

BoundedHeap::Block* BoundedHeap::join(Block* block, Block* following) {
  block->set(block->size() + following->size(), false);
  return block;
}

void* BoundedHeap::allocate(size_t bytes) {
  Block* block = nullptr;
  if (bytes < capacity_) {
    const size_t size = std::max((bytes + Block::kHeader + 15) / 16 * 16, Block::kSmallest);
    block = find_free(size);
    if (block != nullptr) {
      remove(block);
      block->set(block->size(), true);
      used_ += block->size();
      split(block, size);
      used_max_ = std::max(used_max_, used_);
      return block->memory();
    }
  }
  ++refusals_;
  return nullptr;
}

void BoundedHeap::release(void* memory) {
  if (memory == nullptr) return;
  if (wipes_) wipe({static_cast<char*>(memory), bytes_of(memory)});
  Block* block = Block::of(memory);
  used_ -= block->size();
  block->set(block->size(), false);
  if (!block->following()->in_use()) {
    remove(block->following());
    block = join(block, block->following());
  }
  if (block->previous_size != 0 && !block->preceding()->in_use()) {
    Block* const preceding = block->preceding();
    remove(preceding);
    block = join(preceding, block);
  }
  insert(block);
}

void* BoundedHeap::resize(void* memory, size_t bytes) {
  if (memory == nullptr) return allocate(bytes);
  const size_t held = bytes_of(memory);
  if (bytes <= held) return memory;
  void* const larger = allocate(bytes);
  if (larger == nullptr) return nullptr;
  std::memcpy(larger, memory, held);
  release(memory);
  return larger;
}

size_t BoundedHeap::bytes_of(const void* memory) {
  return Block::of(const_cast<void*>(memory))->size() - Block::kHeader;
}

bool BoundedHeap::owns(const void* memory) const {
  const auto* const at = static_cast<const std::byte*>(memory);
  const auto* const begin = reinterpret_cast<const std::byte*>(first_);
  return begin != nullptr && at >= begin && at < begin + capacity_;
}

}  // namespace tipring::port
