// Sessions from their first interval to their end: RFC 4028, and what becomes of a call whose phones
// have died.
#include "sessions_bench.h"

using namespace tipring;
using namespace tipring::sim;

TEST_CASE("session: a call that its phones refresh stands for hours" *
          doctest::description("RFC 4028 7.2, 10; R8.3, R8.5")) {
  for (const bool by_update : {false, true}) {
    for (const bool callee_refreshes : {false, true}) {
      CAPTURE(by_update);
      CAPTURE(callee_refreshes);
      Pair network(1);
      for (Phone& phone : network.phones) phone.habits.by_update = by_update;
      network.bob.habits.offers_itself = callee_refreshes;
      network.begin();
      CHECK(network.session().supervised);
      CHECK(network.session().interval_s == kInterval);
      CHECK((network.session().refresher == dialog::Side::Callee) == callee_refreshes);
      network.world.run_for(3 * kHour);
      CHECK(network.standing() == 1);
      CHECK(network.byes.all.empty());
      const Call& by = callee_refreshes ? network.callee() : network.caller();
      CHECK(by.refreshed >= 3 * 3600 / (kInterval / 2) - 1);
      CHECK((callee_refreshes ? network.caller() : network.callee()).refreshed == 0);
      CHECK((network.session().refresher == dialog::Side::Callee) == callee_refreshes);
      network.alice.hang_up(network.index);
      REQUIRE(network.settle());
      CHECK(network.caller().bye_status == 200);
      network.check_over();
    }
  }
}

TEST_CASE("session: a refresh that is refused does not set the timer anew" *
          doctest::description("RFC 4028 8.2; R8.5")) {
  for (const bool by_update : {false, true}) {
    for (const uint16_t status : {uint16_t{422}, uint16_t{488}, uint16_t{500}}) {
      CAPTURE(by_update);
      CAPTURE(status);
      Pair network(2);
      network.alice.habits.by_update = by_update;
      network.bob.habits.refresh_answer = status;
      network.begin();
      const Millis answered = network.now();
      network.world.run_for(Millis(kInterval * 1000) - 10 * kSecond);
      CHECK(network.caller().refresh_status == status);
      CHECK(network.standing() == 1);
      network.world.run_for(10 * kSecond);
      CHECK(network.now() - answered == Millis(kInterval * 1000));
      CHECK(network.caller().bye_received);
      CHECK(network.callee().bye_received);
      network.check_over();
    }
  }
}

TEST_CASE("session: when both phones are dead each is sent a BYE in the other's name" *
          doctest::description("SPEC C4; RFC 3261 12.2.1.1; RFC 3326; R3.5, R8.4")) {
  Pair network(3);
  network.begin();
  network.world.run_for(80 * kSecond);  // refreshed once
  for (Phone& phone : network.phones) phone.fall_silent();
  const Call alice = network.caller();
  const Call bob = network.callee();
  CHECK(alice.refreshed == 1);
  network.world.run_for(Millis(kInterval * 1000) - 30 * kSecond);
  CHECK(network.byes.all.empty());
  network.world.run_for(15 * kSecond);
  REQUIRE(network.byes.all.size() == 2);
  const SeenBye& to_alice = network.byes.all[0];
  const SeenBye& to_bob = network.byes.all[1];
  CHECK(to_alice.to == port::SocketAddress{*port::parse_ip("10.0.0.2"), 5060});
  CHECK(to_bob.to == port::SocketAddress{*port::parse_ip("10.0.0.3"), 5060});
  CHECK(to_alice.first_line() == "BYE " + network.alice.contact() + " SIP/2.0");
  CHECK(to_bob.first_line() == "BYE " + network.bob.contact() + " SIP/2.0");
  CHECK(to_alice.line("To") == "<" + alice.local_uri + ">;tag=" + alice.local_tag);
  CHECK(to_alice.line("From") == "<" + alice.remote_uri + ">;tag=" + alice.remote_tag);
  CHECK(to_bob.line("From") == to_alice.line("To"));
  CHECK(to_bob.line("To") == to_alice.line("From"));
  CHECK(to_alice.line("CSeq") == "1 BYE");  // bob has sent nothing yet
  CHECK(to_bob.line("CSeq") == std::to_string(alice.cseq + 1) + " BYE");
  for (const SeenBye& bye : network.byes.all) {
    CHECK(bye.line("Call-ID") == alice.id);
    CHECK(bye.line("Reason") == "SIP;cause=408;text=\"Session expired\"");
    CHECK(bye.line("Route").empty());  // nobody stands between the server and them
  }
  CHECK(network.exchange.pool("end_contexts").in_use == 2);
  network.world.run_for(40 * kSecond);
  CHECK(network.byes.all.size() == 2);
  network.check_over();
}

TEST_CASE("session: who has outlived the other is told by a BYE" *
          doctest::description("SPEC C4; R3.5, R8.4")) {
  for (const bool caller_dies : {false, true}) {
    CAPTURE(caller_dies);
    Pair network(4);
    network.begin();
    (caller_dies ? network.alice : network.bob).fall_silent();
    network.wait_for_expiry();
    CHECK((caller_dies ? network.callee() : network.caller()).bye_received);
    CHECK(network.standing() == 1);  // the dead one is still being asked
    network.world.run_for(40 * kSecond);
    network.check_over();
  }
}

TEST_CASE("session: where expired calls are only dropped nobody gets a BYE" *
          doctest::description("SPEC C4; R8.4")) {
  Pair network(5, config_with("mandatory", "drop"));
  network.begin();
  for (Phone& phone : network.phones) phone.fall_silent();
  network.world.run_for(Millis(kInterval * 1000) - 10 * kSecond);
  CHECK(network.standing() == 1);
  network.world.run_for(10 * kSecond);
  network.check_over();
  CHECK(network.byes.all.empty());
}

TEST_CASE("session: of two phones the one that knows timers refreshes" *
          doctest::description("RFC 4028 8.2, 9 table 2; SPEC C1; R8.3")) {
  for (const bool caller_knows : {false, true}) {
    CAPTURE(caller_knows);
    Pair network(6, config_with("insert"));
    (caller_knows ? network.bob : network.alice).habits.knows_timer = false;
    network.begin();
    CHECK(network.session().supervised);
    CHECK((network.session().refresher == dialog::Side::Caller) == caller_knows);
    network.world.run_for(2 * kHour);
    CHECK((caller_knows ? network.caller() : network.callee()).refreshed > 100);
    CHECK(network.standing() == 1);
    (caller_knows ? network.alice : network.bob).fall_silent();
    network.wait_for_expiry();
    CHECK((caller_knows ? network.callee() : network.caller()).bye_received);
    network.world.run_for(40 * kSecond);
    network.check_over();
  }
}

TEST_CASE("session: a call of phones without timers is forgotten after a day of silence" *
          doctest::description("SPEC C1; R3.5, R5.5")) {
  Pair network(7, config_with("insert"));
  for (Phone& phone : network.phones) phone.habits.knows_timer = false;
  network.begin();
  CHECK_FALSE(network.session().supervised);
  CHECK(network.session().interval_s == 0);
  network.world.run_for(23 * kHour);
  CHECK(network.standing() == 1);
  network.world.run_for(kHour);
  network.check_over();
  CHECK(network.byes.all.empty());
}
