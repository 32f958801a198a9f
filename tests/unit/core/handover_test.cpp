#include "core/handover.h"

#include <doctest/doctest.h>

#include <thread>

using namespace tipring;

namespace {

struct Counted {
  Counted(int its_value, int& its_count) : value(its_value), count(its_count) { ++count; }
  ~Counted() { --count; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

  int value;
  int& count;
};

}  // namespace

TEST_CASE("handover: the newest is taken once, the others are destroyed") {
  int alive = 0;
  {
    Handover<Counted> handover;
    CHECK(handover.take() == nullptr);
    handover.give(std::make_unique<Counted>(1, alive));
    handover.give(std::make_unique<Counted>(2, alive));
    CHECK(alive == 1);
    const auto taken = handover.take();
    REQUIRE(taken != nullptr);
    CHECK(taken->value == 2);
    CHECK(handover.take() == nullptr);
    handover.give(std::make_unique<Counted>(3, alive));
    CHECK(alive == 2);
  }
  CHECK(alive == 0);
}

TEST_CASE("handover: between threads each is whole, newer than the one before, and none is lost") {
  constexpr int kLast = 20000;
  Handover<int> handover;
  std::thread giver([&] {
    for (int i = 1; i <= kLast; ++i) handover.give(std::make_unique<int>(i));
  });
  int seen = 0;
  bool in_order = true;
  while (seen < kLast) {
    const auto taken = handover.take();
    if (taken == nullptr) {
      std::this_thread::yield();
      continue;
    }
    in_order = in_order && *taken > seen;
    seen = *taken;
  }
  giver.join();
  CHECK(in_order);
}
