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

  std::string_view view() const { return {data_, size_}; }
  bool empty() const { return size_ == 0; }
  void reset();

 private:
  friend class TextSlabs;
  void swap(SlabText& other) {
    std::swap(owner_, other.owner_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(size_class_, other.size_class_);
  }

  TextSlabs* owner_ = nullptr;
  char* data_ = nullptr;
  uint16_t size_ = 0;
  uint8_t size_class_ = 0;
};

class TextSlabs {
 public:
  static constexpr std::array<uint32_t, 6> kClassBytes = {64, 128, 256, 512, 1024, 2048};
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

  const PoolStats& stats(size_t size_class) const { return classes_[size_class].stats; }

 private:
  friend class SlabText;
  struct Class {
    char* memory = nullptr;
    char* first_free = nullptr;  // a free slab begins with the pointer to the next
    PoolStats stats;
  };
  char* take(size_t size_class);
  void give_back(size_t size_class, char* slab);

  std::array<Class, kClasses> classes_;
};

}  // namespace tipring
