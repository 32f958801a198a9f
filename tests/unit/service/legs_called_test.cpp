// Legs that are called: their answers, what they wait for, and what ends them, on the wire.
#include <doctest/doctest.h>

#include "leg_bench.h"

using namespace tipring;
using namespace tipring::service;

namespace {

LegReply with(const std::string& body, bool reliable = false) {
  LegReply reply;
  reply.content = {"", "application/sdp", body};
  reply.reliable = reliable;
  return reply;
}

}  // namespace

TEST_CASE_FIXTURE(LegPair, "legs: an INVITE that rings and is answered is a dialog" *
                               doctest::description("RFC 3261 12.1.1, 13.3.1; F16, F17")) {
  invite("Record-Route: <sip:10.0.0.2;lr>\r\n", sdp_of("10.0.0.2", 6000));
  const LegHandle leg = bench.adopted;
  CHECK(alice.take().first_line() == "SIP/2.0 100 Trying");
  CHECK(bench.legs.view(leg)->state == LegState::Called);
  REQUIRE(bench.legs.respond(leg, {}, 180, {}));
  const Text ringing = alice.take();
  CHECK(ringing.first_line() == "SIP/2.0 180 Ringing");
  CHECK(ringing.tag("To").size() == LegTagCodec::kSize);
  CHECK(ringing.line("Contact") == "<sip:200@10.0.0.1:5060>");
  CHECK(ringing.line("Record-Route") == "<sip:10.0.0.2;lr>");
  const std::string body = sdp_of("10.0.0.1", 4000);
  REQUIRE(bench.legs.respond(leg, {}, 200, with(body)));
  const Text ok = alice.take();
  CHECK(ok.first_line() == "SIP/2.0 200 OK");
  CHECK(ok.tag("To") == ringing.tag("To"));
  CHECK(ok.line("Allow").find("PRACK") != std::string::npos);
  CHECK(ok.body() == body);
  CHECK(bench.legs.view(leg)->state == LegState::Confirmed);
  alice.send(within(leg, "ACK", 1));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "ack 1");
  CHECK(alice.got_nothing(Millis(5000)));
  bench.legs.end(leg);
  const Text bye = alice.take();
  CHECK(bye.first_line() == "BYE sip:alice@10.0.0.2 SIP/2.0");
  CHECK(bye.line("Route") == "<sip:10.0.0.2;lr>");
  CHECK(bye.line("From").find(ringing.tag("To")) != std::string::npos);
  alice.send(answer(bye, "200 OK"));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "end 1 local-end");
  CHECK(bench.legs.is_quiet());
}

TEST_CASE_FIXTURE(LegPair, "legs: a 2xx is repeated until its ACK comes" *
                               doctest::description("RFC 3261 13.3.1.4; F17")) {
  invite();
  alice.take();
  REQUIRE(bench.legs.respond(bench.adopted, {}, 200, {}));
  const Text ok = alice.take();
  CHECK(alice.take(Millis(600)).text == ok.text);  // after 500 ms
  CHECK(alice.got_nothing(Millis(900)));
  CHECK(alice.take(Millis(200)).text == ok.text);  // after 1 s more
  alice.send(within(bench.adopted, "ACK", 1));
  CHECK(alice.got_nothing(Millis(10'000)));
  CHECK(bench.notes.taken() == "ack 1");
}

TEST_CASE_FIXTURE(LegPair, "legs: a 2xx that is never acknowledged ends in BYE" *
                               doctest::description("RFC 3261 13.3.1.4; F17")) {
  invite();
  alice.take();
  REQUIRE(bench.legs.respond(bench.adopted, {}, 200, {}));
  world.run_for(Millis(31'900));
  CHECK(bench.notes.taken().empty());
  alice.forget();
  world.run_for(Millis(200));
  const Text bye = alice.take();
  CHECK(bye.first_line() == "BYE sip:alice@10.0.0.2 SIP/2.0");
  CHECK(bye.line("Reason") == "SIP;cause=408;text=\"No ACK\"");
  CHECK(bench.notes.taken() == "end 1 no-ack");
}

TEST_CASE_FIXTURE(LegPair, "legs: BYE waits for the ACK to the 2xx" *
                               doctest::description("RFC 3261 15; F17")) {
  invite();
  alice.take();
  const LegHandle leg = bench.adopted;
  REQUIRE(bench.legs.respond(leg, {}, 200, {}));
  alice.take();
  const std::string ack = within(leg, "ACK", 1);
  bench.legs.end(leg, "Reason: SIP;cause=480\r\n");
  CHECK(alice.take(Millis(600)).first_line() == "SIP/2.0 200 OK");
  alice.send(ack);
  const Text bye = alice.take();
  CHECK(bye.first_line() == "BYE sip:alice@10.0.0.2 SIP/2.0");
  CHECK(bye.line("Reason") == "SIP;cause=480");
  alice.send(answer(bye, "200 OK"));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "end 1 local-end");
  CHECK(bench.legs.is_quiet());
}

TEST_CASE_FIXTURE(LegPair, "legs: an INVITE is refused with what the application says" *
                               doctest::description("RFC 3261 13.3.1.3; F17")) {
  invite();
  alice.take();
  LegReply reply;
  reply.reason = "Not Today";
  reply.content.lines = "Retry-After: 60\r\n";
  REQUIRE(bench.legs.respond(bench.adopted, {}, 480, reply));
  const Text refused = alice.take();
  CHECK(refused.first_line() == "SIP/2.0 480 Not Today");
  CHECK(refused.line("Retry-After") == "60");
  world.run_for(Millis(10));
  CHECK(bench.notes.taken() == "end 1 rejected 480");
  CHECK(bench.legs.is_quiet());
}

TEST_CASE_FIXTURE(LegPair, "legs: an INVITE that comes by two ways is taken once" *
                               doctest::description("RFC 3261 8.2.2.2; C23")) {
  invite();
  CHECK(alice.take().first_line() == "SIP/2.0 100 Trying");
  invite("", "", "z9hG4bKother");
  CHECK(alice.take().first_line() == "SIP/2.0 482 Loop Detected");
  CHECK(bench.refused == Error::Exists);
  CHECK(bench.legs.leg_stats().in_use == 1);
  REQUIRE(bench.legs.respond(bench.adopted, {}, 404, {}));
  alice.take();
  world.run_for(Millis(50));
  // What comes later with another number, as after a challenge, is another one.
  invite("", "", "z9hG4bKthird", 2);
  CHECK(alice.take().first_line() == "SIP/2.0 100 Trying");
}

TEST_CASE_FIXTURE(LegPair, "legs: BYE of a caller whose call rings ends it" *
                               doctest::description("RFC 3261 15.1.2, RFC 5407 3.1.3; F17")) {
  invite();
  alice.take();
  const LegHandle leg = bench.adopted;
  REQUIRE(bench.legs.respond(leg, {}, 180, {}));
  const std::string tag = alice.take().tag("To");
  alice.send(within(leg, "BYE", 2));
  CHECK(alice.take().line("CSeq") == "2 BYE");
  const Text terminated = alice.take();
  CHECK(terminated.first_line() == "SIP/2.0 487 Request Terminated");
  CHECK(terminated.tag("To") == tag);
  CHECK(bench.notes.taken() == "end 1 peer-bye");
}

TEST_CASE_FIXTURE(LegPair, "legs: a caller is sent elsewhere" *
                               doctest::description("RFC 3261 8.3, 13.3.1.2")) {
  invite();
  alice.take();
  LegReply reply;
  reply.content.lines = "Contact: <sip:300@tipring>\r\n";
  REQUIRE(bench.legs.respond(bench.adopted, {}, 302, reply));
  const Text moved = alice.take();
  CHECK(moved.first_line() == "SIP/2.0 302 Moved Temporarily");
  CHECK(moved.line("Contact") == "<sip:300@tipring>");
}

TEST_CASE_FIXTURE(LegPair, "legs: a CANCEL ends a call that rings" *
                               doctest::description("RFC 3261 9.2; F17")) {
  invite();
  alice.take();
  REQUIRE(bench.legs.respond(bench.adopted, {}, 180, {}));
  alice.take();
  alice.send(
      "CANCEL sip:200@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKi\r\n"
      "From: <sip:alice@tipring>;tag=a\r\nTo: <sip:200@tipring>\r\nCall-ID: in\r\n"
      "CSeq: 1 CANCEL\r\nReason: SIP;cause=200\r\nContent-Length: 0\r\n\r\n");
  CHECK(alice.take().line("CSeq") == "1 CANCEL");
  CHECK(alice.take().first_line() == "SIP/2.0 487 Request Terminated");
  CHECK(bench.notes.taken() == "end 1 cancelled");
  CHECK(bench.notes.last.line("Reason") == "SIP;cause=200");
  CHECK(bench.legs.respond(bench.adopted, {}, 200, {}).error() == Error::Stale);
}

TEST_CASE_FIXTURE(LegPair, "legs: a CANCEL behind the 2xx changes nothing" *
                               doctest::description("RFC 3261 9.2, RFC 5407 3.1.2; F17")) {
  invite();
  alice.take();
  REQUIRE(bench.legs.respond(bench.adopted, {}, 200, {}));
  alice.take();
  alice.send(
      "CANCEL sip:200@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKi\r\n"
      "From: <sip:alice@tipring>;tag=a\r\nTo: <sip:200@tipring>\r\nCall-ID: in\r\n"
      "CSeq: 1 CANCEL\r\nContent-Length: 0\r\n\r\n");
  CHECK(alice.take().line("CSeq") == "1 CANCEL");
  CHECK(bench.notes.taken().empty());
  CHECK(bench.legs.view(bench.adopted)->state == LegState::Confirmed);
}

TEST_CASE_FIXTURE(LegPair, "legs: the peer's BYE ends the call and what is pending in it" *
                               doctest::description("RFC 3261 15.1.2; F17")) {
  const LegHandle leg = invite_answered();
  alice.send(within(leg, "INFO", 2));
  alice.send(within(leg, "BYE", 3, "Reason: Q.850;cause=16\r\n"));
  CHECK(alice.take().first_line() == "SIP/2.0 200 OK");
  const Text terminated = alice.take();
  CHECK(terminated.first_line() == "SIP/2.0 487 Request Terminated");
  CHECK(terminated.line("CSeq") == "2 INFO");
  CHECK(bench.notes.taken() == "request 1 INFO; end 1 peer-bye");
  CHECK(bench.notes.last.line("Reason") == "Q.850;cause=16");
  world.run_for(Millis(10));
  CHECK(bench.legs.is_quiet());
}

TEST_CASE_FIXTURE(LegPair, "legs: BYEs that cross both get their 200" *
                               doctest::description("RFC 5407 3.2.1; F17")) {
  const LegHandle leg = invite_answered();
  const std::string theirs = within(leg, "BYE", 2);
  bench.legs.end(leg);
  const Text ours = alice.take();
  alice.send(theirs);
  CHECK(alice.take().first_line() == "SIP/2.0 200 OK");
  alice.send(answer(ours, "481 Call/Transaction Does Not Exist"));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "end 1 local-end");
  CHECK(bench.legs.is_quiet());
}

TEST_CASE_FIXTURE(LegPair, "legs: nobody is rung for long without a sign of it" *
                               doctest::description("RFC 3261 13.3.1.1")) {
  invite();
  alice.take();
  REQUIRE(bench.legs.respond(bench.adopted, {}, 180, {}));
  alice.take();
  CHECK(alice.got_nothing(Millis(59'000)));
  CHECK(alice.take(Millis(2000)).first_line() == "SIP/2.0 180 Ringing");
}
