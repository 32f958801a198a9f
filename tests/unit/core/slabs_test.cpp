#include <doctest/doctest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/limits.h"
#include "core/message_slabs.h"
#include "core/slab_text.h"
#include "test_arena.h"

using namespace tipring;

TEST_CASE(
    "message slabs: the smallest class that fits is used, then larger ones, the largest only at "
    "need") {
  TestArena arena;
  MessageSlabs slabs(arena, {1, 1, 0, 1, 1});
  const MessageRef a = slabs.acquire(100);
  CHECK(a.capacity() == 512);
  const MessageRef b = slabs.acquire(100);
  CHECK(b.capacity() == 1024);
  const MessageRef c = slabs.acquire(100);
  CHECK(c.capacity() == 4096);
  CHECK_FALSE(slabs.acquire(100));
  const MessageRef d = slabs.acquire(4097);
  CHECK(d.capacity() == 65536);
  CHECK_FALSE(slabs.acquire(65537));
  CHECK(slabs.stats(0).refusals == 1);
}

TEST_CASE("message slabs: what is kept leaves the last buffers to what is received") {
  TestArena arena;
  MessageSlabs slabs(arena, {0, 1, 0, 3, 1}, 2);
  const std::string text(3000, 'x');
  const MessageRef first = slabs.copy(text);
  CHECK(first.capacity() == 4096);
  CHECK_FALSE(slabs.copy(text));
  CHECK(slabs.stats(3).refusals == 1);
  const MessageRef small = slabs.copy("OPTIONS");
  CHECK(small.capacity() == 1024);
  CHECK_FALSE(slabs.copy("OPTIONS"));  // nor does a small one borrow them
  const MessageRef second = slabs.acquire_to_receive(4096);
  const MessageRef third = slabs.acquire_to_receive(1);
  CHECK(second.capacity() == 4096);
  CHECK(third.capacity() == 4096);
  CHECK_FALSE(slabs.acquire_to_receive(4096));
}

TEST_CASE("message slabs: who keeps a received message has a copy, but of a very large one") {
  TestArena arena;
  MessageSlabs slabs(arena, {1, 0, 0, 1, 1}, 1);
  MessageRef received = slabs.acquire_to_receive(4096);
  received.set_size(3);
  std::copy_n("abc", 3, received.data());
  const MessageRef kept = slabs.keep(received);
  CHECK(kept.capacity() == 512);
  CHECK(kept.view() == "abc");
  CHECK_FALSE(received.shared());
  CHECK_FALSE(slabs.keep(received));  // no buffer is free
  MessageRef large = slabs.acquire_to_receive(5000);
  large.set_size(5000);
  CHECK(slabs.keep(large).data() == large.data());
}

TEST_CASE("message slabs: the last reference gives the buffer back") {
  TestArena arena;
  MessageSlabs slabs(arena, {1, 0, 0, 0, 0});
  MessageRef first = slabs.copy("OPTIONS");
  CHECK(first.view() == "OPTIONS");
  MessageRef second = first;
  CHECK(first.shared());
  first.reset();
  CHECK_FALSE(second.shared());
  CHECK(slabs.stats(0).in_use == 1);
  MessageRef third = std::move(second);
  CHECK_FALSE(second);
  third = MessageRef();
  CHECK(slabs.stats(0).in_use == 0);
}

TEST_CASE("message slabs: shrink moves what one holder keeps to the smallest class") {
  TestArena arena;
  MessageSlabs slabs(arena, {1, 0, 0, 2, 0});
  MessageRef large = slabs.acquire(4000);
  large.set_size(3);
  std::copy_n("abc", 3, large.data());
  large = slabs.shrink(std::move(large));
  CHECK(large.capacity() == 512);
  CHECK(large.view() == "abc");
  CHECK(slabs.stats(3).in_use == 0);
  MessageRef other = slabs.acquire(4000);
  other.set_size(3);
  const MessageRef shared = other;
  CHECK(slabs.shrink(other).capacity() == 4096);
}

TEST_CASE("message slabs: the plan's bytes are what the arena gives") {
  TestArena arena(32 << 20);
  for (const Limits& limits : {kTinyLimits, kDefaultLimits}) {
    MemoryPlan plan;
    const size_t before = arena.get().used();
    MessageSlabs::plan(plan, message_slab_counts(limits));
    const MessageSlabs slabs(arena, message_slab_counts(limits));
    CHECK(plan.arena_bytes() == arena.get().used() - before);
  }
}

TEST_CASE("message slabs: copies, moves and drops at random keep contents and counts") {
  TestArena arena;
  MessageSlabs slabs(arena, {4, 3, 3, 2, 1});
  std::mt19937 random(3);
  std::vector<MessageRef> refs(12);
  std::vector<std::string> model(refs.size());
  for (int step = 0; step < 20000; ++step) {
    const size_t i = random() % refs.size();
    const size_t k = random() % refs.size();
    switch (random() % 4) {
      case 0: {
        const size_t size = random() % 5000;
        const std::string bytes(size, static_cast<char>('a' + random() % 26));
        refs[i] = slabs.copy(bytes);
        model[i] = refs[i] ? bytes : "";
        break;
      }
      case 1:
        refs[i] = refs[k];
        model[i] = model[k];
        break;
      case 2: {
        const bool alone = refs[i] && !refs[i].shared();
        const size_t before = alone ? refs[i].capacity() : 0;
        if (refs[i]) refs[i] = slabs.shrink(std::move(refs[i]));
        if (alone) REQUIRE(refs[i].capacity() <= before);
        break;
      }
      default: refs[i].reset(); model[i].clear();
    }
    std::set<const char*> buffers;
    for (size_t n = 0; n < refs.size(); ++n) {
      if (!refs[n]) continue;
      REQUIRE(refs[n].view() == model[n]);
      buffers.insert(refs[n].view().data());
    }
    uint32_t in_use = 0;
    for (size_t c = 0; c < MessageSlabs::kClasses; ++c) in_use += slabs.stats(c).in_use;
    REQUIRE(in_use == buffers.size());
  }
}

#ifdef TIPRING_ASAN
TEST_CASE("message slabs: free buffers and unused tails are poisoned") {
  TestArena arena;
  MessageSlabs slabs(arena, {1, 0, 0, 0, 0});
  MessageRef message = slabs.acquire(10);
  char* data = message.data();
  message.set_size(10);
  CHECK_FALSE(__asan_address_is_poisoned(data + 9));
  CHECK(__asan_address_is_poisoned(data + 16));
  message.set_size(20);
  CHECK_FALSE(__asan_address_is_poisoned(data + 19));
  message.reset();
  CHECK(__asan_address_is_poisoned(data));
}
#endif

TEST_CASE("slab text: pieces are joined, moved and given back; too long is refused, never cut") {
  TestArena arena;
  TextSlabs slabs("texts", arena, {1, 1, 0, 0, 0, 0, 1});
  const std::string_view pieces[] = {"alice", "\0", "example.com"};
  auto first = slabs.store(pieces);
  REQUIRE(first);
  CHECK(first->view() == "aliceexample.com");
  SlabText moved = std::move(*first);
  CHECK(moved.view() == "aliceexample.com");
  CHECK(slabs.stats(0).in_use == 1);
  CHECK(slabs.store(std::string(2049, 'x')).error() == Error::TooLong);
  auto second = slabs.store("small");
  REQUIRE(second);
  CHECK(slabs.stats(1).in_use == 1);
  auto third = slabs.store(std::string(2048, 'y'));
  REQUIRE(third);
  CHECK(slabs.stats(0).refusals == 0);  // a larger class helped out
  CHECK(slabs.store("none left").error() == Error::PoolExhausted);
  CHECK(slabs.stats(0).refusals == 1);
  moved.reset();
  CHECK(slabs.stats(0).in_use == 0);
  CHECK(slabs.store("room again").has_value());
  CHECK(slabs.store("")->empty());
}

TEST_CASE("slab text: a slab that was taken without an owner is given back by hand") {
  TestArena arena;
  TextSlabs slabs("texts", arena, {0, 0, 1, 0, 0, 0, 0});
  const std::string_view text = "sip:alice@192.0.2.7";
  const auto slab = slabs.take(std::span(&text, 1));
  REQUIRE(slab);
  CHECK(std::string_view(slab->data, slab->size) == text);
  CHECK(slabs.take(std::span(&text, 1)).error() == Error::PoolExhausted);
  slabs.give_back(*slab);
  CHECK(slabs.stats(2).in_use == 0);
  CHECK(slabs.take(std::span(&text, 1)));
  slabs.give_back(TextSlab());  // of an empty text
  CHECK(slabs.stats(2).in_use == 1);
}
