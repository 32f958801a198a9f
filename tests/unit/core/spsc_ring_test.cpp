#include "core/spsc_ring.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <thread>

using namespace tipring;

TEST_CASE("ring: first in, first out, and full is told") {
  std::array<int, 4> slots;
  SpscRing<int> ring(slots);
  CHECK(ring.front() == nullptr);
  // Several times round, so that the indices pass the end of the slots.
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 4; ++i) REQUIRE(ring.push(round * 10 + i));
    CHECK_FALSE(ring.push(99));
    CHECK(ring.begin_push() == nullptr);
    CHECK(ring.size() == 4);
    CHECK(ring.free() == 0);
    for (int i = 0; i < 4; ++i) {
      REQUIRE(ring.front() != nullptr);
      CHECK(*ring.front() == round * 10 + i);
      ring.pop();
    }
    CHECK(ring.front() == nullptr);
    CHECK(ring.free() == 4);
  }
}

TEST_CASE("ring: a slot is seen when it is committed, and stays until it is popped") {
  std::array<int, 2> slots;
  SpscRing<int> ring(slots);
  int* const slot = ring.begin_push();
  REQUIRE(slot != nullptr);
  *slot = 7;
  CHECK(ring.front() == nullptr);
  ring.commit_push();
  REQUIRE(ring.front() == slot);
  CHECK(ring.push(8));
  CHECK_FALSE(ring.push(9));
  CHECK(*ring.front() == 7);
}

// What the thread sanitizer is for: the text in a slot is written by one thread and read by another.
TEST_CASE("ring: everything crosses between two threads, whole and in order") {
  constexpr int kCount = 20000;
  std::array<std::string, 8> slots;
  SpscRing<std::string> ring(slots);
  std::thread producer([&] {
    for (int i = 0; i < kCount;) {
      if (std::string* slot = ring.begin_push()) {
        *slot = std::to_string(i++);
        ring.commit_push();
      } else {
        std::this_thread::yield();
      }
    }
  });
  int wrong = 0;
  for (int i = 0; i < kCount;) {
    if (const std::string* slot = ring.front()) {
      if (*slot != std::to_string(i++)) ++wrong;
      ring.pop();
    } else {
      std::this_thread::yield();
    }
  }
  producer.join();
  CHECK(wrong == 0);
  CHECK(ring.front() == nullptr);
}
