// An arena of its own for each test.
#pragma once

#include <cstddef>
#include <cstdlib>

#include "core/arena.h"

class TestArena {
 public:
  explicit TestArena(size_t bytes = 1 << 20)
      : memory_(static_cast<std::byte*>(std::aligned_alloc(tipring::Arena::kAlignment, bytes))),
        arena_(clear(memory_, bytes)) {}
  ~TestArena() { std::free(memory_); }
  TestArena(const TestArena&) = delete;
  TestArena& operator=(const TestArena&) = delete;

  operator tipring::Arena&() { return arena_; }  // NOLINT(google-explicit-constructor)
  tipring::Arena& get() { return arena_; }

 private:
  static std::span<std::byte> clear(std::byte* memory, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i) memory[i] = std::byte{0};
    return {memory, bytes};
  }
  std::byte* memory_;
  tipring::Arena arena_;
};
