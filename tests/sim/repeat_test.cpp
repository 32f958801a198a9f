// The same seed gives the same run: what makes every other finding here worth anything.
#include <doctest/doctest.h>

#include "crowd.h"

using namespace tipring;
using namespace tipring::sim;

namespace {

struct Trace {
  uint64_t fingerprint = 0;  // of every byte on the wire, with its instant and addresses
  uint64_t messages = 0;
  bool operator==(const Trace&) const = default;
};

// A crowd, a power cut in the middle of it, and the crowd again.
Trace run(uint64_t seed) {
  Network network(seed, crowd_config());
  CrowdOptions options;
  options.phones = 12;
  Crowd crowd(network, options);
  crowd.run(200, 200);
  for (int i = 0; i < 20; ++i) crowd.register_one();
  network.world.run_for(Millis(5));
  network.referee.forget();
  network.exchange.cut_power(port::SimCrashKeeps::Any);
  network.world.run_for(Millis(500));
  REQUIRE(network.exchange.start().empty());
  crowd.run(400, 400);
  network.check_findings();
  return {network.referee.fingerprint(), network.referee.messages()};
}

}  // namespace

TEST_CASE("repeat: a seed run twice sends the same packets at the same instants" *
          doctest::description("DESIGN: The world is a port")) {
  for (const uint64_t seed : seeds({51, 52})) {
    const Trace first = run(seed);
    CHECK_MESSAGE(first == run(seed), replay(seed));
    CHECK(first.messages > 5000);
    CHECK(first.fingerprint != run(seed + 1).fingerprint);
  }
}
