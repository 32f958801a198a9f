#include <doctest/doctest.h>

#include <memory>

#include "exchange.h"
#include "phone.h"

using namespace tipring;
using namespace tipring::sim;

namespace {

constexpr std::string_view kServer = "10.0.0.1";

Limits test_limits() {
  Limits limits = kTinyLimits;
  limits.transactions = 2048;
  limits.tcp_connections = 64;
  return limits;
}

// An exchange and two phones.
struct Network {
  explicit Network(uint64_t seed, sip::Transport alice_transport = sip::Transport::Udp,
                   sip::Transport bob_transport = sip::Transport::Udp)
      : world(seed),
        exchange(world, kServer, test_limits()),
        alice(world, "alice", "10.0.0.2", kServer, alice_transport, test_limits()),
        bob(world, "bob", "10.0.0.3", kServer, bob_transport, test_limits()) {
    REQUIRE(exchange.start());
    REQUIRE(alice.start());
    REQUIRE(bob.start());
    exchange.bind("alice", alice.contact());
    exchange.bind("bob", bob.contact());
  }

  // Past all timers of RFC 3261 table 4: nothing may be left anywhere.
  void check_empty() {
    world.run_for(Millis(240 * 1000));
    CHECK(exchange.proxy.stats().in_use == 0);
    for (Node* node :
         {static_cast<Node*>(&exchange), static_cast<Node*>(&alice), static_cast<Node*>(&bob)}) {
      CAPTURE(node->address());
      CHECK(node->transactions.server_stats().in_use == 0);
      CHECK(node->transactions.client_stats().in_use == 0);
      CHECK(node->buffers_in_use() == 0);
    }
  }

  port::SimWorld world;
  Exchange exchange;
  Phone alice;
  Phone bob;
};

bool one_call(Network& network) {
  network.alice.call("bob", Millis(1000));
  return network.world.run_until(
      [&] { return network.alice.idle() && network.bob.idle() && !network.bob.calls().empty(); },
      Millis(60000));
}

}  // namespace

TEST_CASE("call: INVITE to BYE passes the proxy over UDP" *
          doctest::description("R2.2, R2.4, R2.5, R3.2, R4.2")) {
  Network network(1);
  CHECK(one_call(network));
  REQUIRE(network.alice.calls().size() == 1);
  REQUIRE(network.bob.calls().size() == 1);
  CHECK(network.alice.calls()[0].state == CallState::Ended);
  CHECK(network.bob.calls()[0].state == CallState::Ended);
  // Both sides learned the way through the proxy.
  CHECK(network.alice.calls()[0].routes.find("10.0.0.1:5060;lr") != std::string::npos);
  CHECK(network.bob.calls()[0].routes == network.alice.calls()[0].routes);
  network.check_empty();
}

TEST_CASE("call: INVITE to BYE passes the proxy over TCP" * doctest::description("R7.3, R13.2")) {
  Network network(2, sip::Transport::Tcp, sip::Transport::Tcp);
  CHECK(one_call(network));
  CHECK(network.alice.calls()[0].state == CallState::Ended);
  network.check_empty();
}

TEST_CASE("call: between TCP and UDP the proxy stands twice in the route" *
          doctest::description("RFC 5658; R7.3")) {
  Network network(3, sip::Transport::Tcp, sip::Transport::Udp);
  CHECK(one_call(network));
  CHECK(network.alice.calls()[0].state == CallState::Ended);
  const std::string& routes = network.alice.calls()[0].routes;
  CHECK(std::count(routes.begin(), routes.end(), '\n') == 2);
  CHECK(routes.find("transport=tcp") < routes.find("10.0.0.1:5060;lr"));
  network.check_empty();
}

TEST_CASE("call: an unknown user is 404, and nothing stays behind" * doctest::description("R2.3")) {
  Network network(4);
  network.alice.call("nobody", Millis(1000));
  CHECK(network.world.run_until([&] { return network.alice.idle(); }, Millis(5000)));
  CHECK(network.alice.calls()[0].failure == 404);
  network.check_empty();
}

TEST_CASE("call: a CANCEL while it rings ends both sides with 487" *
          doctest::description("RFC 3261 16.10; R3.4")) {
  Network network(5);
  network.bob.ring_for(Millis(20000));
  network.alice.call("bob", Millis(1000));
  network.world.run_for(Millis(2000));
  network.alice.cancel(0);
  CHECK(network.world.run_until([&] { return network.alice.idle() && network.bob.idle(); },
                                Millis(10000)));
  CHECK(network.alice.calls()[0].failure == 487);
  CHECK(network.bob.calls()[0].failure == 487);
  network.check_empty();
}

TEST_CASE("call: a phone that is gone ends the call with 408" *
          doctest::description("RFC 3261 16.7; F3")) {
  Network network(6);
  network.world.default_link().tells_unreachable = false;
  network.exchange.bind("bob", "sip:bob@10.0.0.99:5060");
  network.alice.call("bob", Millis(1000));
  CHECK(network.world.run_until([&] { return network.alice.idle(); }, Millis(60000)));
  CHECK(network.alice.calls()[0].failure == 408);
  network.check_empty();
}

TEST_CASE("call: a phone known by name is found after a pause" *
          doctest::description("RFC 3263 4.2")) {
  Network network(7);
  network.exchange.host.names().set("phone.example", {*port::parse_ip("10.0.0.3")}, Millis(300));
  network.exchange.bind("bob", "sip:bob@phone.example:5060");
  CHECK(one_call(network));
  CHECK(network.alice.calls()[0].state == CallState::Ended);
  network.exchange.bind("bob", "sip:bob@missing.example:5060");
  network.alice.call("bob", Millis(1000));
  CHECK(network.world.run_until([&] { return network.alice.idle(); }, Millis(20000)));
  CHECK(network.alice.calls()[1].failure == 502);
  network.check_empty();
}

TEST_CASE(
    "calls: ten thousand under loss and duplication, each ends on both sides and every pool is "
    "empty" *
    doctest::description("RFC 3261 17; R7.2, R3.3")) {
  const bool run_long = std::getenv("TIPRING_LONG") != nullptr;
  for (const uint64_t seed : {11u, 12u}) {
    CAPTURE(seed);
    Network network(seed);
    network.world.default_link().loss_per_mille = 100;
    network.world.default_link().duplicate_per_mille = 100;
    network.world.default_link().delay_max = Millis(40);
    const size_t rounds = run_long ? 200 : 50;
    constexpr size_t kPerRound = 100;
    for (size_t round = 0; round < rounds; ++round) {
      for (size_t i = 0; i < kPerRound; ++i) {
        (i % 2 == 0 ? network.alice : network.bob).call(i % 2 == 0 ? "bob" : "alice", Millis(500));
        network.world.run_for(Millis(20));
      }
      REQUIRE(network.world.run_until([&] { return network.alice.idle() && network.bob.idle(); },
                                      Millis(200000)));
    }
    size_t ended = 0;
    for (const Phone* phone : {&network.alice, &network.bob}) {
      for (const Call& call : phone->calls()) {
        if (call.caller && call.state == CallState::Ended) ++ended;
      }
    }
    // One in ten packets is lost; seven tries bring nearly every request through.
    CHECK(ended >= rounds * kPerRound * 995 / 1000);
    MESSAGE("seed ", seed, ": ", ended, " of ", rounds * kPerRound,
            " calls ended with BYE and 200");
    network.check_empty();
  }
}
