// What becomes of the answers to a forwarded request: RFC 3261 16.7, step by step.
#include <doctest/doctest.h>

#include "pair.h"

using namespace tipring;
using proxy::Message;
using proxy::Pair;

namespace {

struct Calls : Pair {
  // alice's INVITE as bob gets it.
  Message invite() {
    request("INVITE", "sip:bob@tipring");
    CHECK(alice.take().first_line() == "SIP/2.0 100 Trying");
    return bob.take();
  }
  void ring(const Message& got) {
    bob.send(answer(got, "180 Ringing"));
    CHECK(alice.take().first_line() == "SIP/2.0 180 Ringing");
  }
  void check_empty() {
    world.run_for(Millis(80'000));
    exchange.forget_calls();  // an answered one stands until its BYE
    CHECK(exchange.proxy.stats().in_use == 0);
    CHECK(exchange.leftovers() == "");
  }
};

// Without the lower of two Vias.
std::string with_our_via_alone(std::string response) {
  const size_t ours = response.find("Via: ");
  const size_t theirs = response.find("Via: ", ours + 1);
  return response.erase(theirs, response.find("\r\n", theirs) + 2 - theirs);
}

}  // namespace

TEST_CASE("response: provisionals from 101 on start Timer C anew, a 100 does not" *
          doctest::description("RFC 3261 16.7 step 2, 16.6 step 11")) {
  for (const char* status : {"183 Session Progress", "199 Early Dialog Terminated", "100 Trying"}) {
    CAPTURE(status);
    Calls bench;
    const Message got = bench.invite();
    bench.ring(got);
    bench.world.run_for(Millis(170'000));
    bench.bob.send(Pair::answer(got, status));
    const bool is_100 = std::string(status).starts_with("100");
    CHECK(bench.bob.got_nothing(Millis(10'000)));
    CHECK(bench.bob.got_nothing(Millis(20'000)) == !is_100);
  }
}

TEST_CASE("response: Timer C cancels a branch that rings, and its 487 goes upstream" *
          doctest::description("RFC 3261 16.8, 16.7 step 10")) {
  Calls bench;
  const Message got = bench.invite();
  bench.ring(got);
  bench.world.run_for(Millis(181'000));
  CHECK(bench.bob.take().first_line().starts_with("CANCEL "));
  bench.bob.send(Pair::answer(got, "487 Request Terminated"));
  CHECK(bench.outcome() == "SIP/2.0 487 Request Terminated");
  bench.check_empty();
}

TEST_CASE("response: one with our Via alone was meant for us and goes nowhere" *
          doctest::description("RFC 3261 16.7 step 3")) {
  Calls bench;
  const Message got = bench.invite();
  bench.bob.send(with_our_via_alone(Pair::answer(got, "180 Ringing")));
  CHECK(bench.alice.got_nothing());
  bench.bob.send(with_our_via_alone(Pair::answer(got, "404 Not Found")));
  CHECK(bench.alice.take().first_line() == "SIP/2.0 502 Bad Gateway");
  bench.check_empty();
}

TEST_CASE("response: provisionals pass at once, but for 100, and none passes the final one" *
          doctest::description("RFC 3261 16.7 step 5; R2.4")) {
  Calls bench;
  const Message got = bench.invite();
  bench.bob.send(Pair::answer(got, "100 Trying"));
  CHECK(bench.alice.got_nothing());
  bench.ring(got);
  bench.ring(got);  // each of them
  for (const char* final : {"200 OK", "486 Busy Here"}) {
    bench.bob.send(Pair::answer(got, final));
    if (std::string(final).starts_with("200")) CHECK(bench.outcome() == "SIP/2.0 200 OK");
    bench.bob.send(Pair::answer(got, "183 Session Progress"));
    CHECK(bench.alice.got_nothing());
  }
}

TEST_CASE("response: every 2xx to an INVITE passes for 64*T1, of all others the first" *
          doctest::description("RFC 3261 16.7 step 5, RFC 6026 7.1, 8.9; R2.5")) {
  Calls bench;
  const Message got = bench.invite();
  for (const char* tag : {"one", "one", "two"}) {
    std::string ok = Pair::answer(got, "200 OK");
    ok.replace(ok.find("To: <sip:bob@tipring>"), 21,
               "To: <sip:bob@tipring>;tag=" + std::string(tag));
    bench.bob.send(ok);
    CHECK(bench.alice.take().line("To").ends_with(tag));
    bench.world.run_for(Millis(10'000));
  }
  bench.bob.send(Pair::answer(got, "603 Decline"));
  CHECK(bench.alice.got_nothing());
  bench.world.run_for(Millis(10'000));
  bench.bob.send(Pair::answer(got, "200 OK"));  // a stray by now
  CHECK(bench.alice.got_nothing());
  bench.check_empty();
}

TEST_CASE("response: a 200 that crosses the CANCEL passes" *
          doctest::description("RFC 3261 9.1, 16.7 step 5; R3.4")) {
  Calls bench;
  const Message got = bench.invite();
  bench.ring(got);
  bench.request("CANCEL", "sip:bob@tipring");
  CHECK(bench.outcome() == "SIP/2.0 200 OK");
  CHECK(bench.bob.take().first_line().starts_with("CANCEL "));
  bench.bob.send(Pair::answer(got, "200 Fine"));
  CHECK(bench.outcome() == "SIP/2.0 200 Fine");
  bench.check_empty();
}

TEST_CASE("response: a CANCEL before any provisional goes out with the first one" *
          doctest::description("RFC 3261 9.1, 16.10; R3.4")) {
  Calls bench;
  const Message got = bench.invite();
  bench.request("CANCEL", "sip:bob@tipring");
  CHECK(bench.outcome() == "SIP/2.0 200 OK");
  CHECK(bench.bob.got_nothing());
  bench.bob.send(Pair::answer(got, "100 Trying"));
  CHECK(bench.bob.take().first_line().starts_with("CANCEL "));
}

TEST_CASE("response: the callee's 503 is a 500 for the caller" *
          doctest::description("RFC 3261 16.7 step 6; C7")) {
  Calls bench;
  bench.bob.send(Pair::answer(bench.invite(), "503 Service Unavailable", "Retry-After: 5\r\n"));
  CHECK(bench.alice.take().first_line() == "SIP/2.0 500 Server Internal Error");
  CHECK(bench.bob.take().first_line().starts_with("ACK "));
}

TEST_CASE("response: a 408 to anything but an INVITE is not passed on" *
          doctest::description("RFC 4320 4.2")) {
  Calls bench;
  bench.request("OPTIONS", "sip:bob@tipring");
  bench.bob.send(Pair::answer(bench.bob.take(), "408 Request Timeout"));
  CHECK(bench.alice.got_nothing());
  bench.request("OPTIONS", "sip:bob@tipring");  // its retransmission is absorbed
  CHECK(bench.bob.got_nothing());
  CHECK(bench.alice.got_nothing());
}

TEST_CASE("response: one that fits no transaction is dropped and counted" *
          doctest::description("RFC 6026 7.3, 8.9; RFC 3261 16.7")) {
  Calls bench;
  const Message got = bench.invite();
  std::string stray = Pair::answer(got, "200 OK");
  stray.replace(stray.find("branch=z9hG4bK") + 20, 1, "Z");
  bench.bob.send(stray);
  CHECK(bench.alice.got_nothing());
  CHECK(bench.exchange.transactions.counters().stray_responses == 1);
}

TEST_CASE("response: a method that we do not know has a transaction like any but INVITE" *
          doctest::description("RFC 3261 16.6 step 10, 17.1.2, 17.2.2; C3")) {
  Calls bench;
  bench.request("FOO", "sip:bob@tipring");
  const Message got = bench.bob.take();
  CHECK(got.first_line() == "FOO sip:bob@10.0.0.3;x=y SIP/2.0");
  CHECK(got.lines("Record-Route").size() == 2);  // it may open a dialog: 16.6 step 4
  CHECK(bench.bob.take().text == got.text);      // Timer E
  bench.bob.send(Pair::answer(got, "200 OK"));
  CHECK(bench.outcome() == "SIP/2.0 200 OK");
  bench.request("FOO", "sip:bob@tipring");
  CHECK(bench.alice.take().first_line() == "SIP/2.0 200 OK");
  CHECK(bench.bob.got_nothing());
  bench.check_empty();
}
