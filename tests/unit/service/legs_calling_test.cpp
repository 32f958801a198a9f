// Legs that call: their INVITE, its forks, its CANCEL and its ACK, on the wire.
#include <doctest/doctest.h>

#include <set>

#include "leg_bench.h"

using namespace tipring;
using namespace tipring::service;

TEST_CASE_FIXTURE(LegPair, "legs: an INVITE carries what a dialog begins with" *
                               doctest::description("RFC 3261 8.1.1, 12.1.2; F16")) {
  call(sdp_of("10.0.0.1", 4000), "Subject: hello\r\n");
  const Text invite = bob.take();
  CHECK(invite.first_line() == "INVITE sip:bob@10.0.0.3 SIP/2.0");
  CHECK(invite.line("From").starts_with("\"Hall\" <sip:200@tipring>;tag="));
  CHECK(invite.tag("From").size() == LegTagCodec::kSize);
  CHECK(invite.line("To") == "<sip:bob@tipring>");
  CHECK(invite.line("Contact") == "<sip:200@10.0.0.1:5060>");
  CHECK(invite.line("CSeq") == "1 INVITE");
  CHECK(invite.line("Max-Forwards") == "70");
  CHECK(invite.line("Supported").find("100rel") != std::string::npos);
  CHECK(invite.line("Allow").find("UPDATE") != std::string::npos);
  CHECK(invite.line("Subject") == "hello");
  CHECK(invite.body() == sdp_of("10.0.0.1", 4000));
}

TEST_CASE_FIXTURE(LegPair, "legs: a call that rings and is answered gets its ACK and its BYE" *
                               doctest::description("RFC 3261 13.2.2.4, 15.1.1; F17")) {
  const LegHandle leg = call(sdp_of("10.0.0.1", 4000));
  const Text invite = bob.take();
  bob.send(answer(invite, "100 Trying", ""));
  bob.send(answer(invite, "180 Ringing"));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "progress 1 180");
  CHECK(bench.legs.view(leg)->state == LegState::Early);
  bob.send(answer(invite, "200 OK", "b", "", sdp_of("10.0.0.3", 5000)));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "answer 1 200");
  REQUIRE(bench.legs.ack(leg));
  const Text ack = bob.take();
  CHECK(ack.first_line() == "ACK sip:bob@10.0.0.3 SIP/2.0");
  CHECK(ack.line("CSeq") == "1 ACK");
  CHECK(ack.line("To") == "<sip:bob@tipring>;tag=b");
  CHECK(ack.line("Via") != invite.line("Via"));
  bob.send(answer(invite, "200 OK", "b", "", sdp_of("10.0.0.3", 5000)));
  CHECK(bob.take().text == ack.text);  // the same once more
  bench.legs.end(leg, "Reason: Q.850;cause=16\r\n");
  const Text bye = bob.take();
  CHECK(bye.first_line() == "BYE sip:bob@10.0.0.3 SIP/2.0");
  CHECK(bye.line("CSeq") == "2 BYE");
  CHECK(bye.line("Reason") == "Q.850;cause=16");
  CHECK(bench.notes.taken().empty());
  bob.send(answer(bye, "200 OK"));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "end 1 local-end");
  world.run_for(Millis(60'000));
  CHECK(bench.legs.is_quiet());
  CHECK(bench.legs.request_stats().in_use == 0);
}

TEST_CASE_FIXTURE(LegPair, "legs: requests follow the route set of the answer from the bottom up" *
                               doctest::description("RFC 3261 12.1.2, 12.2.1.1; F16")) {
  const LegHandle leg = call();
  const Text invite = bob.take();
  bob.send(
      answer(invite, "200 OK", "b", "Record-Route: <sip:10.0.0.9;lr>, <sip:10.0.0.3:5060;lr>\r\n"));
  world.run_for(Millis(50));
  REQUIRE(bench.legs.ack(leg));
  const Text ack = bob.take();
  CHECK(ack.first_line() == "ACK sip:bob@10.0.0.3 SIP/2.0");
  CHECK(ack.line("Route") == "<sip:10.0.0.3:5060;lr>, <sip:10.0.0.9;lr>");
}

TEST_CASE_FIXTURE(LegPair, "legs: a call that is refused ends with the response" *
                               doctest::description("RFC 3261 13.2.2.3; F17")) {
  call();
  const Text invite = bob.take();
  bob.send(answer(invite, "486 Busy Here"));
  CHECK(bob.take().first_line() == "ACK sip:bob@10.0.0.3 SIP/2.0");
  CHECK(bench.notes.taken() == "end 1 refused 486");
  CHECK(bench.notes.last.first_line() == "SIP/2.0 486 Busy Here");
  world.run_for(Millis(10));
  CHECK(bench.legs.is_quiet());
}

TEST_CASE_FIXTURE(LegPair, "legs: a call that nobody answers counts as 408" *
                               doctest::description("RFC 3261 8.1.3.1, 17.1.1.2; F17")) {
  call();
  world.run_for(Millis(33'000));
  CHECK(bench.notes.taken() == "end 1 refused 408");
  CHECK(bench.legs.is_quiet());
}

TEST_CASE_FIXTURE(LegPair, "legs: CANCEL goes out at once behind a provisional response" *
                               doctest::description("RFC 3261 9.1; F17")) {
  const LegHandle leg = call();
  const Text invite = bob.take();
  bob.send(answer(invite, "180 Ringing"));
  world.run_for(Millis(50));
  bench.legs.end(leg, "Reason: SIP;cause=200\r\n");
  const Text cancel = bob.take(Millis(20));
  CHECK(cancel.first_line() == "CANCEL sip:bob@10.0.0.3 SIP/2.0");
  CHECK(cancel.line("Via") == invite.line("Via"));
  CHECK(cancel.line("Reason") == "SIP;cause=200");
  bob.send(answer(cancel, "200 OK"));
  bob.send(answer(invite, "487 Request Terminated"));
  CHECK(bob.take().first_line() == "ACK sip:bob@10.0.0.3 SIP/2.0");
  CHECK(bench.notes.taken() == "progress 1 180; end 1 cancelled 487");
}

TEST_CASE_FIXTURE(LegPair,
                  "legs: CANCEL waits for the first provisional response, with its reason" *
                      doctest::description("RFC 3261 9.1, RFC 3326; F17, R16.4")) {
  const LegHandle leg = call();
  const Text invite = bob.take();
  bench.legs.end(leg, "Reason: SIP;cause=200\r\n");
  CHECK(bob.got_nothing(Millis(300)));
  bob.send(answer(invite, "100 Trying", ""));
  const Text cancel = bob.take();
  CHECK(cancel.first_line() == "CANCEL sip:bob@10.0.0.3 SIP/2.0");
  CHECK(cancel.line("Reason") == "SIP;cause=200");
}

TEST_CASE_FIXTURE(LegPair, "legs: a 2xx that crosses CANCEL is acknowledged and ended" *
                               doctest::description("RFC 3261 9.1, RFC 5407 3.1.2; F17")) {
  const LegHandle leg = call(sdp_of("10.0.0.1", 4000));
  const Text invite = bob.take();
  bob.send(answer(invite, "180 Ringing"));
  world.run_for(Millis(50));
  bench.legs.end(leg);
  bob.take();
  bob.send(answer(invite, "200 OK", "b", "", sdp_of("10.0.0.3", 5000)));
  CHECK(bob.take().first_line() == "ACK sip:bob@10.0.0.3 SIP/2.0");
  const Text bye = bob.take();
  CHECK(bye.first_line() == "BYE sip:bob@10.0.0.3 SIP/2.0");
  CHECK(bench.notes.taken() == "progress 1 180; end 1 cancelled");
  bob.send(answer(bye, "200 OK"));
  world.run_for(Millis(40'000));
  CHECK(bench.legs.is_quiet());
}

TEST_CASE_FIXTURE(LegPair, "legs: a late 2xx to a delayed offer gets an answer that takes nothing" *
                               doctest::description("RFC 3261 13.2.2.4; C24")) {
  const LegHandle leg = call();
  const Text invite = bob.take();
  bob.send(answer(invite, "180 Ringing"));
  world.run_for(Millis(50));
  bench.legs.end(leg);
  bob.take();
  bob.send(answer(invite, "200 OK", "b", "", sdp_of("10.0.0.3", 5000)));
  const Text ack = bob.take();
  CHECK(ack.first_line() == "ACK sip:bob@10.0.0.3 SIP/2.0");
  CHECK(ack.line("Content-Type") == "application/sdp");
  CHECK(ack.has("m=audio 0 RTP/AVP 0"));
  CHECK(bob.take().first_line() == "BYE sip:bob@10.0.0.3 SIP/2.0");
}

TEST_CASE_FIXTURE(LegPair, "legs: two callees that ring are two dialogs of one call" *
                               doctest::description("RFC 3261 12.1, 13.2.2.1; F56")) {
  call();
  const Text invite = bob.take();
  bob.send(answer(invite, "180 Ringing", "b"));
  bob.send(answer(invite, "183 Session Progress", "c"));
  bob.send(answer(invite, "180 Ringing", "c"));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "progress 1 180; fork 1; progress 101 183; progress 101 180");
  CHECK(bench.legs.view(bench.notes.fork)->remote_tag == "c");
  bob.send(answer(invite, "486 Busy Here", "b"));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "end 1 refused 486; end 101 refused 486");
}

TEST_CASE_FIXTURE(LegPair, "legs: of a fork the first answer stands, and a late one is ended" *
                               doctest::description("RFC 3261 13.2.2.4; F56, R15.3")) {
  call();
  const Text invite = bob.take();
  bob.send(answer(invite, "180 Ringing", "b"));
  bob.send(answer(invite, "180 Ringing", "c"));
  bob.send(answer(invite, "200 OK", "c"));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() ==
        "progress 1 180; fork 1; progress 101 180; answer 101 200; end 1 fork-lost");
  REQUIRE(bench.legs.ack(bench.notes.fork));
  CHECK(bob.take().tag("To") == "c");
  bob.send(answer(invite, "200 OK", "b"));
  const Text ack = bob.take();
  CHECK(ack.first_line() == "ACK sip:bob@10.0.0.3 SIP/2.0");
  CHECK(ack.tag("To") == "b");
  const Text bye = bob.take();
  CHECK(bye.first_line() == "BYE sip:bob@10.0.0.3 SIP/2.0");
  CHECK(bye.tag("To") == "b");
  CHECK(bye.line("Reason") == "SIP;cause=200;text=\"Call completed elsewhere\"");
  bob.send(answer(bye, "200 OK"));
  // Another that was never heard of.
  bob.send(answer(invite, "200 OK", "d"));
  CHECK(bob.take().tag("To") == "d");
  CHECK(bob.take().tag("To") == "d");
  CHECK(bench.notes.taken().empty());
  CHECK(bench.legs.view(bench.notes.fork)->state == LegState::Confirmed);
}

TEST_CASE_FIXTURE(LegPair, "legs: of many late answers each gets its ACK and BYE" *
                               doctest::description("RFC 3261 13.2.2.4; F56, R15.3")) {
  const LegHandle leg = call();
  const Text invite = bob.take();
  bob.send(answer(invite, "200 OK", "first"));
  world.run_for(Millis(50));
  REQUIRE(bench.legs.ack(leg));
  CHECK(bob.take().tag("To") == "first");
  std::set<std::string> acknowledged;
  std::set<std::string> ended;
  // A 2xx is repeated until its ACK comes (13.3.1.4).
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 30; ++i) {
      const std::string tag = "late" + std::to_string(i);
      if (!acknowledged.contains(tag)) bob.send(answer(invite, "200 OK", tag));
    }
    world.run_for(Millis(100));
    while (bob.waiting() != 0) {
      const Text got = bob.take();
      const bool is_bye = got.first_line().starts_with("BYE");
      (is_bye ? ended : acknowledged).insert(got.tag("To"));
      if (is_bye) bob.send(answer(got, "200 OK"));
    }
    world.run_for(Millis(100));
  }
  CHECK(acknowledged.size() == 30);
  CHECK(ended.size() == 30);
  CHECK(bench.legs.view(leg)->state == LegState::Confirmed);
}

TEST_CASE_FIXTURE(LegPair, "legs: a lost ACK is repeated with the 2xx" *
                               doctest::description("RFC 3261 13.2.2.4, RFC 6026 8.7; F17")) {
  call_answered();
  for (int i = 0; i < 3; ++i) {
    bob.send(answer(sent, "200 OK", "b", "", sdp_of("10.0.0.3", 5000)));
    CHECK(bob.take().line("CSeq") == "1 ACK");
  }
  CHECK(bench.notes.taken().empty());
  world.run_for(Millis(33'000));
  bob.send(answer(sent, "200 OK", "b"));
  CHECK(bob.got_nothing());  // Timer M is over
}

TEST_CASE_FIXTURE(LegPair,
                  "legs: a 2xx that is beyond what is kept of a dialog ends the call at once" *
                      doctest::description("RFC 3261 13.2.2.4; F17")) {
  call();
  sent = bob.take();
  std::string routes = "Record-Route: <sip:10.0.0.1;lr>";
  for (int i = 0; i < 200; ++i) routes += ", <sip:10.0.0.77;lr>";
  bob.send(answer(sent, "200 OK", "b", routes + "\r\n"));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "end 1 unreachable");
  bob.send(answer(sent, "200 OK", "b", routes + "\r\n"));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "");
  world.run_for(Millis(33'000));
  CHECK(bench.legs.is_quiet());
}

TEST_CASE_FIXTURE(LegPair, "legs: a call whose application forgets the ACK is ended" *
                               doctest::description("RFC 3261 13.2.2.4")) {
  call(sdp_of("10.0.0.1", 4000));
  const Text invite = bob.take();
  bob.send(answer(invite, "200 OK", "b", "", sdp_of("10.0.0.3", 5000)));
  world.run_for(Millis(19'000));
  CHECK(bob.got_nothing());
  CHECK(bob.take(Millis(2000)).first_line() == "ACK sip:bob@10.0.0.3 SIP/2.0");
  CHECK(bob.take().first_line() == "BYE sip:bob@10.0.0.3 SIP/2.0");
  CHECK(bench.notes.taken() == "answer 1 200; end 1 ack-missing");
}

TEST_CASE_FIXTURE(LegPair, "legs: an answer that is ended at once is acknowledged before" *
                               doctest::description("RFC 3261 13.2.2.4, 15")) {
  bench.notes.then = [&](std::string_view event) {
    if (event.starts_with("answer")) bench.legs.end(bench.notes.leg);
  };
  call(sdp_of("10.0.0.1", 4000));
  const Text invite = bob.take();
  bob.send(answer(invite, "200 OK", "b", "", sdp_of("10.0.0.3", 5000)));
  CHECK(bob.take().first_line() == "ACK sip:bob@10.0.0.3 SIP/2.0");
  const Text bye = bob.take();
  CHECK(bye.first_line() == "BYE sip:bob@10.0.0.3 SIP/2.0");
  bob.send(answer(bye, "200 OK"));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "answer 1 200; end 1 local-end");
}
