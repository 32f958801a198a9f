// Requests within the dialogs of legs, in both directions, and what crosses: on the wire.
#include <doctest/doctest.h>

#include "leg_bench.h"

using namespace tipring;
using namespace tipring::service;
using sip::Method;

namespace {

const std::string kOurs = sdp_of("10.0.0.1", 4002);
const std::string kTheirs = sdp_of("10.0.0.3", 5002);

LegContent description(const std::string& body) { return {"", "application/sdp", body}; }

LegReply accepting(const std::string& body) {
  LegReply reply;
  reply.content = description(body);
  return reply;
}

}  // namespace

TEST_CASE_FIXTURE(LegPair, "legs: a peer elsewhere cannot name what listens on our own host" *
                               doctest::description("RFC 3261 12.2.1.1, 26.3.2.4")) {
  Peer trap(world, "10.0.0.1", 7000);
  const LegHandle leg = call();
  const Text invite = bob.take();
  bob.send(answer(invite, "200 OK", "b", "Record-Route: <sip:10.0.0.1:7000;lr>\r\n"));
  world.run_for(Millis(50));
  static_cast<void>(bench.legs.ack(leg).has_value());
  bench.legs.end(leg);
  CHECK(trap.got_nothing());
}

TEST_CASE_FIXTURE(LegPair, "legs: a call that keeps off this host does not go to it" *
                               doctest::description("RFC 3261 26.3.2.4")) {
  for (const bool keeps_off : {true, false}) {
    Peer trap(world, "10.0.0.1", 7000);
    LegCall out;
    out.request_uri = "sip:bob@10.0.0.1:7000";
    out.from = "<sip:200@tipring>";
    out.to = "<sip:bob@tipring>";
    out.keeps_off_host = keeps_off;
    static_cast<void>(bench.legs.call(out, bench.notes, 1).has_value());
    CHECK(trap.got_nothing() == keeps_off);
  }
}

TEST_CASE_FIXTURE(LegPair, "legs: a re-INVITE of ours changes the session" *
                               doctest::description("RFC 3261 14.1; F17, U15")) {
  const LegHandle leg = call_answered();
  const auto request = bench.legs.request(leg, Method::Invite, description(kOurs), 7);
  REQUIRE(request);
  const Text invite = bob.take();
  CHECK(invite.first_line() == "INVITE sip:bob@10.0.0.3 SIP/2.0");
  CHECK(invite.line("CSeq") == "2 INVITE");
  CHECK(invite.line("To") == "<sip:bob@tipring>;tag=b");
  CHECK(invite.line("Contact") == "<sip:200@10.0.0.1:5060>");
  CHECK(invite.body() == kOurs);
  bob.send(answer(invite, "200 OK", "b", "Contact: <sip:new@10.0.0.3>\r\n", kTheirs));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "response 1 INVITE 200");
  CHECK(bench.notes.request.tag == 7);
  CHECK(bench.notes.request.request == *request);
  REQUIRE(bench.legs.ack(leg));
  const Text ack = bob.take();
  CHECK(ack.line("CSeq") == "2 ACK");
  bob.send(answer(invite, "200 OK", "b", "", kTheirs));
  CHECK(bob.take().text == ack.text);
}

TEST_CASE_FIXTURE(LegPair, "legs: a re-INVITE that is refused leaves the call as it was" *
                               doctest::description("RFC 3261 14.1; F17")) {
  const LegHandle leg = call_answered();
  REQUIRE(bench.legs.request(leg, Method::Invite, description(kOurs)));
  const Text invite = bob.take();
  bob.send(answer(invite, "488 Not Acceptable Here"));
  CHECK(bob.take().line("CSeq") == "2 ACK");
  CHECK(bench.notes.taken() == "response 1 INVITE 488");
  CHECK(bench.legs.view(leg)->state == LegState::Confirmed);
  CHECK(bench.legs.request(leg, Method::Invite, description(kOurs)));  // and once more
}

TEST_CASE_FIXTURE(LegPair,
                  "legs: one INVITE at a time" * doctest::description("RFC 3261 14.1; F17")) {
  const LegHandle leg = call_answered();
  REQUIRE(bench.legs.request(leg, Method::Invite, description(kOurs)));
  const auto second = bench.legs.request(leg, Method::Invite, description(kOurs));
  CHECK(second.error() == Error::Busy);
  const auto update = bench.legs.request(leg, Method::Update, description(kOurs));
  CHECK(update.error() == Error::Busy);
  CHECK(bench.legs.request(leg, Method::Info, {}));  // but others beside it
  CHECK(bench.legs.request(leg, Method::Message, {}));
}

TEST_CASE_FIXTURE(LegPair, "legs: a re-INVITE of the peer goes to the application" *
                               doctest::description("RFC 3261 14.2; F17, U15")) {
  const LegHandle leg = invite_answered();
  alice.send(within(leg, "INVITE", 2, "", kTheirs));
  CHECK(alice.take().first_line() == "SIP/2.0 100 Trying");
  CHECK(bench.notes.taken() == "request 1 INVITE");
  REQUIRE(bench.legs.respond(leg, bench.notes.server, 200, accepting(kOurs)));
  const Text ok = alice.take();
  CHECK(ok.line("CSeq") == "2 INVITE");
  CHECK(ok.line("Record-Route").empty());
  CHECK(alice.take(Millis(600)).text == ok.text);
  alice.send(within(leg, "ACK", 2));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "ack 1");
  bench.legs.end(leg);
  CHECK(alice.take().first_line() == "BYE sip:peer@10.0.0.2 SIP/2.0");  // the target was refreshed
}

TEST_CASE_FIXTURE(LegPair, "legs: a re-INVITE that is refused refreshes no target" *
                               doctest::description("RFC 3261 12.2.2, RFC 6141 3.4")) {
  const LegHandle leg = invite_answered();
  bench.notes.verdict = LegVerdict::Unknown;
  alice.send(within(leg, "INVITE", 2, "", kTheirs));
  CHECK(alice.take().first_line() == "SIP/2.0 100 Trying");
  CHECK(alice.take().first_line() == "SIP/2.0 488 Not Acceptable Here");
  bench.legs.end(leg);
  CHECK(alice.take().first_line() == "BYE sip:alice@10.0.0.2 SIP/2.0");
}

TEST_CASE_FIXTURE(LegPair, "legs: re-INVITEs that cross get 491 on both sides" *
                               doctest::description("RFC 3261 14.1, 14.2; F27")) {
  const LegHandle leg = call_answered();
  REQUIRE(bench.legs.request(leg, Method::Invite, description(kOurs)));
  const Text ours = bob.take();
  bob.send(within(leg, "INVITE", 1, "", kTheirs));
  CHECK(bob.take().first_line() == "SIP/2.0 491 Request Pending");
  bob.send(within(leg, "ACK", 1, "", "", "z9hG4bKINVITE1"));
  CHECK(bench.notes.taken().empty());  // it is none of the application's business
  bob.send(answer(ours, "491 Request Pending"));
  CHECK(bob.take().line("CSeq") == "2 ACK");
  CHECK(bench.notes.taken() == "event 1 491");
  // Who has made the Call-ID waits for 2.1 to 4 s.
  CHECK(bob.got_nothing(Millis(2000)));
  const Text again = bob.take(Millis(2100));
  CHECK(again.line("CSeq") == "3 INVITE");
  CHECK(again.line("Via") != ours.line("Via"));
  CHECK(again.body() == kOurs);
  bob.send(answer(again, "200 OK", "b", "", kTheirs));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "response 1 INVITE 200");
  CHECK(bench.legs.ack(leg));
}

TEST_CASE_FIXTURE(LegPair, "legs: a 491 is the application's where it wants it" *
                               doctest::description("DESIGN client events; F27, F47")) {
  const LegHandle leg = call_answered();
  bench.notes.client_verdict = ClientVerdict::Next;
  REQUIRE(bench.legs.request(leg, Method::Invite, description(kOurs)));
  bob.send(answer(bob.take(), "491 Request Pending"));
  CHECK(bob.take().line("CSeq") == "2 ACK");
  CHECK(bench.notes.taken() == "event 1 491; response 1 INVITE 491");
  CHECK(bob.got_nothing(Millis(5000)));
}

TEST_CASE_FIXTURE(LegPair, "legs: a second INVITE before the first is answered gets 500" *
                               doctest::description("RFC 3261 14.2; F27")) {
  const LegHandle leg = invite_answered();
  alice.send(within(leg, "INVITE", 2, "", kTheirs));
  alice.take();
  alice.send(within(leg, "INVITE", 3, "", kTheirs));
  const Text refused = alice.take();
  CHECK(refused.first_line() == "SIP/2.0 500 Server Internal Error");
  CHECK_FALSE(refused.line("Retry-After").empty());
}

TEST_CASE_FIXTURE(LegPair, "legs: a re-INVITE tells that our 2xx has come, whose ACK was lost" *
                               doctest::description("RFC 5407 3.1.4")) {
  invite("", sdp_of("10.0.0.2", 6000));
  alice.take();
  const LegHandle leg = bench.adopted;
  REQUIRE(bench.legs.respond(leg, {}, 200, accepting(kOurs)));
  alice.take();
  alice.send(within(leg, "INVITE", 2, "", kTheirs));
  CHECK(alice.take().line("CSeq") == "2 INVITE");  // 100
  REQUIRE(bench.legs.respond(leg, bench.notes.server, 200, accepting(kOurs)));
  CHECK(alice.take().line("CSeq") == "2 INVITE");
  alice.send(within(leg, "ACK", 1));  // the late one acknowledges nothing
  CHECK(alice.take(Millis(600)).line("CSeq") == "2 INVITE");
  alice.send(within(leg, "ACK", 2));
  CHECK(alice.got_nothing(Millis(5000)));
}

TEST_CASE_FIXTURE(LegPair,
                  "legs: a re-INVITE before the ACK with the answer to our offer gets 491" *
                      doctest::description("RFC 5407 3.1.5")) {
  invite();
  alice.take();
  const LegHandle leg = bench.adopted;
  REQUIRE(bench.legs.respond(leg, {}, 200, accepting(kOurs)));
  alice.take();
  alice.send(within(leg, "INVITE", 2, "", kTheirs));
  CHECK(alice.take().first_line() == "SIP/2.0 491 Request Pending");
  alice.send(within(leg, "ACK", 1, "", kTheirs));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "ack 1");
}

TEST_CASE_FIXTURE(LegPair, "legs: CANCEL of a re-INVITE, from either side" *
                               doctest::description("RFC 3261 9, 14; F17")) {
  const LegHandle leg = call_answered();
  bob.send(within(leg, "INVITE", 1, "", kTheirs, "z9hG4bKx"));
  CHECK(bob.take().first_line() == "SIP/2.0 100 Trying");
  bob.send(within(leg, "CANCEL", 1, "", "", "z9hG4bKx"));
  CHECK(bob.take().line("CSeq") == "1 CANCEL");
  CHECK(bob.take().first_line() == "SIP/2.0 487 Request Terminated");
  CHECK(bench.notes.taken() == "request 1 INVITE; request-cancelled 1");
  const auto ours = bench.legs.request(leg, Method::Invite, description(kOurs));
  REQUIRE(ours);
  const Text invite = bob.take();
  bob.send(answer(invite, "100 Trying"));
  world.run_for(Millis(50));
  bench.legs.cancel(*ours);
  CHECK(bob.take().first_line() == "CANCEL sip:bob@10.0.0.3 SIP/2.0");
  bob.send(answer(invite, "487 Request Terminated"));
  CHECK(bob.take().line("CSeq") == "2 ACK");
  CHECK(bench.notes.taken() == "response 1 INVITE 487");
  CHECK(bench.legs.view(leg)->state == LegState::Confirmed);
}

TEST_CASE_FIXTURE(LegPair, "legs: a cancelled re-INVITE is the application's where it wants it" *
                               doctest::description("RFC 3261 9.2")) {
  const LegHandle leg = call_answered();
  bench.notes.cancel_verdict = LegVerdict::Taken;
  bob.send(within(leg, "INVITE", 1, "", kTheirs, "z9hG4bKx"));
  CHECK(bob.take().first_line() == "SIP/2.0 100 Trying");
  const ServerHandle server = bench.notes.server;
  bob.send(within(leg, "CANCEL", 1, "", "", "z9hG4bKx"));
  CHECK(bob.take().line("CSeq") == "1 CANCEL");
  CHECK(bob.got_nothing());
  LegReply reply;
  reply.content = description(kOurs);
  REQUIRE(bench.legs.respond(leg, server, 200, reply));
  CHECK(bob.take().first_line() == "SIP/2.0 200 OK");
  bob.send(within(leg, "ACK", 1));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "request 1 INVITE; request-cancelled 1; ack 1");
}

TEST_CASE_FIXTURE(LegPair, "legs: a BYE that crosses our re-INVITE ends both" *
                               doctest::description("RFC 5407 3.2.2, 3.2.3; F17")) {
  const LegHandle leg = call_answered();
  REQUIRE(bench.legs.request(leg, Method::Invite, description(kOurs)));
  const Text invite = bob.take();
  bob.send(within(leg, "BYE", 1));
  CHECK(bob.take().first_line() == "SIP/2.0 200 OK");
  CHECK(bench.notes.taken() == "end 1 peer-bye");
  bob.send(answer(invite, "200 OK", "b", "", kTheirs));
  CHECK(bob.take().line("CSeq") == "2 ACK");
  CHECK(bench.notes.taken().empty());
  world.run_for(Millis(10));
  CHECK(bench.legs.is_quiet());
  CHECK(bench.legs.request_stats().in_use == 0);
}

TEST_CASE_FIXTURE(LegPair, "legs: a re-INVITE of the peer that crosses our BYE gets 481" *
                               doctest::description("RFC 5407 3.2.2; F17")) {
  const LegHandle leg = call_answered();
  const std::string theirs = within(leg, "INVITE", 1, "", kTheirs);
  bench.legs.end(leg);
  const Text bye = bob.take();
  bob.send(theirs);
  CHECK(bob.take().first_line() == "SIP/2.0 481 Call/Transaction Does Not Exist");
  bob.send(answer(bye, "200 OK"));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "end 1 local-end");
}

TEST_CASE_FIXTURE(LegPair,
                  "legs: UPDATE in both directions" * doctest::description("RFC 3311 5; F23")) {
  const LegHandle leg = call_answered();
  CHECK(bench.legs.view(leg)->peer.update);
  REQUIRE(bench.legs.request(leg, Method::Update, description(kOurs)));
  const Text update = bob.take();
  CHECK(update.first_line() == "UPDATE sip:bob@10.0.0.3 SIP/2.0");
  CHECK(update.line("Contact") == "<sip:200@10.0.0.1:5060>");
  // Theirs crosses.
  bob.send(within(leg, "UPDATE", 1, "", kTheirs));
  CHECK(bob.take().first_line() == "SIP/2.0 491 Request Pending");
  bob.send(answer(update, "200 OK", "b", "", kTheirs));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "response 1 UPDATE 200");
  bob.send(within(leg, "UPDATE", 2, "", kTheirs));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "request 1 UPDATE");
  CHECK(bench.legs.request(leg, Method::Update, description(kOurs)).error() == Error::Busy);
  REQUIRE(bench.legs.respond(leg, bench.notes.server, 200, accepting(kOurs)));
  const Text ok = bob.take();
  CHECK(ok.line("CSeq") == "2 UPDATE");
  CHECK(ok.line("Contact") == "<sip:200@10.0.0.1:5060>");
  CHECK(bench.legs.request(leg, Method::Update, description(kOurs)));
}

TEST_CASE_FIXTURE(LegPair, "legs: UPDATE before the answer of a call whose offer is open" *
                               doctest::description("RFC 3311 5.1, 5.2; F23")) {
  const LegHandle leg = call(kOurs);
  const Text invite = bob.take();
  bob.send(answer(invite, "180 Ringing"));
  world.run_for(Millis(50));
  CHECK(bench.legs.request(leg, Method::Update, description(kOurs)).error() == Error::Busy);
  bob.send(within(leg, "UPDATE", 1, "", kTheirs));
  CHECK(bob.take().first_line() == "SIP/2.0 491 Request Pending");
}

TEST_CASE_FIXTURE(LegPair, "legs: INFO, MESSAGE, REFER, NOTIFY and OPTIONS in both directions" *
                               doctest::description("RFC 3261 12.2, RFC 6086; F26, F21")) {
  const LegHandle leg = call_answered();
  int cseq = 2;
  int theirs = 1;
  for (const Method method :
       {Method::Info, Method::Message, Method::Refer, Method::Notify, Method::Options}) {
    const std::string name(sip::to_text(method));
    REQUIRE(bench.legs.request(leg, method, {"X-Line: 1\r\n", "text/plain", "hello"}));
    const Text request = bob.take();
    CHECK(request.first_line() == name + " sip:bob@10.0.0.3 SIP/2.0");
    CHECK(request.line("CSeq") == std::to_string(cseq++) + " " + name);
    CHECK(request.line("X-Line") == "1");
    CHECK(request.body() == "hello");
    bob.send(answer(request, "202 Accepted"));
    world.run_for(Millis(20));
    CHECK(bench.notes.taken() == "response 1 " + name + " 202");
    bob.send(within(leg, name, theirs++, "Refer-To: <sip:c@h>\r\nEvent: refer\r\n"));
    world.run_for(Millis(20));
    CHECK(bench.notes.taken() == "request 1 " + name);
    LegReply reply;
    reply.content.lines = "X-Line: 2\r\n";
    REQUIRE(bench.legs.respond(leg, bench.notes.server, 202, reply));
    const Text answered = bob.take();
    CHECK(answered.first_line() == "SIP/2.0 202 Accepted");
    CHECK(answered.line("X-Line") == "2");
    CHECK(bench.legs.respond(leg, bench.notes.server, 202, reply).error() == Error::Stale);
  }
}

TEST_CASE_FIXTURE(LegPair, "legs: methods that the application does not take" *
                               doctest::description("RFC 3261 8.2.1; F8, R4.4")) {
  const LegHandle leg = call_answered();
  bench.notes.verdict = LegVerdict::Unknown;
  bob.send(within(leg, "SUBSCRIBE", 1));
  const Text known = bob.take();
  CHECK(known.first_line() == "SIP/2.0 405 Method Not Allowed");
  CHECK(known.line("Allow").find("INVITE") != std::string::npos);
  bob.send(within(leg, "FOO", 2));
  CHECK(bob.take().first_line() == "SIP/2.0 501 Not Implemented");
}

TEST_CASE_FIXTURE(LegPair, "legs: an extension that must be understood and is not gets 420" *
                               doctest::description("RFC 3261 8.2.2.3")) {
  const LegHandle leg = call_answered();
  bob.send(within(leg, "INFO", 1, "Require: 100rel, foo\r\n"));
  const Text refused = bob.take();
  CHECK(refused.first_line() == "SIP/2.0 420 Bad Extension");
  CHECK(refused.line("Unsupported") == "foo");
  CHECK(bench.notes.taken().empty());
}

TEST_CASE_FIXTURE(LegPair, "legs: requests out of order get 500, and change nothing" *
                               doctest::description("RFC 3261 12.2.2; F8")) {
  const LegHandle leg = call_answered();
  bob.send(within(leg, "INFO", 2147483647, "", "", "z9hG4bKbig"));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "request 1 INFO");
  REQUIRE(bench.legs.respond(leg, bench.notes.server, 200, {}));
  CHECK(bob.take().first_line() == "SIP/2.0 200 OK");
  bob.send(within(leg, "BYE", 5));
  CHECK(bob.take().first_line() == "SIP/2.0 500 Server Internal Error");
  CHECK(bench.legs.view(leg)->state == LegState::Confirmed);
  CHECK(bench.legs.counters().disordered == 1);
}

TEST_CASE_FIXTURE(LegPair, "legs: requests of strangers find no dialog" *
                               doctest::description("RFC 3261 12.2.2; F8, F9")) {
  const LegHandle leg = call_answered();
  const auto view = *bench.legs.view(leg);
  const auto replaced = [&](std::string text, std::string_view what, std::string_view with) {
    text.replace(text.find(what), what.size(), with);
    return text;
  };
  const std::string bye = within(leg, "BYE", 1);
  // Another tag of theirs, another Call-ID.
  bob.send(replaced(bye, ";tag=b", ";tag=x"));
  CHECK(bob.take().first_line() == "SIP/2.0 481 Call/Transaction Does Not Exist");
  bob.send(replaced(within(leg, "BYE", 1, "", "", "z9hG4bKy"), view.call_id, "other"));
  CHECK(bob.take().first_line() == "SIP/2.0 481 Call/Transaction Does Not Exist");
  // A tag that we have not written is not ours.
  std::string forged(view.local_tag);
  forged[20] = forged[20] == '0' ? '1' : '0';
  bob.send(replaced(within(leg, "BYE", 1, "", "", "z9hG4bKz"), view.local_tag, forged));
  CHECK(bob.take().first_line() == "SIP/2.0 404 Not Found");
  CHECK(bench.strays == std::vector<std::string>{"BYE"});
  // Nobody answers an ACK.
  bob.send(replaced(within(leg, "ACK", 1), ";tag=b", ";tag=x"));
  CHECK(bob.got_nothing());
  CHECK(bench.legs.view(leg)->state == LegState::Confirmed);
  CHECK(bench.legs.counters().strays == 2);
}

TEST_CASE_FIXTURE(LegPair, "legs: a leg that has gone answers 481" *
                               doctest::description("RFC 3261 12.2.2, DESIGN handles")) {
  const LegHandle leg = call_answered();
  const std::string info = within(leg, "INFO", 5);
  bob.send(within(leg, "BYE", 1));
  bob.take();
  world.run_for(Millis(50));
  REQUIRE(bench.legs.is_quiet());
  bob.send(info);
  CHECK(bob.take().first_line() == "SIP/2.0 481 Call/Transaction Does Not Exist");
  CHECK_FALSE(bench.legs.view(leg));
  CHECK(bench.legs.request(leg, Method::Info, {}).error() == Error::Stale);
  bench.legs.end(leg);
}

TEST_CASE_FIXTURE(LegPair, "legs: 481 and silence end the dialog, other refusals do not" *
                               doctest::description("RFC 3261 12.2.1.2, RFC 5057 5.1")) {
  SUBCASE("481 to INFO") {
    const LegHandle leg = call_answered();
    REQUIRE(bench.legs.request(leg, Method::Info, {}));
    bob.send(answer(bob.take(), "481 Call/Transaction Does Not Exist"));
    world.run_for(Millis(50));
    CHECK(bench.notes.taken() == "response 1 INFO 481; end 1 dialog-lost 481");
    CHECK(bob.got_nothing());
    CHECK(bench.legs.is_quiet());
  }
  SUBCASE("483 to OPTIONS: nothing reaches him") {
    const LegHandle leg = call_answered();
    REQUIRE(bench.legs.request(leg, Method::Options, {}));
    bob.send(answer(bob.take(), "483 Too Many Hops"));
    world.run_for(Millis(50));
    CHECK(bench.notes.taken() == "response 1 OPTIONS 483; end 1 dialog-lost 483");
    CHECK(bob.take().line("CSeq") == "3 BYE");
  }
  SUBCASE("no answer to a re-INVITE") {
    const LegHandle leg = call_answered();
    REQUIRE(bench.legs.request(leg, Method::Invite, description(kOurs)));
    world.run_for(Millis(33'000));
    CHECK(bench.notes.taken() == "no-response 1 INVITE 408; end 1 dialog-lost 408");
    bob.forget();
    CHECK(bob.take(Millis(10'000)).first_line() == "BYE sip:bob@10.0.0.3 SIP/2.0");
  }
  SUBCASE("404 to a re-INVITE") {
    const LegHandle leg = call_answered();
    REQUIRE(bench.legs.request(leg, Method::Invite, description(kOurs)));
    bob.send(answer(bob.take(), "404 Not Found"));
    world.run_for(Millis(50));
    CHECK(bench.notes.taken() == "response 1 INVITE 404; end 1 dialog-lost 404");
    CHECK(bob.take().line("CSeq") == "2 ACK");
    CHECK(bob.take().line("CSeq") == "3 BYE");
  }
}

// What is no part of the call tells nothing of it, and so the call is asked about.
TEST_CASE_FIXTURE(LegPair, "legs: who knows nothing of another request is asked about the call" *
                               doctest::description("RFC 3261 12.2.1.2, RFC 5057 5.3")) {
  const LegHandle leg = call_answered();
  Text asked;
  const auto fail = [&](Method method, const std::string& status) {
    REQUIRE(bench.legs.request(leg, method, {}));
    bob.send(answer(bob.take(), status));
    asked = bob.take();
  };
  SUBCASE("he has lost it") {
    for (const Method method : {Method::Message, Method::Options, Method::Refer, Method::Notify}) {
      CAPTURE(sip::to_text(method));
      LegPair fresh;
      const LegHandle lost = fresh.call_answered();
      REQUIRE(fresh.bench.legs.request(lost, method, {}));
      fresh.bob.send(answer(fresh.bob.take(), "481 Call/Transaction Does Not Exist"));
      const Text update = fresh.bob.take();
      CHECK(update.first_line() == "UPDATE sip:bob@10.0.0.3 SIP/2.0");
      CHECK(update.line("CSeq") == "3 UPDATE");
      CHECK(update.body().empty());
      const std::string said = "response 1 " + std::string(sip::to_text(method)) + " 481";
      CHECK(fresh.bench.notes.taken() == said);
      fresh.bob.send(answer(update, "481 Call/Transaction Does Not Exist"));
      fresh.world.run_for(Millis(50));
      CHECK(fresh.bench.notes.taken() == "end 1 dialog-lost 481");
      CHECK(fresh.bob.got_nothing());
      CHECK(fresh.bench.legs.is_quiet());
    }
  }
  SUBCASE("he has it") {
    fail(Method::Message, "481 Call/Transaction Does Not Exist");
    bob.send(answer(asked, "200 OK"));
    world.run_for(Millis(50));
    CHECK(bench.notes.taken() == "response 1 MESSAGE 481");
    CHECK(bench.legs.view(leg)->state == LegState::Confirmed);
    CHECK(bob.got_nothing());
  }
  SUBCASE("he has something else to say to that") {
    fail(Method::Options, "408 Request Timeout");
    bob.send(answer(asked, "405 Method Not Allowed"));
    world.run_for(Millis(50));
    CHECK(bench.notes.taken() == "response 1 OPTIONS 408");
    CHECK(bench.legs.view(leg)->state == LegState::Confirmed);
    CHECK(bob.got_nothing());
  }
  SUBCASE("nothing comes to it, or to that") {
    REQUIRE(bench.legs.request(leg, Method::Message, {}));
    world.run_for(Millis(33'000));
    CHECK(bench.notes.taken() == "no-response 1 MESSAGE 408");
    world.run_for(Millis(33'000));
    CHECK(bench.notes.taken() == "end 1 dialog-lost 408");
  }
  SUBCASE("he has refused what has nothing to do with that") {
    REQUIRE(bench.legs.request(leg, Method::Message, {}));
    bob.send(answer(bob.take(), "403 Forbidden"));
    world.run_for(Millis(50));
    CHECK(bob.got_nothing());
    CHECK(bench.notes.taken() == "response 1 MESSAGE 403");
  }
}

TEST_CASE_FIXTURE(LegPair, "legs: who loses the dialog while he rings is cancelled" *
                               doctest::description("RFC 3261 9.1, RFC 5057 5.1")) {
  const LegHandle leg = call();
  const Text invite = bob.take();
  bob.send(answer(invite, "180 Ringing"));
  world.run_for(Millis(50));
  REQUIRE(bench.legs.request(leg, Method::Info, {}));
  bool knows_none = false;
  SUBCASE("he knows of none") { knows_none = true; }
  SUBCASE("his address leads to nobody") {}
  bob.send(
      answer(bob.take(), knows_none ? "481 Call/Transaction Does Not Exist" : "404 Not Found"));
  const Text cancel = bob.take();
  CHECK(cancel.line("CSeq") == "1 CANCEL");
  bob.send(answer(cancel, "200 OK"));
  bob.send(answer(invite, "487 Request Terminated"));
  CHECK(bob.take().line("CSeq") == "1 ACK");
  const std::string status = knows_none ? "481" : "404";
  CHECK(bench.notes.taken() ==
        "progress 1 180; response 1 INFO " + status + "; end 1 dialog-lost " + status);
  CHECK(bench.legs.is_quiet());
}

// He has said that he tries, and says no more.
TEST_CASE_FIXTURE(LegPair, "legs: a re-INVITE that is never answered ends with its leg" *
                               doctest::description("RFC 3261 9.1, 15; R5.5")) {
  const LegHandle leg = call_answered();
  REQUIRE(bench.legs.request(leg, Method::Invite, description(kOurs)));
  const Text invite = bob.take();
  bob.send(answer(invite, "100 Trying"));
  world.run_for(Millis(50));
  SUBCASE("ended by us") { bench.legs.end(leg); }
  SUBCASE("ended by him") {
    bob.send(within(leg, "BYE", 1));
    CHECK(bob.take().first_line() == "SIP/2.0 200 OK");
  }
  const Text cancel = bob.take();
  CHECK(cancel.line("CSeq") == "2 CANCEL");
  CHECK(cancel.line("Via") == invite.line("Via"));
  world.run_for(Millis(40'000));
  CHECK(bench.legs.is_quiet());
  CHECK(bench.legs.request_stats().in_use == 0);
}

TEST_CASE_FIXTURE(LegPair,
                  "legs: a re-INVITE that came again behind another one ends with its leg" *
                      doctest::description("RFC 3261 9.1, 14.1; R5.5")) {
  const LegHandle leg = call_answered();
  REQUIRE(bench.legs.request(leg, Method::Invite, {}));
  bob.send(answer(bob.take(), "491 Request Pending"));
  REQUIRE(bob.take().line("CSeq") == "2 ACK");
  REQUIRE(bench.legs.request(leg, Method::Invite, {}));
  bob.send(answer(bob.take(), "403 Forbidden"));
  REQUIRE(bob.take().line("CSeq") == "3 ACK");
  const Text again = bob.take(Millis(5'000));
  REQUIRE(again.line("CSeq") == "4 INVITE");
  bob.send(answer(again, "100 Trying"));
  world.run_for(Millis(50));
  CHECK_FALSE(bench.legs.view(leg)->is_settled);
  bench.legs.end(leg);
  CHECK(bob.take().line("CSeq") == "4 CANCEL");
  world.run_for(Millis(40'000));
  CHECK(bench.legs.is_quiet());
  CHECK(bench.legs.request_stats().in_use == 0);
}

TEST_CASE_FIXTURE(
    LegPair, "legs: a re-INVITE that has waited and is given up leaves the next one its offer" *
                 doctest::description("RFC 3261 14.1, RFC 3311 5.2; F27")) {
  const LegHandle leg = call_answered();
  const auto first = bench.legs.request(leg, Method::Invite, description(kOurs));
  REQUIRE(first);
  bob.send(answer(bob.take(), "491 Request Pending"));
  REQUIRE(bob.take().line("CSeq") == "2 ACK");
  REQUIRE(bench.legs.request(leg, Method::Invite, description(kOurs)));
  const Text next = bob.take();
  bob.send(answer(next, "100 Trying"));
  bench.notes.taken();
  std::string last_word = "no-response 1 INVITE 491";
  SUBCASE("since its turn has not come") {}
  SUBCASE("since it was cancelled") {
    bench.legs.cancel(*first);
    last_word = "no-response 1 INVITE 487";
  }
  world.run_for(Millis(4'100));
  CHECK(bench.notes.taken() == last_word);
  bob.send(within(leg, "UPDATE", 1, "", kTheirs));
  CHECK(bob.take().first_line() == "SIP/2.0 491 Request Pending");
  bob.send(answer(next, "200 OK", "b", "", kTheirs));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "response 1 INVITE 200");
  CHECK(bench.legs.ack(leg));
}

TEST_CASE_FIXTURE(LegPair, "legs: a re-INVITE is answered within three minutes, or cancelled" *
                               doctest::description("RFC 3261 14.1, 16.6 step 11")) {
  const LegHandle leg = call_answered();
  REQUIRE(bench.legs.request(leg, Method::Invite, description(kOurs)));
  const Text invite = bob.take();
  bob.send(answer(invite, "180 Ringing"));
  world.run_for(Millis(100'000));
  bob.send(answer(invite, "180 Ringing"));
  world.run_for(Millis(100'000));
  bob.send(answer(invite, "100 Trying"));
  CHECK(bob.got_nothing(Millis(79'000)));
  const Text cancel = bob.take(Millis(4'000));
  CHECK(cancel.line("CSeq") == "2 CANCEL");
  bob.send(answer(cancel, "200 OK"));
  bench.notes.taken();
  SUBCASE("he is there") {
    bob.send(answer(invite, "487 Request Terminated"));
    world.run_for(Millis(50));
    CHECK(bench.notes.taken() == "response 1 INVITE 487");
    CHECK(bench.legs.view(leg)->is_settled);
  }
  SUBCASE("he is not") {
    world.run_for(Millis(33'000));
    CHECK(bench.notes.taken() == "no-response 1 INVITE 408; end 1 dialog-lost 408");
  }
}

TEST_CASE_FIXTURE(LegPair, "legs: thousands of re-INVITEs cost nothing that stays" *
                               doctest::description("F8; hostile peers")) {
  const LegHandle leg = call_answered();
  for (int cseq = 1; cseq <= 3000; ++cseq) {
    bob.send(within(leg, "INVITE", cseq, "", kTheirs));
    if (cseq % 100 == 0) world.run_for(Millis(5));
  }
  world.run_for(Millis(50));
  CHECK(bench.legs.view(leg)->state == LegState::Confirmed);
  // One is at the application, and no other has come through.
  CHECK(bench.notes.taken() == "request 1 INVITE");
  bench.legs.end(leg);
  world.run_for(Millis(100'000));
  CHECK(bench.legs.is_quiet());
}

TEST_CASE_FIXTURE(LegPair, "legs: more requests than there are places for get 500" *
                               doctest::description("R5.5")) {
  const LegHandle leg = call_answered();
  for (int cseq = 1; cseq <= static_cast<int>(Leg::kRequestsMax); ++cseq) {
    bob.send(within(leg, "INFO", cseq));
  }
  world.run_for(Millis(50));
  bob.forget();
  bob.send(within(leg, "INFO", 20));
  const Text refused = bob.take();
  CHECK(refused.first_line() == "SIP/2.0 500 Server Internal Error");
  CHECK(refused.line("Retry-After") == "2");
}

TEST_CASE_FIXTURE(LegPair, "legs: a full pool refuses new calls, and those that stand end well" *
                               doctest::description("R5.5; DESIGN memory")) {
  std::vector<LegHandle> all;
  for (uint32_t i = 0; i < legs_max(kTinyLimits); ++i) {
    LegCall next;
    next.request_uri = "sip:bob@10.0.0.3";
    next.from = "<sip:a@tipring>";
    next.to = "<sip:b@tipring>";
    const auto leg = bench.legs.call(next, bench.notes, i);
    if (!leg) break;
    all.push_back(*leg);
    world.run_for(Millis(5));
  }
  CHECK(all.size() == legs_max(kTinyLimits));
  LegCall one_more;
  one_more.request_uri = "sip:bob@10.0.0.3";
  CHECK(bench.legs.call(one_more, bench.notes, 0).error() == Error::PoolExhausted);
  invite();
  CHECK(alice.take().first_line() == "SIP/2.0 503 Service Unavailable");
  bench.legs.end_all();
  world.run_for(Millis(70'000));
  CHECK(bench.legs.is_quiet());
  CHECK(bench.legs.request_stats().in_use == 0);
}

TEST_CASE_FIXTURE(LegPair,
                  "legs: who has lost the call before his ACK has come gets BYE behind it" *
                      doctest::description("RFC 3261 15, RFC 5057 5; F17")) {
  invite("", kTheirs);
  REQUIRE(alice.take().first_line() == "SIP/2.0 100 Trying");
  const LegHandle leg = bench.adopted;
  REQUIRE(bench.legs.respond(leg, {}, 200, accepting(kOurs)));
  REQUIRE(alice.take().first_line() == "SIP/2.0 200 OK");
  const std::string ack = within(leg, "ACK", 1);
  REQUIRE(bench.legs.request(leg, Method::Info, {}));
  alice.send(answer(alice.take(), "404 Not Found", ""));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "response 1 INFO 404; end 1 dialog-lost 404");
  alice.send(ack);
  const Text bye = alice.take();
  CHECK(bye.line("CSeq") == "2 BYE");
  alice.send(answer(bye, "200 OK", ""));
  world.run_for(Millis(100));
  CHECK(bench.legs.is_quiet());
}

TEST_CASE_FIXTURE(LegPair,
                  "legs: who has lost the call before our answer is refused, without a BYE" *
                      doctest::description("RFC 3261 15, RFC 5057 5; F17")) {
  for (const std::string lost : {"404 Not Found", "481 Call/Transaction Does Not Exist"}) {
    invite("", kTheirs, "z9hG4bK" + lost.substr(0, 3));
    REQUIRE(alice.take().first_line() == "SIP/2.0 100 Trying");
    const LegHandle leg = bench.adopted;
    REQUIRE(bench.legs.respond(leg, {}, 180, {}));
    REQUIRE(alice.take().first_line() == "SIP/2.0 180 Ringing");
    const std::string ack = within(leg, "ACK", 1, "", "", "z9hG4bK" + lost.substr(0, 3));
    REQUIRE(bench.legs.request(leg, Method::Info, {}));
    alice.send(answer(alice.take(), lost, ""));
    const Text refusal = alice.take();
    CHECK(refusal.first_line() == "SIP/2.0 480 Temporarily Unavailable");
    CHECK(refusal.line("CSeq") == "1 INVITE");
    alice.send(ack);
    CHECK(alice.got_nothing(Millis(40'000)));
    CHECK(bench.legs.is_quiet());
  }
}

TEST_CASE_FIXTURE(LegPair, "legs: a BYE of who has not answered ends the call and its ringing" *
                               doctest::description("RFC 3261 15; F17")) {
  const LegHandle leg = call();
  bob.send(answer(bob.take(), "180 Ringing"));
  world.run_for(Millis(50));
  bob.send(within(leg, "BYE", 1));
  CHECK(bob.take().first_line() == "SIP/2.0 200 OK");
  CHECK(bench.notes.taken() == "progress 1 180; end 1 peer-bye");
  const Text cancel = bob.take();
  REQUIRE(cancel.line("CSeq") == "1 CANCEL");
  bob.send(answer(cancel, "200 OK"));
  // RFC 3261 9.1: without a 487 the INVITE is over after 64 times T1.
  world.run_for(Millis(40'000));
  CHECK(bench.legs.is_quiet());
}
