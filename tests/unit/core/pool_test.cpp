#include "core/pool.h"

#include <doctest/doctest.h>

#include <set>
#include <vector>

#include "test_arena.h"

using namespace tipring;

namespace {

struct Item {
  explicit Item(int v) : value(v) { ++alive; }
  ~Item() { --alive; }
  int value;
  static inline int alive = 0;
};

}  // namespace

TEST_CASE("pool: takes exactly its capacity and then refuses, counted" *
          doctest::description("R5.5")) {
  TestArena arena;
  Pool<Item> pool("items", arena, 3);
  std::vector<Item*> items;
  for (int i = 0; i < 3; ++i) items.push_back(pool.acquire(i));
  CHECK(std::set<Item*>(items.begin(), items.end()).size() == 3);
  CHECK(pool.acquire(9) == nullptr);
  CHECK(pool.stats().refusals == 1);
  CHECK(pool.stats().in_use == 3);
  pool.release(*items[1]);
  CHECK(pool.stats().in_use == 2);
  CHECK(pool.stats().high_water == 3);
  CHECK(pool.acquire(4) == items[1]);
}

TEST_CASE("pool: a handle finds its object, and nothing after release or reuse") {
  TestArena arena;
  Pool<Item> pool("items", arena, 2);
  Item* first = pool.acquire(1);
  const Handle<Item> handle = pool.handle_of(*first);
  CHECK(pool.get(handle) == first);
  CHECK(Handle<Item>::from_u64(handle.to_u64()) == handle);
  pool.release(*first);
  CHECK(pool.get(handle) == nullptr);
  Item* second = pool.acquire(2);
  CHECK(second == first);
  CHECK(pool.get(handle) == nullptr);
  CHECK(pool.get(pool.handle_of(*second)) == second);
}

TEST_CASE("pool: null and foreign handles find nothing") {
  TestArena arena;
  Pool<Item> pool("items", arena, 2);
  Item* item = pool.acquire(1);
  CHECK(pool.get({}) == nullptr);
  CHECK(pool.get({7, 1}) == nullptr);
  CHECK(pool.get({pool.handle_of(*item).index, 99}) == nullptr);
}

TEST_CASE("pool: its destructor destroys what still lives") {
  TestArena arena;
  {
    Pool<Item> pool("items", arena, 4);
    pool.acquire(1);
    pool.acquire(2);
    CHECK(Item::alive == 2);
  }
  CHECK(Item::alive == 0);
}

TEST_CASE("pool: the plan's bytes are what the arena gives") {
  TestArena arena;
  MemoryPlan plan;
  Pool<Item>::plan(plan, "items", 37);
  Pool<Item> pool("items", arena, 37);
  CHECK(plan.arena_bytes() == arena.get().used());
}

#ifdef TIPRING_ASAN
TEST_CASE("pool: a released object is poisoned") {
  TestArena arena;
  Pool<Item> pool("items", arena, 2);
  Item* item = pool.acquire(1);
  CHECK_FALSE(__asan_address_is_poisoned(item));
  pool.release(*item);
  CHECK(__asan_address_is_poisoned(item));
}
#endif
