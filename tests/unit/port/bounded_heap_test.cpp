#include "port/bounded_heap.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "port/sim/sim_random.h"

using namespace tipring::port;

namespace {

struct Region {
  alignas(16) std::byte bytes[64 * 1024];
};

struct Held {
  char* memory;
  size_t size;
  char mark;
};

bool intact(const Held& held) {
  return std::all_of(held.memory, held.memory + held.size, [&](char c) { return c == held.mark; });
}

}  // namespace

TEST_CASE("bounded heap: blocks do not overlap and all memory comes back, in any order") {
  static Region region;
  BoundedHeap heap(region.bytes);
  SimRandom random(3);
  std::vector<Held> held;
  for (int i = 0; i < 100'000; ++i) {
    if (held.size() < 200 && random.chance(550)) {
      const size_t size = random.chance(900) ? random.below(200) : random.below(4000);
      auto* const memory = static_cast<char*>(heap.allocate(size));
      if (memory == nullptr) continue;
      REQUIRE(reinterpret_cast<uintptr_t>(memory) % 16 == 0);
      REQUIRE(heap.owns(memory));
      held.push_back({memory, size, static_cast<char>(i)});
      std::memset(memory, held.back().mark, size);
    } else if (!held.empty()) {
      const size_t index = random.below(held.size());
      REQUIRE(intact(held[index]));
      if (random.chance(200)) {
        const size_t size = random.below(1000);
        auto* const memory = static_cast<char*>(heap.resize(held[index].memory, size));
        if (memory == nullptr) continue;
        held[index].memory = memory;
        held[index].size = std::min(size, held[index].size);
        REQUIRE(intact(held[index]));
        std::memset(memory, held[index].mark, size);
        held[index].size = size;
        continue;
      }
      heap.release(held[index].memory);
      held.erase(held.begin() + static_cast<std::ptrdiff_t>(index));
    }
  }
  for (const Held& one : held) heap.release(one.memory);
  CHECK(heap.used() == 0);
  void* const all = heap.allocate(heap.capacity() - 64);
  CHECK(all != nullptr);
  heap.release(all);
}

TEST_CASE(
    "bounded heap: a full heap answers null and counts it, and what stood before is untouched") {
  static Region region;
  BoundedHeap heap(region.bytes);
  std::vector<Held> held;
  while (void* const memory = heap.allocate(1000)) {
    held.push_back({static_cast<char*>(memory), 1000, static_cast<char>(held.size())});
    std::memset(memory, held.back().mark, 1000);
  }
  CHECK(held.size() == (sizeof region.bytes - 16) / 1024);
  CHECK(heap.refusals() == 1);
  CHECK(heap.resize(held[0].memory, 5000) == nullptr);
  CHECK(heap.allocate(SIZE_MAX) == nullptr);
  CHECK(heap.allocate(SIZE_MAX - 8) == nullptr);
  CHECK(heap.refusals() == 4);
  CHECK(std::all_of(held.begin(), held.end(), intact));
  CHECK(heap.used_max() == held.size() * 1024);
  for (const Held& one : held) heap.release(one.memory);
  CHECK(heap.used() == 0);
}

TEST_CASE("bounded heap: a region too small for one block refuses everything") {
  alignas(16) std::byte bytes[40];
  BoundedHeap heap(bytes);
  CHECK(heap.allocate(1) == nullptr);
  CHECK(heap.capacity() == 0);
  CHECK_FALSE(heap.owns(bytes));
}

TEST_CASE("bounded heap: releasing null does nothing and resizing null allocates") {
  static Region region;
  BoundedHeap heap(region.bytes);
  heap.release(nullptr);
  void* const memory = heap.resize(nullptr, 10);
  CHECK(memory != nullptr);
  CHECK(heap.resize(memory, 5) == memory);
  heap.release(memory);
  CHECK(heap.used() == 0);
}

TEST_CASE("bounded heap: one that wipes leaves nothing of what was released or moved") {
  static Region region;
  BoundedHeap heap(region.bytes, true);
  const auto written = [&] {
    const auto* const bytes = reinterpret_cast<const char*>(region.bytes);
    return std::count(bytes, bytes + sizeof region.bytes, 'S');
  };
  auto* memory = static_cast<char*>(heap.allocate(1000));
  std::memset(memory, 'S', 1000);
  void* const neighbour = heap.allocate(16);
  memory = static_cast<char*>(heap.resize(memory, 2000));
  CHECK(written() == 1000);
  heap.release(memory);
  CHECK(written() == 0);
  heap.release(neighbour);
}
