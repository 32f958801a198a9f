// Text that outlives its message: copied into one slab of the smallest class that fits. Never cut.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "core/arena.h"
#include "core/memory_plan.h"
#include "core/pool.h"
#include "core/result.h"

namespace tipring {

class TextSlabs;

// A slab and what is in it, without its owner: for records of which there are many, and whose table
// gives the slab back.
struct TextSlab {
  char* data = nullptr;
  uint16_t size = 0;
  uint8_t size_class = 0;
};

// Owns its slab; moves, does not copy.
class SlabText {
 public:
  SlabText() = default;
  SlabText(SlabText&& other) noexcept { swap(other); }
  SlabText& operator=(SlabText&& other) noexcept {
    SlabText old(std::move(*this));
    swap(other);
    return *this;
  }
  ~SlabText() { reset(); }

  std::string_view view() const { return {slab_.data, slab_.size}; }
  bool empty() const { return slab_.size == 0; }
  void reset();

 private:
  friend class TextSlabs;
  void swap(SlabText& other) {
    std::swap(owner_, other.owner_);
    std::swap(slab_, other.slab_);
  }

  TextSlabs* owner_ = nullptr;
  TextSlab slab_;
};

class TextSlabs {
 public:
  static constexpr std::array<uint32_t, 7> kClassBytes = {64, 128, 192, 256, 512, 1024, 2048};
  static constexpr size_t kClasses = kClassBytes.size();
  static constexpr size_t kTextMax = kClassBytes.back();
  using Counts = std::array<uint32_t, kClasses>;

  static void plan(MemoryPlan& plan, std::string_view name, const Counts& counts);

  // `name` is borrowed for ever.
  TextSlabs(std::string_view name, Arena& arena, const Counts& counts);
  ~TextSlabs();
  TextSlabs(const TextSlabs&) = delete;
  TextSlabs& operator=(const TextSlabs&) = delete;

  // All pieces one after the other in one slab. An empty text takes none.
  // Errors: TooLong (beyond kTextMax), PoolExhausted (all classes that fit are empty).
  Result<SlabText> store(std::span<const std::string_view> pieces);
  Result<SlabText> store(std::string_view text) { return store(std::span(&text, 1)); }

  // As store(), but the caller gives the slab back. One of size 0 may be given back, or not.
  Result<TextSlab> take(std::span<const std::string_view> pieces);
  void give_back(const TextSlab& slab);

  const PoolStats& stats(size_t size_class) const { return classes_[size_class].stats; }

 private:
  struct Class {
    char* memory = nullptr;
    char* first_free = nullptr;  // a free slab begins with the pointer to the next
    PoolStats stats;
  };
  char* take_of(size_t size_class);

  std::array<Class, kClasses> classes_;
};

}  // namespace tipring
