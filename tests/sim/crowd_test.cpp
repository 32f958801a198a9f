// Many phones that register, leave, call, answer, refuse and give up at random, over a network that
// loses, repeats and reorders.
#include "crowd.h"

#include <doctest/doctest.h>

using namespace tipring;
using namespace tipring::sim;

namespace {

constexpr size_t kEach = 10'000;    // with every seed
constexpr Millis kTimers{240'000};  // of transactions, and what follows a BYE that reached nobody

constexpr size_t kCallers = 8;
constexpr size_t kCallees = 4;

// Of the callees each has one phone more than the one before, and all do as chance wants.
void add_forking_phones(Network& network) {
  network.referee.allow_forks();
  for (size_t i = 0; i < kCallers; ++i) {
    const std::string number = std::to_string(i + 1);
    network.add_phone("caller" + number, "10.0.1." + number).habits.expects_forks = true;
  }
  for (size_t i = 0; i < kCallees; ++i) {
    const std::string user = "callee" + std::to_string(i);
    const std::string net = "10.0." + std::to_string(i + 2) + ".";
    network.add_phone(user, net + "1").habits.has_a_mind = true;
    for (size_t k = 0; k <= i; ++k) {
      network.add_other_phone(user, net + std::to_string(k + 2)).habits.has_a_mind = true;
    }
  }
  network.register_all(7200);
}

// Over bad lines, with phones that cannot be reached for half a second.
void call_at_random(Network& network) {
  port::SimRandom& random = network.world.random();
  port::SimLink& link = network.world.default_link();
  link.loss_per_mille = link.duplicate_per_mille = 150;
  link.delay_max = Millis(400);
  const auto some_time = [&](uint64_t below_ms) {
    return Millis(static_cast<int64_t>(random.below(below_ms)));
  };
  for (int i = 0; i < 1'000; ++i) {
    CallPlan plan;
    plan.talk_time = some_time(3'000);
    plan.callee_ends = random.chance(300);
    plan.both_end = random.chance(200);
    if (random.chance(200)) plan.cancel_after = some_time(4'000);
    const Phone& callee = network.phones[kCallers + random.below(network.phones.size() - kCallers)];
    network.phones[random.below(kCallers)].call(callee.user(), plan);
    network.world.partition(network.exchange.host, callee.host, random.chance(50));
    network.world.run_for(Millis(500));
    network.world.partition(network.exchange.host, callee.host, false);
  }
}

}  // namespace

TEST_CASE(
    "crowd: ten thousand registrations and ten thousand calls under loss leave nothing behind" *
    doctest::description("RFC 3261 10.3, 16, 17; R1.1-R1.3, R2.2-R2.5, R3.2-R3.4, R5.1, R5.2, "
                         "R7.2, R7.3, R13.1-R13.3")) {
  const std::vector<uint64_t> all = seeds({11, 12, 13});
  CrowdCounts sum;
  for (const uint64_t seed : all) {
    CAPTURE(seed);
    Network network(seed, crowd_config());
    Crowd crowd(network, {});
    crowd.run(kEach, kEach);
    sum += crowd.counts();
    network.check_calls();
    network.check_bindings();
    network.check_empty();
  }
  MESSAGE(sum.text());
  CHECK(sum.calls >= all.size() * kEach);
  CHECK(sum.registrations >= all.size() * kEach);
  CHECK(sum.removals * 10 > sum.registrations);
  // One in ten packets is lost; seven tries bring nearly every request through.
  CHECK(sum.as_wanted * 1000 >= sum.calls * 995);
}

// Callers who reach one phone of several, or more of them than they wanted.
TEST_CASE("crowd: calls that fork leave nothing behind, whoever answers, ends or is silent" *
          doctest::description("RFC 3261 13.2.2.4, 16.7, 12.3; R3.3, R5.5")) {
  uint64_t answered = 0;
  size_t unwanted = 0;
  for (const uint64_t seed : seeds({17, 18, 19})) {
    CAPTURE(seed);
    Network network(seed, crowd_config());
    add_forking_phones(network);
    call_at_random(network);
    REQUIRE(network.settle());
    answered += network.exchange.server().calls().counters().answered;
    for (const Phone& phone : network.phones) {
      for (const Call& call : phone.calls()) unwanted += call.abandoned ? 1 : 0;
    }
    network.check_findings();
    network.world.run_for(kTimers);
    for (const char* const pool : {"calls", "dialogs"})
      CHECK(network.exchange.pool(pool).in_use == 0);
    network.check_empty();
  }
  MESSAGE(answered, " dialogs, ", unwanted, " of them not wanted");
  CHECK(answered > 500);
  CHECK(unwanted > 50);
}

TEST_CASE("crowd: phones that vanish for a while leave nothing behind either" *
          doctest::description("RFC 3261 13.3.1.4, 16.7-16.9, 17; R3.3, R7.2, R13.5")) {
  CrowdCounts sum;
  for (const uint64_t seed : seeds({15, 16})) {
    CAPTURE(seed);
    Network network(seed, crowd_config());
    Crowd crowd(network, {});
    for (int i = 0; i < 60; ++i) {
      const Phone& gone = crowd.any_phone();
      network.world.partition(network.exchange.host, gone.host, true);
      for (int k = 0; k < 100; ++k) {
        crowd.act();
        network.world.run_for(Millis(40));
      }
      if (i % 10 != 9) continue;
      for (const Phone& phone : network.phones) {
        network.world.partition(network.exchange.host, phone.host, false);
      }
    }
    REQUIRE(network.settle());
    sum += crowd.counts();
    network.check_calls();
    network.check_bindings();
    network.check_empty();
  }
  MESSAGE(sum.text());
  CHECK(sum.as_wanted < sum.calls);
  CHECK(sum.as_wanted * 2 > sum.calls);
}
