// Phones that vanish without a word: who calls them must hear of it soon, though nothing else
// happens on the server that would wake its loop.
#include <doctest/doctest.h>

#include "network.h"

using namespace tipring;
using namespace tipring::sim;

namespace {

constexpr Millis kSoon{100};

// Calls bob until the network is quiet; how long the caller waited for the outcome.
Millis wait_for_refusal(Network& network) {
  Phone& alice = network.phones.front();
  const size_t index = alice.call("bob");
  REQUIRE(network.settle());
  const Call& call = alice.calls()[index];
  CHECK(call.outcome >= 400);
  CHECK(call.outcome != 408);
  return call.ended_at - call.began_at;
}

}  // namespace

TEST_CASE("lost peer: a call to a phone that was switched off and on over TCP fails at once" *
          doctest::description("RFC 3261 18.4, 17.1.4, 16.9; R7.5, R13.5")) {
  Network network(21);
  network.add_phone("alice", "10.0.0.2", sip::Transport::Udp);
  port::SimHost& host = network.add_phone("bob", "10.0.0.3", sip::Transport::Tcp).host;
  network.register_all();
  host.crash();
  network.phones.pop_back();
  host.restart();
  // The connection is up as far as the server knows, and the reset comes behind the INVITE.
  CHECK(wait_for_refusal(network) < kSoon);
  // It has gone, and nobody listens at the contact.
  CHECK(wait_for_refusal(network) < kSoon);
  network.check_findings();
}

TEST_CASE("lost peer: a call to a UDP port that nobody has open any more fails at once" *
          doctest::description("RFC 3261 18.4, 17.1.4; P1")) {
  Network network(22);
  network.add_phone("alice", "10.0.0.2", sip::Transport::Tcp);
  port::SimHost& host = network.add_phone("bob", "10.0.0.3", sip::Transport::Udp).host;
  network.register_all();
  host.crash();
  network.phones.pop_back();
  host.restart();
  CHECK(wait_for_refusal(network) < kSoon);
  network.check_findings();
}

TEST_CASE("lost peer: the other phone of a user who lost one is called at once" *
          doctest::description("RFC 3261 16.6 step 7, 18.4; P1")) {
  for (const sip::Transport lost : {sip::Transport::Udp, sip::Transport::Tcp}) {
    for (const sip::Transport other : {sip::Transport::Udp, sip::Transport::Tcp}) {
      CAPTURE(sip::to_text(lost));
      CAPTURE(sip::to_text(other));
      Network network(23);
      Phone& alice = network.add_phone("alice", "10.0.0.2");
      Phone& desk = network.add_phone("bob", "10.0.0.3", other);
      network.register_all();
      port::SimHost& host = network.add_other_phone("bob", "10.0.0.4", lost).host;
      network.register_all();  // the newest is tried first
      host.crash();
      network.phones.pop_back();
      host.restart();
      for (int i = 0; i < 2; ++i) {
        const Call& call = network.one_call(alice, desk);
        CHECK(call.outcome == 200);
        CHECK(call.ended_at - call.began_at < call.plan.ring_time + call.plan.talk_time + kSoon);
      }
      network.check_calls();
    }
  }
}

TEST_CASE("lost peer: on a bad network too the calls find the phone that is left" *
          doctest::description("RFC 3261 16.6 step 7; P1")) {
  for (const uint64_t seed : seeds({24, 25, 26})) {
    CAPTURE(seed);
    Network network(seed);
    Phone& alice = network.add_phone("alice", "10.0.0.2");
    Phone& desk = network.add_phone("bob", "10.0.0.3");
    network.register_all();
    port::SimHost& host = network.add_other_phone("bob", "10.0.0.4").host;
    network.register_all();
    host.crash();
    network.phones.pop_back();
    host.restart();
    network.world.default_link().loss_per_mille = 100;
    network.world.default_link().duplicate_per_mille = 100;
    // However often ICMP's word is lost, it comes with a later repetition of the INVITE.
    for (int i = 0; i < 50; ++i) CHECK(network.one_call(alice, desk).outcome == 200);
    network.check_calls();
  }
}
