// The wall clock steps; everything that counts time does not.
#include <doctest/doctest.h>

#include "network.h"

using namespace tipring;
using namespace tipring::sim;

namespace {

constexpr Millis kDay{86'400'000};

struct Pair : Network {
  explicit Pair(uint64_t seed)
      : Network(seed),
        alice(add_phone("alice", "10.0.0.2")),
        bob(add_phone("bob", "10.0.0.3", sip::Transport::Tcp)) {
    register_all(600);
  }
  port::SimClock& clock() { return exchange.host.clock(); }
  Phone& alice;
  Phone& bob;
};

void fail_power(Network& network, Millis dark) {
  network.referee.forget();
  network.exchange.cut_power(port::SimCrashKeeps::Nothing);
  network.world.run_for(dark);
  REQUIRE(network.exchange.start().empty());
}

}  // namespace

TEST_CASE("clock: a step makes nonces stale once, and costs no call and no registration" *
          doctest::description("RFC 7616 3.3; R1.1, R1.2; DESIGN: Storage and time")) {
  for (const Millis step : {kDay, -kDay, Millis(3'600'000), Millis(-1'000)}) {
    CAPTURE(step.count());
    Pair network(71);
    network.one_call(network.alice, network.bob);
    // With the nonce in hand, nothing is asked.
    CHECK(network.one_call(network.alice, network.bob).attempts == 0);
    network.clock().set_wall(network.clock().wall() + step);
    const Call& after = network.one_call(network.alice, network.bob);
    CHECK(after.outcome == 200);
    CHECK(after.attempts <= 1);
    CHECK(network.one_call(network.alice, network.bob).attempts == 0);
    for (Phone& phone : network.phones) phone.send_register(600);
    REQUIRE(network.settle());
    network.check_bindings();
    network.check_calls();
    network.check_empty();
  }
}

TEST_CASE("clock: bindings end by the monotonic clock, whatever the wall clock says" *
          doctest::description("R1.4; RFC 3261 10.3")) {
  for (const Millis step : {kDay, -kDay}) {
    CAPTURE(step.count());
    Pair network(72);
    network.clock().set_wall(network.clock().wall() + step);
    network.world.run_for(Millis(550'000));
    CHECK(network.one_call(network.alice, network.bob).outcome == 200);
    network.check_bindings();
    network.world.run_for(Millis(100'000));
    CHECK(network.exchange.server().store().binding_count() == 0);
    CHECK(network.one_call(network.alice, network.bob).outcome == 404);
    network.check_calls();
    network.check_empty();
  }
}

TEST_CASE("clock: a board that does not know the time at start keeps its bindings" *
          doctest::description("R9.3; DESIGN: Storage and time")) {
  Pair network(73);
  network.world.run_for(Millis(20'000));
  network.exchange.host.clock().set_wall(Millis(5'000));  // 1970
  fail_power(network, Millis(10'000));
  network.check_bindings();
  CHECK(network.one_call(network.alice, network.bob).outcome == 200);
  network.world.run_for(Millis(700'000));
  CHECK(network.exchange.server().store().binding_count() == 0);
  // And learns it later.
  network.clock().set_wall(Millis(1'800'000'000'000));
  network.register_all(600);
  CHECK(network.one_call(network.alice, network.bob).outcome == 200);
  network.check_calls();
  network.check_empty();
}

TEST_CASE("clock: a board that was off for a day has no binding left" *
          doctest::description("R1.4, R9.3")) {
  Pair network(74);
  network.world.run_for(Millis(20'000));
  fail_power(network, kDay);
  CHECK(network.exchange.server().store().binding_count() == 0);
  network.register_all(600);
  network.check_bindings();
  network.check_empty();
}
