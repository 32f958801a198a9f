// The BYEs that end sessions: where they go, what they meet, and what becomes of the call.
#include "sessions_bench.h"

using namespace tipring;
using namespace tipring::sim;

TEST_CASE("session: its BYE reaches phones on TCP and behind routers" *
          doctest::description("SPEC C4; RFC 3581 4; R7.3, R8.4")) {
  constexpr sip::Transport kBoth[] = {sip::Transport::Udp, sip::Transport::Tcp};
  for (const bool behind_nat : {false, true}) {
    for (const sip::Transport alice : kBoth) {
      for (const sip::Transport bob : kBoth) {
        CAPTURE(behind_nat);
        CAPTURE(sip::to_text(alice));
        CAPTURE(sip::to_text(bob));
        Pair network(8, config_with("mandatory"), {alice, bob, behind_nat});
        network.bob.habits.refresh_answer = 500;
        network.begin();
        network.wait_for_expiry();
        CHECK(network.caller().bye_received);
        CHECK(network.callee().bye_received);
        network.check_over();
      }
    }
  }
}

TEST_CASE("session: a phone that has come back by another connection gets its BYE over that one" *
          doctest::description("SPEC C4; RFC 3261 18; R7.3, R8.4")) {
  app::Config config = config_with("mandatory");
  config.session_timer.default_s = 300;
  Pair network(13, config, {sip::Transport::Tcp, sip::Transport::Udp, true});
  network.begin();
  // Its connections are closed after two minutes of silence; it refreshes by new ones.
  network.world.run_for(160 * kSecond);
  CHECK(network.caller().refreshed == 1);
  network.bob.fall_silent();
  network.world.run_for(300 * kSecond);
  CHECK(network.caller().bye_received);
  network.world.run_for(40 * kSecond);
  network.check_over();
}

TEST_CASE("session: a call that rings at two phones stands once when one of them takes it" *
          doctest::description("RFC 3261 12.1, 16.7; F13, R3.3")) {
  Pair network(9, config_with("mandatory"),
               {sip::Transport::Udp, sip::Transport::Udp, false, true});
  CallPlan plan;
  plan.ring_time = 10 * kSecond;
  plan.talk_time = kHour;
  network.index = network.alice.call("bob", plan);
  network.world.run_for(5 * kSecond);
  CHECK(network.standing() == 2);
  CHECK(network.exchange.pool("calls").in_use == 1);
  network.world.run_for(10 * kSecond);
  CHECK(network.phones.back().calls().back().outcome == 487);
  network.world.run_for(kInviteOver);
  CHECK(network.standing() == 1);
  REQUIRE(network.settle(2 * kHour));
  CHECK(network.caller().bye_status == 200);
  network.check_over();
}

TEST_CASE("session: a BYE that fails ends the call all the same" *
          doctest::description("RFC 3261 15.1.1; R3.3, R5.5")) {
  for (const uint16_t status : {uint16_t{481}, uint16_t{408}, uint16_t{500}, uint16_t{0}}) {
    CAPTURE(status);
    Pair network(10);
    network.begin();
    network.bob.habits.bye_answer = status;
    if (status == 0) network.bob.fall_silent();
    network.alice.hang_up(network.index);
    REQUIRE(network.settle());
    CHECK(network.caller().bye_status == (status == 0 ? 408 : status));
    network.world.run_for(kSecond);  // the server has waited as long as the phone
    network.check_over();
    CHECK(network.byes.all.empty());
  }
}

TEST_CASE("session: a BYE that is challenged leaves the call until the next one" *
          doctest::description("RFC 3261 22.2; R3.3")) {
  Pair network(11);
  network.begin();
  network.bob.habits.bye_answer = 401;
  network.alice.hang_up(network.index);
  network.world.run_for(kSecond);
  CHECK(network.callee().challenged);
  CHECK(network.standing() == 1);
  REQUIRE(network.settle());
  CHECK(network.caller().bye_status == 200);
  CHECK(network.callee().bye_received);
  network.check_over();
}

TEST_CASE("session: a call that a restart of the server has cut off still ends with its BYE" *
          doctest::description("DESIGN: Handles on the wire; SPEC C4; R3.3")) {
  for (const sip::Transport transport : {sip::Transport::Udp, sip::Transport::Tcp}) {
    for (const bool callee_ends : {false, true}) {
      CAPTURE(sip::to_text(transport));
      CAPTURE(callee_ends);
      Pair network(12, config_with("mandatory"), {transport, transport});
      // An INVITE to a phone's address could be the first of a call for all that the server knows.
      network.alice.habits.by_update = true;
      network.begin();
      network.referee.forget();
      network.exchange.stop();
      const std::string fault = network.exchange.start();
      REQUIRE_MESSAGE(fault.empty(), fault);
      CHECK(network.standing() == 0);
      network.world.run_for(100 * kSecond);  // with a refresh
      if (callee_ends) {
        network.bob.hang_up(network.bob.calls().size() - 1);
      } else {
        network.alice.hang_up(network.index);
      }
      REQUIRE(network.settle());
      const Call& by = callee_ends ? network.callee() : network.caller();
      const Call& other = callee_ends ? network.caller() : network.callee();
      CHECK(network.caller().refreshed == 1);
      CHECK(by.bye_status == 200);
      CHECK(other.bye_received);
      network.check_over();
    }
  }
}
