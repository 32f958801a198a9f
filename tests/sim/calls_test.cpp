#include <doctest/doctest.h>

#include "network.h"

using namespace tipring;
using namespace tipring::sim;

namespace {

// An exchange and two phones that have registered.
struct Pair : Network {
  explicit Pair(uint64_t seed, sip::Transport alice_transport = sip::Transport::Udp,
                sip::Transport bob_transport = sip::Transport::Udp)
      : Network(seed),
        alice(add_phone("alice", "10.0.0.2", alice_transport)),
        bob(add_phone("bob", "10.0.0.3", bob_transport)) {
    register_all();
  }

  const Call& one_call(const CallPlan& plan = {}) { return Network::one_call(alice, bob, plan); }

  Phone& alice;
  Phone& bob;
};

}  // namespace

TEST_CASE("call: INVITE to BYE passes the exchange over UDP" *
          doctest::description("R1.1, R1.2, R2.2, R2.4, R2.5, R3.2, R4.2")) {
  Pair network(1);
  const Call& call = network.one_call();
  CHECK(call.outcome == 200);
  CHECK(call.ringing);
  CHECK(call.bye_status == 200);
  REQUIRE(network.bob.calls().size() == 1);
  // Both sides learned the way through the proxy.
  CHECK(call.routes.find("10.0.0.1:5060") != std::string::npos);
  CHECK(network.bob.calls()[0].routes == call.routes);
  CHECK(network.bob.calls()[0].acked);
  network.check_calls();
  network.check_empty();
}

TEST_CASE("call: the callee hangs up" * doctest::description("RFC 3261 12.2, 15; R3.2")) {
  Pair network(1);
  CallPlan plan;
  plan.callee_ends = true;
  network.one_call(plan);
  CHECK(network.bob.calls()[0].bye_status == 200);
  CHECK(network.alice.calls()[0].bye_received);
  network.check_calls();
  network.check_empty();
}

TEST_CASE("call: INVITE to BYE passes the exchange over TCP" *
          doctest::description("R7.3, R13.2")) {
  Pair network(2, sip::Transport::Tcp, sip::Transport::Tcp);
  CHECK(network.one_call().outcome == 200);
  network.check_calls();
  network.check_empty();
}

TEST_CASE("call: between TCP and UDP the proxy stands twice in the route" *
          doctest::description("RFC 5658; R7.3")) {
  Pair network(3, sip::Transport::Tcp, sip::Transport::Udp);
  const Call& call = network.one_call();
  CHECK(call.outcome == 200);
  CHECK(std::count(call.routes.begin(), call.routes.end(), '\n') == 2);
  CHECK(call.routes.find("transport=tcp") < call.routes.rfind("10.0.0.1:5060"));
  network.check_calls();
  network.check_empty();
}

TEST_CASE("call: an unknown user is 404, and nothing stays behind" * doctest::description("R2.3")) {
  Pair network(4);
  network.alice.call("nobody");
  REQUIRE(network.settle());
  CHECK(network.alice.calls()[0].outcome == 404);
  network.check_calls();
  network.check_empty();
}

TEST_CASE("call: the 404 to a request that comes twice is no challenge the second time" *
          doctest::description("RFC 3261 17.2.1; R2.3, R7.2")) {
  Pair network(4);
  network.world.default_link().duplicate_per_mille = 1000;
  network.world.default_link().delay_max = Millis(30);
  network.alice.call("nobody");
  REQUIRE(network.settle());
  CHECK(network.alice.calls()[0].outcome == 404);
  network.check_calls();
  network.check_empty();
}

TEST_CASE("call: a phone that has left is 404, until it is back" *
          doctest::description("R1.3, R2.3; C2")) {
  Pair network(4);
  network.bob.send_register(0);
  REQUIRE(network.settle());
  CHECK(network.one_call().outcome == 404);
  network.bob.send_register(600);
  REQUIRE(network.settle());
  CHECK(network.one_call().outcome == 200);
  network.check_calls();
  network.check_empty();
}

TEST_CASE("call: a busy phone is 486" * doctest::description("RFC 3261 16.7; R2.5")) {
  Pair network(4);
  CallPlan plan;
  plan.manner = Manner::Busy;
  CHECK(network.one_call(plan).outcome == 486);
  network.check_calls();
  network.check_empty();
}

TEST_CASE("call: a CANCEL while it rings ends both sides with 487" *
          doctest::description("RFC 3261 16.10; R3.4")) {
  Pair network(5);
  CallPlan plan;
  plan.manner = Manner::LetRing;
  plan.cancel_after = Millis(2000);
  CHECK(network.one_call(plan).outcome == 487);
  CHECK(network.alice.calls()[0].ended_at - network.alice.calls()[0].began_at < Millis(2100));
  CHECK(network.bob.calls()[0].outcome == 487);
  network.check_calls();
  network.check_empty();
}

TEST_CASE("call: one that rings forever is ended by the proxy's Timer C" *
          doctest::description("RFC 3261 16.8; R2.5")) {
  Pair network(5);
  CallPlan plan;
  plan.manner = Manner::LetRing;
  const Call& call = network.one_call(plan);
  CHECK(call.outcome == 487);
  CHECK(call.ended_at - call.began_at > Millis(180'000));
  CHECK(network.bob.calls()[0].outcome == 487);
  network.check_calls();
  network.check_empty();
}

TEST_CASE("call: a phone that is gone ends the call with 408" *
          doctest::description("RFC 3261 16.7; F3")) {
  Pair network(6);
  network.world.partition(network.exchange.host, network.bob.host, true);
  CHECK(network.one_call().outcome == 408);
  network.world.partition(network.exchange.host, network.bob.host, false);
  network.check_calls();
  network.check_empty();
}

TEST_CASE("call: an answer and a CANCEL that meet end in one outcome on both sides" *
          doctest::description("RFC 3261 9.1, 16.7, 16.10; R3.4, R16.4")) {
  size_t answered = 0;
  size_t cancelled = 0;
  for (int offset_ms = -12; offset_ms <= 12; ++offset_ms) {
    CAPTURE(offset_ms);
    Pair network(8);
    CallPlan plan;
    plan.ring_time = Millis(500);
    plan.cancel_after = Millis(500 + offset_ms);
    const Call& call = network.one_call(plan);
    CHECK((call.outcome == 200 || call.outcome == 487));
    CHECK(network.bob.calls()[0].outcome == call.outcome);
    ++(call.outcome == 200 ? answered : cancelled);
    network.check_calls();
    network.check_empty();
  }
  CHECK(answered > 0);
  CHECK(cancelled > 0);
}

TEST_CASE("call: both hang up at once" * doctest::description("RFC 3261 15.1; R3.2")) {
  Pair network(9);
  CallPlan plan;
  plan.callee_ends = true;
  plan.both_end = true;
  const Call& call = network.one_call(plan);
  CHECK(call.bye_status == 200);
  CHECK(call.bye_received);
  CHECK(network.bob.calls()[0].bye_status == 200);
  network.check_calls();
  network.check_empty();
}
