#include "core/memory_plan.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <numeric>

#include "core/limits.h"
#include "core/pool_registry.h"
#include "core/slab_text.h"
#include "test_arena.h"

using namespace tipring;

namespace {

uint64_t slab_bytes(const Limits& limits) {
  MemoryPlan plan;
  MessageSlabs::plan(plan, message_slab_counts(limits));
  return plan.total_bytes();
}

constexpr uint64_t kMiB = 1 << 20;

}  // namespace

TEST_CASE("arena: arrays follow each other, each on a line of its own") {
  TestArena arena(4096);
  const std::span<uint32_t> numbers = arena.get().take<uint32_t>(3);
  const std::span<std::byte> bytes = arena.get().take_bytes(65);
  CHECK(numbers.size() == 3);
  CHECK(bytes.size() == 65);
  CHECK(reinterpret_cast<uintptr_t>(numbers.data()) % Arena::kAlignment == 0);
  CHECK(reinterpret_cast<uintptr_t>(bytes.data()) % Arena::kAlignment == 0);
  CHECK(bytes.data() >= reinterpret_cast<std::byte*>(numbers.data() + 3));
  CHECK(arena.get().used() == Arena::bytes_needed(12) + Arena::bytes_needed(65));
  CHECK(arena.get().take_bytes(arena.get().capacity() - arena.get().used()).size() > 0);
  CHECK(arena.get().used() == arena.get().capacity());
}

TEST_CASE("memory plan: counts as the arena does, and tells its own from the libraries' share") {
  TestArena arena;
  MemoryPlan plan;
  plan.add("numbers", 3, sizeof(uint32_t));
  plan.add_total("library", 1, 1000, 1000, false);
  plan.add_descriptors(5);
  plan.add_descriptors(7);
  arena.get().take<uint32_t>(3);
  CHECK(plan.arena_bytes() == arena.get().used());
  CHECK(plan.total_bytes() == arena.get().used() + 1000);
  CHECK(plan.descriptors() == 12);
  REQUIRE(plan.lines().size() == 2);
  CHECK(plan.lines()[1].name == "library");
}

TEST_CASE("memory plan: text slabs take what they say") {
  TestArena arena;
  MemoryPlan plan;
  const TextSlabs::Counts counts = {7, 3, 0, 1, 0, 0, 2};
  TextSlabs::plan(plan, "texts", counts);
  const TextSlabs slabs("texts", arena, counts);
  CHECK(plan.arena_bytes() == arena.get().used());
}

TEST_CASE("limits: message buffers leave room for the rest of the plan" *
          doctest::description("C20")) {
  CHECK(slab_bytes(kTinyLimits) <= kMiB);
  CHECK(slab_bytes(kDefaultLimits) <= 5 * kMiB);
}

TEST_CASE("limits: every holder of a received message finds a buffer at the same time") {
  for (const Limits& limits : {kTinyLimits, kDefaultLimits, kFullLimits}) {
    const MessageSlabs::Counts counts = message_slab_counts(limits);
    CHECK(receive_buffers_max(limits) >=
          limits.receive_batch + stream_messages_unfinished_max(limits));
    CHECK(counts[3] == receive_buffers_max(limits) + long_messages_max(limits));
    CHECK(counts[1] + counts[2] >= server_transactions_max(limits) +
                                       client_transactions_max(limits) +
                                       server_transactions_open_max(limits) + limits.calls);
  }
}

TEST_CASE("limits: a configured number of messages is spread over the small classes") {
  Limits limits;
  limits.messages = 300;
  const MessageSlabs::Counts counts = message_slab_counts(limits);
  const uint32_t sum = counts[0] + counts[1] + counts[2];
  CHECK(sum >= 300);
  CHECK(sum <= 302);
  CHECK(counts[3] == receive_buffers_max(limits) + long_messages_max(limits));
}

TEST_CASE("limits: open transactions never exceed the pool that they are in") {
  Limits limits = kTinyLimits;
  limits.transactions = 10;
  CHECK(server_transactions_open_max(limits) == 10);
}

TEST_CASE("pool registry: shows each pool as it is now" * doctest::description("R5.5")) {
  TestArena arena;
  Pool<uint64_t> pool("numbers", arena, 2);
  PoolRegistry registry;
  registry.add(pool.stats());
  pool.acquire(1u);
  REQUIRE(registry.pools().size() == 1);
  CHECK(registry.pools()[0]->name == "numbers");
  CHECK(registry.pools()[0]->in_use == 1);
  CHECK(registry.pools()[0]->item_bytes == 16);
}
