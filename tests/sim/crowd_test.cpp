// Many phones that register, leave, call, answer, refuse and give up at random, over a network that
// loses, repeats and reorders.
#include "crowd.h"

#include <doctest/doctest.h>

using namespace tipring;
using namespace tipring::sim;

namespace {

constexpr size_t kEach = 10'000 / kShare;  // with every seed

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
