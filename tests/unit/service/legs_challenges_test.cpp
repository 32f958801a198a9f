// Requests of legs that are challenged, on the wire.
#include <doctest/doctest.h>

#include <array>

#include "leg_bench.h"
#include "service/digest_client_auth.h"

using namespace tipring;
using namespace tipring::service;

namespace {

const std::array<Credential, 1> kHall = {Credential{"tipring", "200", "secret"}};

std::string challenge(const std::string& nonce, bool of_proxy = true,
                      const std::string& more = "") {
  return std::string(of_proxy ? "Proxy-Authenticate" : "WWW-Authenticate") +
         ": Digest realm=\"tipring\", nonce=\"" + nonce + "\", qop=\"auth\"" + more + "\r\n";
}

struct ChallengedCalls : LegPair {
  LegHandle call_with_credentials(const std::string& body = sdp_of("10.0.0.1", 4000)) {
    LegCall call;
    call.request_uri = "sip:bob@10.0.0.3";
    call.from = "<sip:200@tipring>";
    call.to = "<sip:bob@tipring>";
    call.content = {"", "application/sdp", body};
    call.credentials = kHall;
    const auto leg = bench.legs.call(call, bench.notes, bench.next_name++);
    REQUIRE(leg);
    sent = bob.take();
    return *leg;
  }
  // Bob challenges our last INVITE; the next one is taken.
  void challenge_invite(const std::string& nonce) {
    bob.send(answer(sent, "407 Proxy Authentication Required", "p", challenge(nonce)));
    REQUIRE(bob.take().first_line() == "ACK sip:bob@10.0.0.3 SIP/2.0");
    sent = bob.take();
  }
};

}  // namespace

TEST_CASE_FIXTURE(ChallengedCalls, "legs: a proxy and a server behind it are answered in turn" *
                                       doctest::description("RFC 3261 22.3; F28")) {
  call_with_credentials();
  challenge_invite("n1");
  bob.send(answer(sent, "401 Unauthorized", "s", challenge("m1", false)));
  bob.take();
  const Text third = bob.take();
  CHECK(third.line("CSeq") == "3 INVITE");
  CHECK(third.lines("Proxy-Authorization").size() == 1);
  CHECK(third.line("Proxy-Authorization").find("nonce=\"n1\"") != std::string::npos);
  CHECK(third.line("Authorization").find("nonce=\"m1\"") != std::string::npos);
}

TEST_CASE_FIXTURE(ChallengedCalls,
                  "legs: a stale nonce is replaced" * doctest::description("RFC 7616 3.3; F28")) {
  call_with_credentials();
  challenge_invite("n1");
  bob.send(answer(sent, "407 Proxy Authentication Required", "p",
                  challenge("n2", true, ", stale=true")));
  bob.take();
  const Text third = bob.take();
  CHECK(third.lines("Proxy-Authorization").size() == 1);
  CHECK(third.line("Proxy-Authorization").find("nonce=\"n2\"") != std::string::npos);
}

TEST_CASE_FIXTURE(
    ChallengedCalls,
    "legs: without credentials, or when the application says so, a challenge is a refusal" *
        doctest::description("RFC 3261 22.1; F28, F47")) {
  call(sdp_of("10.0.0.1", 4000));
  sent = bob.take();
  bob.send(answer(sent, "407 Proxy Authentication Required", "p", challenge("n1")));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "end 1 refused 407");
  bob.forget();
  call_with_credentials();
  bench.notes.client_verdict = ClientVerdict::Next;
  bob.send(answer(sent, "407 Proxy Authentication Required", "p", challenge("n1")));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "event 2 407; end 2 refused 407");
}

TEST_CASE_FIXTURE(ChallengedCalls,
                  "legs: a call that is ended while it is challenged does not go again" *
                      doctest::description("RFC 3261 9.1, 22.1; F28")) {
  const LegHandle leg = call_with_credentials();
  bench.notes.then = [&](std::string_view) { bench.legs.end(leg); };
  bob.send(answer(sent, "407 Proxy Authentication Required", "p", challenge("n1")));
  world.run_for(Millis(50));
  CHECK(bob.take().first_line().starts_with("ACK"));
  CHECK(bob.got_nothing());
  bench.notes.then = nullptr;
  CHECK(bench.notes.taken() == "event 1 407; end 1 cancelled 407");
  world.run_for(Millis(60'000));
  CHECK(bench.legs.is_quiet());
}

TEST_CASE_FIXTURE(ChallengedCalls, "legs: what has rung before the challenge is over with it" *
                                       doctest::description("RFC 3261 12.3, 22.3; F28, F56")) {
  const LegHandle leg = call_with_credentials();
  bob.send(answer(sent, "180 Ringing", "x", "Record-Route: <sip:10.0.0.9;lr>\r\n"));
  bob.send(answer(sent, "180 Ringing", "y"));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "progress 1 180; fork 1; progress 101 180");
  challenge_invite("n1");  // to bob again, not along the route that rang
  CHECK(bench.notes.taken() == "event 1 407; end 101 fork-lost");
  CHECK(bench.legs.view(leg)->state == LegState::Calling);
  CHECK(sent.line("To") == "<sip:bob@tipring>");
  bob.send(answer(sent, "180 Ringing", "z"));
  bob.send(answer(sent, "200 OK", "z", "", sdp_of("10.0.0.3", 5000)));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "progress 1 180; answer 1 200");
  REQUIRE(bench.legs.ack(leg));
  const Text ack = bob.take();
  CHECK(ack.line("To") == "<sip:bob@tipring>;tag=z");
  CHECK(ack.line("Route").empty());
}

TEST_CASE_FIXTURE(ChallengedCalls,
                  "legs: a reliable ring behind a challenge begins anew" *
                      doctest::description("RFC 3262 4; RFC 3261 22.3; F25, F28")) {
  call_with_credentials();
  const auto ring = [&](const std::string& number) {
    bob.send(answer(sent, "180 Ringing", "x", "Require: 100rel\r\nRSeq: " + number + "\r\n"));
    return bob.take();
  };
  const Text prack = ring("7");
  CHECK(prack.line("RAck") == "7 1 INVITE");
  bob.send(answer(prack, "200 OK"));
  challenge_invite("n1");
  CHECK(sent.line("CSeq") == "3 INVITE");
  const Text again = ring("2");
  CHECK(again.line("RAck") == "2 3 INVITE");
  CHECK(again.line("Proxy-Authorization").find("nc=00000002") != std::string::npos);
}

TEST_CASE_FIXTURE(ChallengedCalls,
                  "legs: a challenged request within the dialog is told of when it is answered" *
                      doctest::description("RFC 3261 22.2; F26, F28")) {
  const LegHandle leg = invite_answered();
  bench.legs.set_credentials(leg, kHall);
  const auto request = bench.legs.request(leg, sip::Method::Info, {"", "text/plain", "hello"}, 42);
  REQUIRE(request);
  const Text first = alice.take();
  alice.send(answer(first, "401 Unauthorized", "", challenge("n1", false)));
  const Text second = alice.take();
  CHECK(second.first_line() == first.first_line());
  CHECK(second.line("CSeq") == "2 INFO");
  CHECK(second.body() == "hello");
  CHECK(second.line("Authorization").find("nonce=\"n1\"") != std::string::npos);
  alice.send(answer(second, "200 OK", "", "Authentication-Info: nextnonce=\"n2\"\r\n"));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "event 1 401; response 1 INFO 200");
  CHECK(bench.notes.request.tag == 42);
  CHECK(bench.notes.request.request == *request);
  REQUIRE(bench.legs.request(leg, sip::Method::Info, {}));
  const Text third = alice.take();
  CHECK(third.line("Authorization").find("nonce=\"n2\"") != std::string::npos);
  CHECK(third.line("Authorization").find("nc=00000001") != std::string::npos);
}

TEST_CASE_FIXTURE(
    ChallengedCalls,
    "legs: an application that has dealt with a challenge hears nothing more of the request" *
        doctest::description("F28, F47")) {
  const LegHandle leg = invite_answered();
  bench.legs.set_credentials(leg, kHall);
  REQUIRE(bench.legs.request(leg, sip::Method::Info, {}));
  bench.notes.client_verdict = ClientVerdict::Done;
  alice.send(answer(alice.take(), "401 Unauthorized", "", challenge("n1", false)));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "event 1 401");
  CHECK(alice.got_nothing());
  CHECK(bench.legs.request_stats().in_use == 0);
}

TEST_CASE_FIXTURE(ChallengedCalls, "legs: a challenged offer stays the one that is under way" *
                                       doctest::description("RFC 3261 14.1, 22.2; F28")) {
  const LegHandle leg = invite_answered();
  bench.legs.set_credentials(leg, kHall);
  const std::string offer = sdp_of("10.0.0.1", 4002);
  REQUIRE(bench.legs.request(leg, sip::Method::Invite, {"", "application/sdp", offer}));
  alice.send(answer(alice.take(), "401 Unauthorized", "", challenge("n1", false)));
  CHECK(alice.take().first_line().starts_with("ACK"));
  const Text again = alice.take();
  CHECK(again.line("CSeq") == "2 INVITE");
  CHECK(again.body() == offer);
  alice.send(within(leg, "INVITE", 2, "", sdp_of("10.0.0.2", 6002)));
  CHECK(alice.take().first_line() == "SIP/2.0 491 Request Pending");
  alice.send(answer(again, "200 OK", "", "", sdp_of("10.0.0.2", 6000)));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "event 1 401; response 1 INVITE 200");
  REQUIRE(bench.legs.ack(leg));
}
