#include "auth/blocks.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "../core/test_arena.h"

using namespace tipring;
using namespace tipring::auth;

namespace {

constexpr uint32_t kFailures = 5;

struct Told final : BlockObserver {
  void on_block_begun(const BlockInfo& block) override {
    begun.push_back(std::string(block.user));
    last = block.until - block.since;
  }
  void on_block_lifted(const BlockInfo& block) override { lifted.emplace_back(block.user); }
  std::vector<std::string> begun;
  std::vector<std::string> lifted;
  Millis last{0};
};

port::IpAddress ip(const std::string& text) { return *port::parse_ip(text); }

struct Bench {
  explicit Bench(uint32_t users = 256) : blocks(arena, HashKey{1, 2}, users) {
    set_options({});
    blocks.set_observer(&told);
  }
  void set_options(const SourceRanges& safe, uint32_t failures = kFailures) {
    blocks.set_options({failures, Millis(60'000), Millis(600'000), safe});
  }
  // Wrong passwords, each another one.
  void fail(const std::string& from, const std::string& user, uint32_t times = 1,
            const std::string& domain = "") {
    for (uint32_t i = 0; i < times; ++i)
      blocks.on_failure(ip(from), {user, domain}, ++attempt, now);
  }
  bool blocked(const std::string& from, const std::string& user, const std::string& domain = "") {
    return blocks.left_for(ip(from), {user, domain}, now) > Millis(0);
  }
  bool shut_out(const std::string& from) {
    return blocks.left_for_source(ip(from), now) > Millis(0);
  }
  std::vector<BlockInfo> all() {
    std::vector<BlockInfo> found;
    size_t cursor = 0;
    do {
      cursor = blocks.walk(cursor, 7, now, [&](const BlockInfo& block) { found.push_back(block); });
    } while (cursor != 0);
    return found;
  }

  TestArena arena;
  Blocks blocks;
  Told told;
  Millis now{1'000'000};
  uint64_t attempt = 0;
};

const std::string kHere = "192.0.2.7";
const std::string kThere = "192.0.2.8";

}  // namespace

TEST_CASE("block: the failures of one user from one source, and of nobody else" *
          doctest::description("C6")) {
  Bench bench;
  bench.fail(kHere, "alice", kFailures - 1);
  CHECK_FALSE(bench.blocked(kHere, "alice"));
  bench.fail(kHere, "alice");
  CHECK(bench.blocked(kHere, "alice"));
  CHECK_FALSE(bench.blocked(kHere, "bob"));
  CHECK_FALSE(bench.blocked(kHere, "Alice"));
  CHECK_FALSE(bench.blocked(kHere, "alice", "branch.example"));
  CHECK_FALSE(bench.blocked(kThere, "alice"));
  CHECK_FALSE(bench.shut_out(kHere));
  CHECK(bench.told.begun == std::vector<std::string>{"alice"});
  CHECK(bench.told.last == Millis(60'000));
}

TEST_CASE("block: it ends, and the next one is twice as long, up to the longest" *
          doctest::description("C6")) {
  Bench bench;
  for (const int seconds : {60, 120, 240, 480, 600, 600}) {
    bench.fail(kHere, "alice", kFailures - 1);
    CHECK_FALSE(bench.blocked(kHere, "alice"));
    bench.fail(kHere, "alice");
    CHECK(bench.told.last == Millis(seconds * 1000));
    CHECK(bench.blocks.left_for(ip(kHere), {"alice", ""}, bench.now) == bench.told.last);
    bench.now += bench.told.last - Millis(1);
    CHECK(bench.blocked(kHere, "alice"));
    bench.now += Millis(1);
    CHECK_FALSE(bench.blocked(kHere, "alice"));
  }
  // After long enough without a failure it is as if nothing had been.
  bench.now += Millis(600'000);
  bench.fail(kHere, "alice", kFailures);
  CHECK(bench.told.last == Millis(60'000));
}

TEST_CASE("block: failures long ago count no more, and a success forgives them" *
          doctest::description("C6")) {
  Bench bench;
  bench.fail(kHere, "alice", kFailures - 1);
  bench.now += Millis(600'000);
  bench.fail(kHere, "alice", kFailures - 1);
  CHECK_FALSE(bench.blocked(kHere, "alice"));
  bench.blocks.on_success(ip(kHere), {"alice", ""}, bench.now);
  bench.fail(kHere, "alice", kFailures - 1);
  CHECK_FALSE(bench.blocked(kHere, "alice"));
  bench.fail(kHere, "alice");
  CHECK(bench.blocked(kHere, "alice"));
}

TEST_CASE("block: the same attempt again is a lost answer, not a second guess" *
          doctest::description("C6, R7.2")) {
  Bench bench;
  for (int i = 0; i < 20; ++i) bench.blocks.on_failure(ip(kHere), {"alice", ""}, 99, bench.now);
  CHECK_FALSE(bench.blocked(kHere, "alice"));
  CHECK(bench.blocks.counters().failures == 1);
}

TEST_CASE("block: a source above twenty failing users, as a whole" * doctest::description("C6")) {
  Bench bench;
  for (int user = 0; user < 20; ++user) bench.fail(kHere, "user-" + std::to_string(user), 2);
  CHECK_FALSE(bench.shut_out(kHere));
  bench.fail(kHere, "one more");
  CHECK(bench.shut_out(kHere));
  CHECK_FALSE(bench.shut_out(kThere));
  CHECK(bench.told.begun == std::vector<std::string>{""});
  bench.now += Millis(60'000);
  CHECK_FALSE(bench.shut_out(kHere));
  for (int user = 0; user < 21; ++user) bench.fail(kHere, "user-" + std::to_string(user));
  CHECK(bench.told.last == Millis(120'000));
}

TEST_CASE("block: users who get it right in the end do not count against their house" *
          doctest::description("C6")) {
  Bench bench;
  for (int user = 0; user < 500; ++user) {
    const std::string name = "user-" + std::to_string(user);
    bench.fail(kHere, name, 2);
    bench.blocks.on_success(ip(kHere), {name, ""}, bench.now);
  }
  CHECK_FALSE(bench.shut_out(kHere));
}

TEST_CASE("block: an IPv6 host is its network of 64 bits, a mapped IPv4 address is IPv4" *
          doctest::description("C6")) {
  Bench bench;
  for (uint32_t i = 0; i < kFailures; ++i)
    bench.fail("2001:db8:1:2::" + std::to_string(i + 1), "alice");
  CHECK(bench.blocked("2001:db8:1:2:ffff::1", "alice"));
  CHECK_FALSE(bench.blocked("2001:db8:1:3::1", "alice"));
  bench.fail(kHere, "bob", kFailures);
  CHECK(bench.blocked("::ffff:" + kHere, "bob"));
}

TEST_CASE("block: safe sources never, from the moment that they are safe" *
          doctest::description("C6")) {
  Bench bench;
  bench.fail(kHere, "alice", kFailures);
  SourceRanges safe;
  for (const char* network : {"192.0.2.0/24", "::1/128"}) safe.add(*parse_range(network));
  bench.set_options(safe);
  CHECK_FALSE(bench.blocked(kHere, "alice"));
  bench.fail(kThere, "alice", 100);
  CHECK_FALSE(bench.blocked(kThere, "alice"));
  bench.fail("::1", "alice", 100);
  CHECK_FALSE(bench.blocked("::1", "alice"));
  for (int user = 0; user < 100; ++user) bench.fail(kThere, std::to_string(user));
  CHECK_FALSE(bench.shut_out(kThere));
  bench.set_options({});
  CHECK(bench.blocked(kHere, "alice"));
  CHECK_FALSE(bench.blocked(kThere, "alice"));
}

TEST_CASE("block: switched off with zero failures") {
  Bench bench;
  bench.set_options({}, 0);
  for (int user = 0; user < 100; ++user) bench.fail(kHere, std::to_string(user), 100);
  CHECK(bench.told.begun.empty());
}

TEST_CASE("block: a full table lifts no block, and lets nobody guess for ever" *
          doctest::description("C6, R5.5")) {
  Bench bench;
  const auto name = [](int user) { return "user-" + std::to_string(user); };
  bench.fail(kHere, "alice", kFailures);
  // Sources enough to fill the table with blocks; each stays below the mark.
  std::string source;
  for (int i = 0; i < 60; ++i) {
    source = "198.51.100." + std::to_string(i);
    for (int user = 0; user < 20; ++user) bench.fail(source, name(user), kFailures);
  }
  CHECK(bench.blocked(kHere, "alice"));
  CHECK(bench.blocks.counters().uncounted > 0);
  CHECK(bench.all().size() >= 256);
  // Who has done nothing is not blocked.
  CHECK_FALSE(bench.blocked(kThere, "alice"));
  CHECK_FALSE(bench.shut_out(kThere));
  // Who finds no place in the table is counted all the same, by his source.
  bench.fail("203.0.113.1", "bob", 100);
  CHECK((bench.blocked("203.0.113.1", "bob") || bench.shut_out("203.0.113.1")));
}

TEST_CASE("block: counts give way to newer ones, the fewest failures first" *
          doctest::description("C6")) {
  Bench bench;
  bench.fail(kHere, "alice", kFailures - 1);
  for (int i = 0; i < 250; ++i) {
    for (int user = 0; user < 8; ++user)
      bench.fail("198.51.100." + std::to_string(i), "user-" + std::to_string(user));
  }
  bench.fail(kHere, "alice");
  CHECK(bench.blocked(kHere, "alice"));
}

TEST_CASE("block: an operator lifts one, or all of a source" * doctest::description("C6")) {
  Bench bench;
  bench.fail(kHere, "alice", kFailures);
  bench.fail(kHere, "bob", kFailures, "branch.example");
  bench.fail(kThere, "alice", kFailures);
  CHECK(bench.all().size() == 3);
  CHECK(bench.blocks.lift(ip(kHere), "carol", bench.now) == 0);
  CHECK(bench.blocks.lift(ip(kHere), "bob@branch.example", bench.now) == 1);
  CHECK_FALSE(bench.blocked(kHere, "bob", "branch.example"));
  CHECK(bench.blocked(kHere, "alice"));
  CHECK(bench.blocks.lift(ip(kHere), "", bench.now) == 1);
  CHECK_FALSE(bench.blocked(kHere, "alice"));
  CHECK(bench.blocked(kThere, "alice"));
  CHECK(bench.told.lifted == std::vector<std::string>{"bob@branch.example", "alice"});
  // Forgiven as well: the next block is a first one.
  bench.fail(kHere, "alice", kFailures);
  CHECK(bench.told.last == Millis(60'000));
}

TEST_CASE("block: what a listing tells of it") {
  Bench bench;
  const std::string longest(300, 'x');
  bench.fail("2001:db8::7", longest, kFailures);
  bench.now += Millis(10'000);
  const std::vector<BlockInfo> all = bench.all();
  REQUIRE(all.size() == 1);
  CHECK(all[0].user == longest.substr(0, Blocks::kUserTextMax));
  CHECK(all[0].source == ip("2001:db8::"));
  CHECK(all[0].failures == kFailures);
  CHECK(bench.now - all[0].since == Millis(10'000));
  CHECK(all[0].until - bench.now == Millis(50'000));
}

TEST_CASE("block: the plan's bytes are what the arena gives") {
  TestArena arena;
  MemoryPlan plan;
  Blocks::plan(plan, 1000);
  const Blocks blocks(arena, HashKey{1, 2}, 1000);
  CHECK(plan.arena_bytes() == arena.get().used());
}
