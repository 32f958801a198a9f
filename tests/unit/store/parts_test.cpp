#include "store/database.h"
#include "store/grace.h"
#include "store/packed_address.h"
#include "store/slot_set.h"
#include "store/sqlite_memory.h"
#include "store/store_clock.h"
#include "store_bench.h"

using namespace tipring;
using namespace tipring::store;

namespace {

struct Memory {
  explicit Memory(size_t size) : bytes(size + 64) {
    const auto at = reinterpret_cast<uintptr_t>(bytes.data());
    arena.emplace(std::span(bytes).subspan((64 - at % 64) % 64, size));
  }
  std::vector<std::byte> bytes;
  std::optional<Arena> arena;
};

}  // namespace

TEST_CASE("packed address: all kinds come back as they were, in as few bytes as they need") {
  port::SocketAddress link_local = address("fe80::1", 5060);
  link_local.ip.scope = 7;
  const std::pair<port::SocketAddress, size_t> kinds[] = {{address("192.0.2.7", 5062), 6},
                                                          {address("0.0.0.0", 0), 6},
                                                          {address("2001:db8::7", 65535), 18},
                                                          {link_local, 22},
                                                          {{}, 2}};
  for (const auto& [kind, size] : kinds) {
    const PackedAddress packed(kind);
    CHECK(packed.view().size() == size);
    CHECK(PackedAddress::unpack(packed.view()) == kind);
  }
}

TEST_CASE("slot set: numbers are given in order, the lowest free one first") {
  Memory memory(4096);
  SlotSet set(*memory.arena, 200);
  for (uint32_t i = 0; i < 200; ++i) {
    CHECK(set.lowest_absent() == i);
    set.insert(i);
  }
  CHECK(set.lowest_absent() == SlotSet::kNone);
  CHECK(set.size() == 200);
  set.erase(130);
  set.erase(5);
  set.erase(5);
  CHECK(set.size() == 198);
  CHECK(set.lowest_absent() == 5);
  set.insert(5);
  CHECK(set.lowest_absent() == 130);
  CHECK(set.has(129));
  CHECK_FALSE(set.has(130));
}

TEST_CASE("slot set: a walk finds every member in order, in steps of so many words") {
  Memory memory(4096);
  SlotSet set(*memory.arena, 500);
  const std::vector<uint32_t> members = {0, 63, 64, 127, 300, 499};
  for (const uint32_t member : members) set.insert(member);
  std::vector<uint32_t> found;
  uint32_t from = 0;
  int steps = 0;
  while (from < set.capacity()) {
    ++steps;
    for (uint32_t words = 2; words > 0;) {
      const uint32_t slot = set.next(from, words);
      if (slot == SlotSet::kNone) break;
      found.push_back(slot);
      ++from;
    }
  }
  CHECK(found == members);
  CHECK(steps >= 3);
}

TEST_CASE("grace: 30 seconds, or a quarter of a shorter interval") {
  CHECK(refresh_grace(Millis(3'600'000)) == Millis(30'000));
  CHECK(refresh_grace(Millis(120'000)) == Millis(30'000));
  CHECK(refresh_grace(Millis(60'000)) == Millis(15'000));
  CHECK(refresh_due(Millis(5), Millis(60'000)) < Millis(5) + refresh_grace(Millis(60'000)));
}

TEST_CASE("store clock: an unset clock counts from the last written time, until it is set") {
  port::SimWorld world(1);
  port::SimHost& host = world.make_host("h", {});
  host.clock().set_wall(Millis(1'000));
  StoreClock clock(host.clock());
  const auto wall = [&] { return clock.monotonic() + clock.wall_offset(); };
  CHECK(wall() == Millis(1'000));
  CHECK(clock.set_last_written(Millis(1'700'000'000'000)));
  CHECK(wall() == Millis(1'700'000'000'000));
  world.run_for(Millis(500));
  CHECK(wall() == Millis(1'700'000'000'500));
  host.clock().set_wall(Millis(1'800'000'000'000));
  CHECK(wall() == Millis(1'800'000'000'000));

  StoreClock set(host.clock());
  CHECK_FALSE(set.set_last_written(Millis(1'700'000'000'000)));
}

TEST_CASE(
    "sqlite memory: statements live in the pool, and a pool that is full is an error, no crash") {
  Limits limits;
  MemoryPlan plan;
  SqliteMemory::plan(limits, plan);
  Memory memory(static_cast<size_t>(plan.arena_bytes()));
  SqliteMemory pool(*memory.arena, limits);
  REQUIRE(pool.install());
  port::SimWorld world(1);
  port::SimHost& host = world.make_host("h", {});
  Database database(host.files(), host.clock(), SqliteMemory::cached_pages(limits));
  StartReport report;
  REQUIRE(database.open("/test.db", migrations(), report));
  CHECK(pool.used_max() > 10'000);
  CHECK(pool.refusals() == 0);
  int64_t size = 0;
  CHECK(database.connection().query("SELECT length(zeroblob(300000) || 'x')", size) ==
        SQLITE_NOMEM);
  CHECK(database.connection().query("SELECT count(*) FROM users", size) == SQLITE_OK);
  CHECK(size == 0);
}
