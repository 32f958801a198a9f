#include "auth/nonce.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "../core/test_arena.h"

using namespace tipring;
using namespace tipring::auth;

namespace {

constexpr HashKey kKey{1, 2};
constexpr Millis kNow{1'800'000'000'000};
constexpr Millis kLifetime{300'000};

const port::IpAddress kPhone = *port::parse_ip("192.0.2.7");

std::string make(NonceTable& table, Millis wall = kNow) {
  char out[NonceTable::kNonceSize];
  return std::string(table.write(kPhone, wall, out));
}

}  // namespace

TEST_CASE("nonce: ours is valid for its lifetime, then stale" *
          doctest::description("RFC 7616 3.3; R11.3")) {
  TestArena arena;
  NonceTable table(arena, kKey, 1, 64);
  const std::string nonce = make(table);
  CHECK(table.judge(nonce, kPhone, kNow, kLifetime) == NonceVerdict::Valid);
  CHECK(table.judge(nonce, kPhone, kNow + kLifetime, kLifetime) == NonceVerdict::Valid);
  CHECK(table.judge(nonce, kPhone, kNow + kLifetime + Millis(1), kLifetime) == NonceVerdict::Stale);
  CHECK(table.judge(nonce, kPhone, kNow - Millis(1), kLifetime) ==
        NonceVerdict::Stale);  // the clock stepped back
}

TEST_CASE("nonce: every change of a character is a forgery" *
          doctest::description("RFC 7616 5.4")) {
  TestArena arena;
  NonceTable table(arena, kKey, 1, 64);
  const std::string nonce = make(table);
  for (size_t i = 0; i < nonce.size(); ++i) {
    std::string changed = nonce;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    CHECK(table.judge(changed, kPhone, kNow, kLifetime) == NonceVerdict::Forged);
  }
  CHECK(table.judge(std::string(NonceTable::kNonceSize, '"'), kPhone, kNow, kLifetime) ==
        NonceVerdict::Forged);
  CHECK(table.judge("", kPhone, kNow, kLifetime) == NonceVerdict::Forged);
  CHECK(table.judge(nonce + "0", kPhone, kNow, kLifetime) == NonceVerdict::Forged);
  NonceTable other(arena, HashKey{1, 3}, 1, 64);
  CHECK(other.judge(nonce, kPhone, kNow, kLifetime) == NonceVerdict::Forged);
  NonceTable shared(arena, kKey, 2, 64);
  CHECK(shared.judge(nonce, kPhone, kNow, kLifetime) ==
        NonceVerdict::Valid);  // a second server with the same key
}

TEST_CASE("nonce: it is good for the source that it was given to" * doctest::description("C6")) {
  TestArena arena;
  NonceTable table(arena, kKey, 1, 64);
  char out[NonceTable::kNonceSize];
  const auto given = [&](const char* to, const char* from) {
    const std::string nonce(table.write(*port::parse_ip(to), kNow, out));
    return table.judge(nonce, *port::parse_ip(from), kNow, kLifetime) == NonceVerdict::Valid;
  };
  CHECK(given("192.0.2.7", "192.0.2.7"));
  CHECK(given("192.0.2.7", "::ffff:192.0.2.7"));
  CHECK_FALSE(given("192.0.2.7", "192.0.2.8"));
  CHECK(given("2001:db8:1:2::7", "2001:db8:1:2:ffff::9"));
  CHECK_FALSE(given("2001:db8:1:2::7", "2001:db8:1:3::7"));
}

TEST_CASE("nonce: no two are the same") {
  TestArena arena;
  NonceTable table(arena, kKey, 1, 64);
  std::set<std::string> all;
  for (int i = 0; i < 1000; ++i) all.insert(make(table));
  CHECK(all.size() == 1000);
}

TEST_CASE("nonce count: once each, in any order within the window" *
          doctest::description("RFC 7616 3.4; C23")) {
  TestArena arena;
  NonceTable table(arena, kKey, 1, 64);
  const std::string nonce = make(table);
  CHECK(table.use(nonce, 1) == NonceVerdict::Valid);
  CHECK(table.use(nonce, 1) == NonceVerdict::Stale);
  CHECK(table.use(nonce, 5) == NonceVerdict::Valid);
  CHECK(table.use(nonce, 3) == NonceVerdict::Valid);
  CHECK(table.use(nonce, 3) == NonceVerdict::Stale);
  CHECK(table.use(nonce, 100) == NonceVerdict::Valid);
  CHECK(table.use(nonce, 37) == NonceVerdict::Valid);  // 63 behind
  CHECK(table.use(nonce, 36) == NonceVerdict::Stale);  // 64 behind
  CHECK(table.use(nonce, UINT32_MAX) == NonceVerdict::Valid);
  CHECK(table.use(nonce, 100) == NonceVerdict::Stale);
}

TEST_CASE("nonce count: without a count a nonce works once") {
  TestArena arena;
  NonceTable table(arena, kKey, 1, 64);
  const std::string nonce = make(table);
  CHECK(table.use(nonce, 0) == NonceVerdict::Valid);
  CHECK(table.use(nonce, 0) == NonceVerdict::Stale);
}

TEST_CASE("nonce count: one that was driven out of the table is stale, never fresh again" *
          doctest::description("C23")) {
  TestArena arena;
  NonceTable table(arena, kKey, 1, NonceTable::kWays);  // a single set
  std::vector<std::string> nonces;
  for (int i = 0; i < 6; ++i) nonces.push_back(make(table, kNow + Millis(i)));
  for (const std::string& nonce : nonces) CHECK(table.use(nonce, 1) == NonceVerdict::Valid);
  CHECK(table.use(nonces[0], 1) == NonceVerdict::Stale);
  CHECK(table.use(nonces[0], 2) == NonceVerdict::Stale);
  CHECK(table.use(nonces[5], 2) == NonceVerdict::Valid);
}

TEST_CASE("nonce count: more of one millisecond than a set holds are each good once" *
          doctest::description("RFC 7616 3.3; C23")) {
  TestArena arena;
  NonceTable table(arena, kKey, 1, NonceTable::kWays);  // a single set
  std::vector<std::string> nonces;
  for (int i = 0; i < 100; ++i) nonces.push_back(make(table));
  for (const std::string& nonce : nonces) CHECK(table.use(nonce, 1) == NonceVerdict::Valid);
  for (const std::string& nonce : nonces) CHECK(table.use(nonce, 1) == NonceVerdict::Stale);
}

TEST_CASE("nonce: the plan's bytes are what the arena gives") {
  TestArena arena;
  MemoryPlan plan;
  NonceTable::plan(plan, 1000);
  const NonceTable table(arena, kKey, 1, 1000);
  CHECK(plan.arena_bytes() == arena.get().used());
}
