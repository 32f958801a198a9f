#include "core/recent_hashes.h"

#include <doctest/doctest.h>

using namespace tipring;

TEST_CASE("recent hashes: what was noted is known, and nothing else") {
  RecentHashes<64> seen;
  CHECK_FALSE(seen.any());
  CHECK_FALSE(seen.knows(0));
  seen.note(7);
  seen.note(7 + 64);
  CHECK(seen.any());
  CHECK(seen.knows(7));
  CHECK(seen.knows(7 + 64));
  CHECK_FALSE(seen.knows(7 + 128));
  CHECK_FALSE(seen.knows(8));
}

TEST_CASE("recent hashes: the oldest of a row gives way") {
  RecentHashes<64> seen;
  for (uint64_t i = 1; i <= 9; ++i) seen.note(i * 64 + 3);
  CHECK_FALSE(seen.knows(64 + 3));
  for (uint64_t i = 2; i <= 9; ++i) CHECK(seen.knows(i * 64 + 3));
}

TEST_CASE("recent hashes: a repeated one takes one place") {
  RecentHashes<64> seen;
  seen.note(64);
  for (int i = 0; i < 20; ++i) seen.note(128);
  CHECK(seen.knows(64));
}

TEST_CASE("recent hashes: a row is as long as its owner wants") {
  RecentHashes<1, 3> seen;
  for (uint64_t i = 1; i <= 4; ++i) seen.note(i);
  CHECK_FALSE(seen.knows(1));
  for (uint64_t i = 2; i <= 4; ++i) CHECK(seen.knows(i));
}
