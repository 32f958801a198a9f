// Provisional responses that are acknowledged, in both roles: RFC 3262, on the wire.
#include <doctest/doctest.h>

#include "leg_bench.h"

using namespace tipring;
using namespace tipring::service;

namespace {

const std::string kOurs = sdp_of("10.0.0.1", 4000);
const std::string kTheirs = sdp_of("10.0.0.2", 6000);
const std::string kRel = "Supported: 100rel\r\n";

LegReply reliable(const std::string& body = "") {
  LegReply reply;
  reply.content = {"", "application/sdp", body};
  reply.reliable = true;
  return reply;
}

std::string rack(const Text& response) {
  return "RAck: " + response.line("RSeq") + " 1 INVITE\r\n";
}

}  // namespace

TEST_CASE_FIXTURE(LegPair, "legs: a reliable 180 is repeated until its PRACK comes" *
                               doctest::description("RFC 3262 3; F25")) {
  invite(kRel, kTheirs);
  alice.take();
  const LegHandle leg = bench.adopted;
  REQUIRE(bench.legs.respond(leg, {}, 180, reliable()));
  const Text ringing = alice.take();
  CHECK(ringing.line("Require") == "100rel");
  CHECK_FALSE(ringing.line("RSeq").empty());
  CHECK(bench.legs.respond(leg, {}, 183, reliable()).error() == Error::Busy);
  CHECK(alice.take(Millis(600)).text == ringing.text);
  alice.send(within(leg, "PRACK", 2, rack(ringing)));
  CHECK(alice.take().line("CSeq") == "2 PRACK");
  CHECK(alice.got_nothing(Millis(5000)));
  CHECK(bench.notes.taken() == "prack 1");
  REQUIRE(bench.legs.respond(leg, {}, 183, reliable()));
  const Text second = alice.take();
  CHECK(std::stoul(second.line("RSeq")) == std::stoul(ringing.line("RSeq")) + 1);
}

TEST_CASE_FIXTURE(LegPair, "legs: who does not know 100rel gets none" *
                               doctest::description("RFC 3262 3; F25")) {
  invite("", kTheirs);
  alice.take();
  REQUIRE(bench.legs.respond(bench.adopted, {}, 180, reliable()));
  CHECK(alice.take().line("RSeq").empty());
}

TEST_CASE_FIXTURE(LegPair, "legs: who requires 100rel gets nothing else" *
                               doctest::description("RFC 3262 3; F25")) {
  invite("Require: 100rel\r\n", kTheirs);
  alice.take();
  REQUIRE(bench.legs.respond(bench.adopted, {}, 180, {}));
  CHECK_FALSE(alice.take().line("RSeq").empty());
}

TEST_CASE_FIXTURE(LegPair, "legs: a PRACK that is never sent ends the call" *
                               doctest::description("RFC 3262 3; F25")) {
  invite(kRel, kTheirs);
  alice.take();
  REQUIRE(bench.legs.respond(bench.adopted, {}, 180, reliable()));
  world.run_for(Millis(31'900));
  CHECK(bench.notes.taken().empty());
  alice.forget();
  world.run_for(Millis(200));
  CHECK(alice.take().first_line() == "SIP/2.0 504 Server Time-out");
  CHECK(bench.notes.taken() == "end 1 no-prack");
}

TEST_CASE_FIXTURE(LegPair, "legs: a 2xx waits for the PRACK of an answer" *
                               doctest::description("RFC 3262 3, 5; F25")) {
  invite(kRel, kTheirs);
  alice.take();
  const LegHandle leg = bench.adopted;
  REQUIRE(bench.legs.respond(leg, {}, 183, reliable(kOurs)));
  const Text progress = alice.take();
  REQUIRE(bench.legs.respond(leg, {}, 200, {}));
  CHECK(alice.got_nothing(Millis(400)));
  CHECK(bench.legs.respond(leg, {}, 200, {}).error() == Error::Stale);
  alice.send(within(leg, "PRACK", 2, rack(progress)));
  CHECK(alice.take().line("CSeq") == "2 PRACK");
  const Text ok = alice.take();
  CHECK(ok.first_line() == "SIP/2.0 200 OK");
  CHECK(ok.line("CSeq") == "1 INVITE");
}

TEST_CASE_FIXTURE(LegPair, "legs: a PRACK that acknowledges nothing gets 481" *
                               doctest::description("RFC 3262 3; F25")) {
  invite(kRel, kTheirs);
  alice.take();
  const LegHandle leg = bench.adopted;
  REQUIRE(bench.legs.respond(leg, {}, 180, reliable()));
  const Text ringing = alice.take();
  alice.send(within(leg, "PRACK", 2, "RAck: 1 7 INVITE\r\n"));
  CHECK(alice.take().first_line() == "SIP/2.0 481 Call/Transaction Does Not Exist");
  alice.send(within(leg, "PRACK", 3, rack(ringing)));
  CHECK(alice.take().first_line() == "SIP/2.0 200 OK");
  alice.send(within(leg, "PRACK", 4, rack(ringing)));
  CHECK(alice.take().first_line() == "SIP/2.0 481 Call/Transaction Does Not Exist");
}

TEST_CASE_FIXTURE(LegPair, "legs: an offer in a PRACK is answered by the application" *
                               doctest::description("RFC 3262 5; F25")) {
  invite(kRel, kTheirs);
  alice.take();
  const LegHandle leg = bench.adopted;
  REQUIRE(bench.legs.respond(leg, {}, 183, reliable(kOurs)));
  const Text progress = alice.take();
  alice.send(within(leg, "PRACK", 2, rack(progress), kTheirs));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "request 1 PRACK; prack 1");
  REQUIRE(bench.legs.respond(leg, bench.notes.server, 200, reliable(kOurs)));
  const Text ok = alice.take();
  CHECK(ok.line("CSeq") == "2 PRACK");
  CHECK(ok.body() == kOurs);
}

TEST_CASE_FIXTURE(LegPair, "legs: reliable responses to us are acknowledged in order and once" *
                               doctest::description("RFC 3262 4; F25")) {
  call(kOurs);
  const Text invite = bob.take();
  const auto rel = [](int number) {
    return "Require: 100rel\r\nRSeq: " + std::to_string(number) + "\r\n";
  };
  bob.send(answer(invite, "183 Session Progress", "b", rel(10), kTheirs));
  const Text prack = bob.take();
  CHECK(prack.first_line() == "PRACK sip:bob@10.0.0.3 SIP/2.0");
  CHECK(prack.line("RAck") == "10 1 INVITE");
  CHECK(prack.line("CSeq") == "2 PRACK");
  CHECK(bench.notes.taken() == "progress 1 183");
  bob.send(answer(invite, "183 Session Progress", "b", rel(10), kTheirs));  // once more
  bob.send(answer(invite, "180 Ringing", "b", rel(12)));                    // too early
  bob.send(answer(prack, "200 OK"));
  CHECK(bob.got_nothing());
  CHECK(bench.notes.taken().empty());
  bob.send(answer(invite, "180 Ringing", "b", rel(11)));
  CHECK(bob.take().line("RAck") == "11 1 INVITE");
  CHECK(bench.notes.taken() == "progress 1 180");
}

TEST_CASE_FIXTURE(LegPair, "legs: each of a fork has its own PRACKs" *
                               doctest::description("RFC 3262 4; F25, F56")) {
  call(kOurs);
  const Text invite = bob.take();
  bob.send(answer(invite, "180 Ringing", "b", "Require: 100rel\r\nRSeq: 5\r\n"));
  CHECK(bob.take().tag("To") == "b");
  bob.send(answer(invite, "180 Ringing", "c", "Require: 100rel\r\nRSeq: 77\r\n"));
  const Text prack = bob.take();
  CHECK(prack.tag("To") == "c");
  CHECK(prack.line("RAck") == "77 1 INVITE");
  CHECK(prack.line("CSeq") == "2 PRACK");
}

TEST_CASE_FIXTURE(LegPair, "legs: an offer in a reliable response is answered in the PRACK" *
                               doctest::description("RFC 3262 5; F25")) {
  const LegHandle leg = call();
  const Text invite = bob.take();
  bob.send(answer(invite, "183 Session Progress", "b", "Require: 100rel\r\nRSeq: 1\r\n", kTheirs));
  CHECK(bob.got_nothing(Millis(1000)));
  CHECK(bench.notes.taken() == "progress 1 183");
  REQUIRE(bench.legs.prack(leg, {"", "application/sdp", kOurs}));
  CHECK(bob.take().body() == kOurs);
  CHECK(bench.legs.prack(leg, {}).error() == Error::Stale);
}

TEST_CASE_FIXTURE(LegPair, "legs: a PRACK that is lost is sent again by its transaction" *
                               doctest::description("RFC 3262 4; F25")) {
  call(kOurs);
  const Text invite = bob.take();
  bob.send(answer(invite, "180 Ringing", "b", "Require: 100rel\r\nRSeq: 1\r\n"));
  const Text prack = bob.take();
  CHECK(bob.take(Millis(600)).text == prack.text);
}
