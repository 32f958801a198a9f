// Sessions from their first interval to their end: RFC 4028, and what becomes of a call whose phones
// have died.
#include <doctest/doctest.h>

#include "byes.h"
#include "network.h"

using namespace tipring;
using namespace tipring::sim;

namespace {

constexpr Millis kHour{3'600'000};
constexpr Millis kSecond{1000};
constexpr uint32_t kInterval = 120;
constexpr Millis kInviteOver{33'000};  // RFC 6026 7.2: another 2xx may come until then
constexpr Millis kTransactionsOver{240'000};

struct Ends {
  sip::Transport alice = sip::Transport::Udp;
  sip::Transport bob = sip::Transport::Udp;
  bool behind_nat = false;
  bool other_bob = false;  // he has one more phone, which only rings
};

app::Config config_with(const std::string& mode, const std::string& on_expiry = "bye") {
  app::Config config = test_config();
  config.session_timer.mode = mode;
  config.session_timer.on_expiry = on_expiry;
  config.session_timer.default_s = kInterval;
  return config;
}

// Two phones; alice calls bob, for as long as nobody dies.
struct Pair : Network {
  explicit Pair(uint64_t seed, const app::Config& config = config_with("mandatory"),
                const Ends& ends = Ends())
      : Network(seed, config),
        alice(add(ends, "alice", "192.168.1.2", "10.0.0.2", ends.alice)),
        bob(add(ends, "bob", "192.168.1.3", "10.0.0.3", ends.bob)),
        byes(world, referee) {
    if (ends.other_bob) add_other_phone("bob", "10.0.0.4").habits.lets_ring = true;
    register_all();
  }

  void begin(Millis talk_time = 1000 * kHour) {
    CallPlan plan;
    plan.talk_time = talk_time;
    index = alice.call("bob", plan);
    world.run_for(5 * kSecond);
    REQUIRE(alice.calls()[index].outcome == 200);
  }
  const Call& caller() const { return alice.calls()[index]; }
  const Call& callee() const { return bob.calls().back(); }
  uint32_t standing() const { return exchange.pool("dialogs").in_use; }
  const dialog::Session& session() {
    const dialog::Dialog* found = nullptr;
    exchange.server().calls().for_each([&](const dialog::Dialog& dialog) { found = &dialog; });
    REQUIRE(found != nullptr);
    return found->session;
  }
  // Nothing of it is left once its transactions are over.
  void check_over() {
    CHECK(standing() == 0);
    CHECK(exchange.pool("calls").in_use == 0);
    world.run_for(kTransactionsOver + kHour);  // the bindings end too
    CHECK_MESSAGE(exchange.leftovers().empty(), exchange.leftovers());
    check_findings();
  }

  // Until the instant at which nobody may have refreshed it, and the answers are there.
  void wait_for_expiry() { world.run_for(Millis(kInterval * 1000) + 5 * kSecond); }

  Phone& alice;
  Phone& bob;
  ByeWatch byes;
  size_t index = 0;

 private:
  Phone& add(const Ends& ends, const std::string& user, const std::string& inner,
             const std::string& address, sip::Transport transport) {
    if (!ends.behind_nat) return add_phone(user, address, transport);
    // A router for each.
    const bool first = phones.empty();
    port::SimNat& nat = world.make_nat(*port::parse_ip(first ? "203.0.113.9" : "203.0.113.10"));
    return add_phone_behind(nat, user, inner, transport);
  }
};

}  // namespace

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
