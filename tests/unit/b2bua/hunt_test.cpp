#include "server/b2bua/hunt.h"

#include <doctest/doctest.h>

#include <bit>
#include <random>
#include <vector>

using namespace tipring;
using namespace tipring::b2bua;

namespace {

enum class Together : uint8_t { Yes, No };

Millis s(int64_t seconds) { return Millis(seconds * 1000); }

// Of members with these delays, all of one step or each of its own.
RingPlan plan_of(Together together, const std::vector<int>& delays_s, int ring_s) {
  RingPlan plan;
  for (const int delay : delays_s) {
    PlannedMember member;
    member.step = together == Together::Yes ? uint8_t{0} : plan.count;
    member.delay_s = static_cast<uint16_t>(delay);
    member.ring_s = static_cast<uint16_t>(ring_s);
    plan.add(member);
  }
  return plan;
}

// A hunt that begins at 100 s. `first` is what its beginning orders.
struct Running {
  RingPlan plan;
  Hunt hunt;
  HuntOrders first;

  Running(Together together, const std::vector<int>& delays_s, int limit_s = 20, int ring_s = 0)
      : plan(plan_of(together, delays_s, ring_s)) {
    first = hunt.begin(plan, s(limit_s), s(100));
  }
};

}  // namespace

TEST_CASE("hunt: all at once rings everybody, and the first answer stops the others" *
          doctest::description("R15.3, R15.4")) {
  Running at(Together::Yes, {0, 0, 0});
  CHECK(at.first.ring == 0b111);
  HuntOrders orders;
  REQUIRE(at.hunt.on_answered(1, orders));
  CHECK(orders.stop == 0b101);
  CHECK(orders.ring == 0);
  CHECK(at.hunt.winner() == 1);
  CHECK(at.hunt.state() == Hunt::State::Answered);
  CHECK_FALSE(at.hunt.deadline());
}

TEST_CASE("hunt: of two answers the second one loses" * doctest::description("R15.3")) {
  Running at(Together::Yes, {0, 0});
  HuntOrders orders;
  REQUIRE(at.hunt.on_answered(0, orders));
  HuntOrders none;
  CHECK_FALSE(at.hunt.on_answered(1, none));
  CHECK(none.stop == 0);
  CHECK(at.hunt.winner() == 0);
}

TEST_CASE("hunt: a delayed member rings when its delay is over") {
  Running at(Together::Yes, {0, 5});
  CHECK(at.first.ring == 0b01);
  CHECK(at.hunt.waiting_now() == 1);
  REQUIRE(at.hunt.deadline());
  CHECK(*at.hunt.deadline() == s(105));
  CHECK(at.hunt.on_time(s(104)).ring == 0);
  CHECK(at.hunt.on_time(s(105)).ring == 0b10);
  CHECK(*at.hunt.deadline() == s(120));
}

TEST_CASE("hunt: nobody waits for a delay while nobody rings") {
  Running at(Together::Yes, {0, 5, 7});
  CHECK(at.hunt.on_failed(0, s(101)).ring == 0b010);
  CHECK(*at.hunt.deadline() == s(103));  // two seconds behind the one before, as it was
  CHECK(at.hunt.on_time(s(103)).ring == 0b100);
  CHECK(*at.hunt.deadline() == s(120));
  Running all_late(Together::Yes, {9, 4});
  CHECK(all_late.first.ring == 0b10);
}

TEST_CASE("hunt: one after the other, each for the time it rings") {
  Running at(Together::No, {0, 0, 0}, 60, 10);
  CHECK(at.first.ring == 0b001);
  CHECK(*at.hunt.deadline() == s(110));
  HuntOrders orders = at.hunt.on_time(s(110));
  CHECK(orders.stop == 0b001);
  CHECK(orders.ring == 0b010);
  orders = at.hunt.on_failed(1, s(112));  // busy: the next at once
  CHECK(orders.ring == 0b100);
  CHECK(*at.hunt.deadline() == s(122));
  orders = at.hunt.on_time(s(122));
  CHECK(orders.stop == 0b100);
  CHECK(at.hunt.state() == Hunt::State::Failed);
  CHECK(at.hunt.has_timed_out());
}

TEST_CASE("hunt: the group's time ends it in the middle of somebody's" *
          doctest::description("R16.5")) {
  Running at(Together::No, {0, 0, 0}, 15, 10);
  at.hunt.on_time(s(110));
  CHECK(*at.hunt.deadline() == s(115));
  const HuntOrders orders = at.hunt.on_time(s(115));
  CHECK(orders.stop == 0b010);
  CHECK(orders.ring == 0);
  CHECK(at.hunt.state() == Hunt::State::Failed);
}

TEST_CASE("hunt: in one step each stops after its own time, and the others ring on") {
  Running at(Together::Yes, {0, 5}, 60, 8);
  at.hunt.on_time(s(105));
  CHECK(*at.hunt.deadline() == s(108));
  CHECK(at.hunt.on_time(s(108)).stop == 0b01);
  CHECK(at.hunt.state() == Hunt::State::Hunting);
  CHECK(at.hunt.on_time(s(113)).stop == 0b10);
  CHECK(at.hunt.state() == Hunt::State::Failed);
}

TEST_CASE("hunt: it has failed when the last one has, without a timeout" *
          doctest::description("R15.5")) {
  Running at(Together::Yes, {0, 0});
  at.hunt.on_failed(0, s(101));
  CHECK(at.hunt.state() == Hunt::State::Hunting);
  at.hunt.on_failed(1, s(102));
  CHECK(at.hunt.state() == Hunt::State::Failed);
  CHECK_FALSE(at.hunt.has_timed_out());
}

TEST_CASE("hunt: the ring timeout stops everybody" * doctest::description("R16.5")) {
  Running at(Together::Yes, {0, 0, 30});
  const HuntOrders orders = at.hunt.on_time(s(120));
  CHECK(orders.stop == 0b011);
  CHECK(orders.ring == 0);
  CHECK(at.hunt.state() == Hunt::State::Failed);
  CHECK(at.hunt.has_timed_out());
}

TEST_CASE("hunt: a group of nobody has failed at once") {
  Running at(Together::Yes, {});
  CHECK(at.hunt.state() == Hunt::State::Failed);
  CHECK_FALSE(at.hunt.has_timed_out());
  CHECK_FALSE(at.hunt.deadline());
}

TEST_CASE("hunt: who had to stop cannot win any more" * doctest::description("R15.3")) {
  Running at(Together::No, {0, 0}, 60, 10);
  at.hunt.on_time(s(110));
  HuntOrders orders;
  CHECK_FALSE(at.hunt.on_answered(0, orders));
  CHECK(at.hunt.state() == Hunt::State::Hunting);
  CHECK(at.hunt.on_answered(1, orders));
}

TEST_CASE("hunt: the caller's end stops who rings, and nothing begins afterwards") {
  Running at(Together::Yes, {0, 0, 5});
  CHECK(at.hunt.end().stop == 0b011);
  CHECK(at.hunt.on_time(s(105)).ring == 0);
  CHECK(at.hunt.on_failed(0, s(105)).ring == 0);
  HuntOrders orders;
  CHECK_FALSE(at.hunt.on_answered(1, orders));
  CHECK(at.hunt.end().stop == 0);
}

TEST_CASE("hunt: without a ring timeout it goes on until the last one fails") {
  Running at(Together::No, {0, 0}, 0);
  CHECK_FALSE(at.hunt.deadline());
  CHECK(at.hunt.on_failed(0, s(5000)).ring == 0b10);
}

TEST_CASE("hunt: whatever happens, everybody rings once at most and is stopped or ends by itself") {
  for (uint32_t seed = 1; seed <= 500; ++seed) {
    CAPTURE(seed);
    std::mt19937 chance(seed);
    const auto any = [&](uint32_t below) { return chance() % below; };
    std::vector<int> delays(1 + any(32));
    for (int& delay : delays) delay = static_cast<int>(any(4));
    Running at(any(2) == 0 ? Together::Yes : Together::No, delays, 1 + static_cast<int>(any(60)),
               static_cast<int>(any(5)));
    MemberSet rung = at.first.ring;
    MemberSet open = at.first.ring;
    Millis now = s(100);
    for (int i = 0; i < 1000 && at.hunt.state() == Hunt::State::Hunting; ++i) {
      HuntOrders orders;
      const auto member = any(static_cast<uint32_t>(delays.size()));
      if (any(3) == 0 && (open & set_of(member)) != 0) {
        open &= ~set_of(member);
        orders = at.hunt.on_failed(member, now);
      } else if (any(100) == 0) {
        if (at.hunt.on_answered(member, orders)) open &= ~set_of(member);
      } else if (at.hunt.deadline()) {
        now = std::max(now, *at.hunt.deadline());
        orders = at.hunt.on_time(now);
      }
      REQUIRE((orders.stop & ~open) == 0);
      open &= ~orders.stop;
      REQUIRE((orders.ring & rung) == 0);
      rung |= orders.ring;
      open |= orders.ring;
      REQUIRE((at.hunt.state() != Hunt::State::Hunting || open != 0));
    }
    REQUIRE(at.hunt.state() != Hunt::State::Hunting);
    REQUIRE(open == 0);
  }
}
