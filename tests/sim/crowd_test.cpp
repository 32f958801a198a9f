// Many phones that register, leave, call, answer, refuse and give up at random, over a network that
// loses, repeats and reorders.
#include "crowd.h"

#include <doctest/doctest.h>

using namespace tipring;
using namespace tipring::sim;

namespace {

constexpr size_t kEach = 10'000;  // with every seed

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
