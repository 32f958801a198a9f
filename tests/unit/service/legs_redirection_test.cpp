// Calls that are sent elsewhere, on the wire.
#include <doctest/doctest.h>

#include "leg_bench.h"

using namespace tipring;
using namespace tipring::service;

namespace {

// Bob redirects; carol is at 10.0.0.4, dave at 10.0.0.5.
struct RedirectedCalls : LegPair {
  LegHandle begin() {
    const LegHandle leg = call(sdp_of("10.0.0.1", 4000), "Subject: lunch\r\n");
    sent = bob.take();
    return leg;
  }
  void redirect(Peer& from, const std::string& contacts) {
    refuse(from, "302 Moved Temporarily", contacts);
  }
  // The answer of a phone, and its ACK.
  void refuse(Peer& from, const std::string& status, const std::string& contact = "") {
    std::string text = answer(sent, status, "x");
    const std::string own = "Contact: <sip:bob@10.0.0.3>\r\n";
    text.replace(text.find(own), own.size(), contact.empty() ? "" : "Contact: " + contact + "\r\n");
    from.send(text);
    REQUIRE(from.take().first_line().starts_with("ACK"));
  }
  Peer carol{world, "10.0.0.4"};
  Peer dave{world, "10.0.0.5"};
};

}  // namespace

TEST_CASE_FIXTURE(RedirectedCalls,
                  "legs: a redirected call goes where the Contact says, as the same call" *
                      doctest::description("RFC 3261 8.1.3.4; F30, F47")) {
  const LegHandle leg = begin();
  const Text first = sent;
  redirect(bob, "<sip:carol@10.0.0.4;method=INVITE>");
  const Text invite = carol.take();
  CHECK(invite.first_line() == "INVITE sip:carol@10.0.0.4 SIP/2.0");
  CHECK(invite.line("CSeq") == "2 INVITE");
  CHECK(invite.line("Call-ID") == first.line("Call-ID"));
  CHECK(invite.line("From") == first.line("From"));
  CHECK(invite.line("To") == first.line("To"));
  CHECK(invite.line("Subject") == "lunch");
  CHECK(invite.line("Via") != first.line("Via"));
  CHECK(invite.body() == first.body());
  CHECK(bench.notes.taken() == "event 1 302");
  std::string ok = answer(invite, "200 OK", "c", "", sdp_of("10.0.0.4", 5000));
  ok.replace(ok.find("bob@10.0.0.3"), 12, "carol@10.0.0.4");
  carol.send(ok);
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "answer 1 200");
  REQUIRE(bench.legs.ack(leg));
  CHECK(carol.take().first_line() == "ACK sip:carol@10.0.0.4 SIP/2.0");
  CHECK(bob.got_nothing());
}

TEST_CASE_FIXTURE(RedirectedCalls,
                  "legs: the targets are tried by their q, until one answers or none is left" *
                      doctest::description("RFC 3261 8.1.3.4; F30, U21")) {
  begin();
  redirect(bob, "<sip:carol@10.0.0.4>;q=0.2, <sip:dave@10.0.0.5>;q=0.8");
  sent = dave.take();
  refuse(dave, "486 Busy Here");
  sent = carol.take();
  CHECK(sent.line("CSeq") == "3 INVITE");
  CHECK(bench.notes.taken() == "event 1 302; event 1 486");
  refuse(carol, "480 Temporarily Unavailable");
  CHECK(bench.notes.taken() == "end 1 refused 480");
}

TEST_CASE_FIXTURE(RedirectedCalls, "legs: two who point to each other end the call" *
                                       doctest::description("RFC 3261 8.1.3.4; F30")) {
  begin();
  redirect(bob, "<sip:carol@10.0.0.4>");
  sent = carol.take();
  redirect(carol, "<sip:bob@10.0.0.3>");
  CHECK(bench.notes.taken() == "event 1 302; end 1 refused 302");
  CHECK(bob.got_nothing());
}

TEST_CASE_FIXTURE(RedirectedCalls, "legs: a 6xx is for all targets, and a 305 names none" *
                                       doctest::description("RFC 3261 21.3.4, 21.6; F30")) {
  begin();
  redirect(bob, "<sip:carol@10.0.0.4>, <sip:dave@10.0.0.5>");
  sent = carol.take();
  refuse(carol, "603 Decline");
  CHECK(bench.notes.taken() == "event 1 302; end 1 refused 603");
  begin();
  refuse(bob, "305 Use Proxy", "<sip:10.0.0.4>");
  CHECK(bench.notes.taken() == "end 2 refused 305");
  CHECK(dave.got_nothing());
}

TEST_CASE_FIXTURE(RedirectedCalls, "legs: an application may take a redirection for a refusal" *
                                       doctest::description("RFC 3261 8.1.3.4; F30, F47")) {
  bench.notes.client_verdict = ClientVerdict::Next;
  begin();
  redirect(bob, "<sip:carol@10.0.0.4>");
  CHECK(bench.notes.taken() == "event 1 302; end 1 refused 302");
  CHECK(carol.got_nothing());
}

TEST_CASE_FIXTURE(RedirectedCalls,
                  "legs: headers of the target take the place of those of the call" *
                      doctest::description("RFC 3261 8.1.3.4, 19.1.5; F30")) {
  begin();
  redirect(bob, "<sip:carol@10.0.0.4?Subject=dinner&From=%3csip:x%40y%3e>");
  sent = carol.take();
  CHECK(sent.first_line() == "INVITE sip:carol@10.0.0.4 SIP/2.0");
  CHECK(sent.lines("Subject") == std::vector<std::string>{"dinner"});
  CHECK(sent.lines("From").size() == 1);
}

TEST_CASE_FIXTURE(RedirectedCalls, "legs: a target that challenges is answered where it is" *
                                       doctest::description("RFC 3261 8.1.3.4, 22.2; F28, F30")) {
  const std::vector<Credential> accounts{{"far", "alice", "secret"}};
  const LegHandle leg = begin();
  bench.legs.set_credentials(leg, accounts);
  redirect(bob, "<sip:carol@10.0.0.4?Subject=dinner>");
  sent = carol.take();
  carol.send(answer(sent, "401 Unauthorized", "x",
                    "WWW-Authenticate: Digest realm=\"far\", nonce=\"n1\", qop=\"auth\"\r\n"));
  CHECK(carol.take().first_line().starts_with("ACK"));
  const Text again = carol.take();
  CHECK(again.first_line() == "INVITE sip:carol@10.0.0.4 SIP/2.0");
  CHECK(again.line("Authorization").find("uri=\"sip:carol@10.0.0.4\"") != std::string::npos);
  CHECK(again.lines("Subject") == std::vector<std::string>{"dinner"});
  bench.legs.end(leg);
}

TEST_CASE_FIXTURE(RedirectedCalls, "legs: a silent target leaves the call to the next one" *
                                       doctest::description("RFC 3261 8.1.3.4; F30")) {
  begin();
  redirect(bob, "<sip:carol@10.0.0.4>, <sip:dave@10.0.0.5>");
  carol.take();
  world.run_for(Millis(33'000));
  CHECK(dave.take().first_line() == "INVITE sip:dave@10.0.0.5 SIP/2.0");
  CHECK(bench.notes.taken() == "event 1 302");
}

TEST_CASE_FIXTURE(RedirectedCalls,
                  "legs: a call by a binding's flow leaves it when it is redirected" *
                      doctest::description("RFC 5626 5.3; RFC 3261 8.1.3.4; F30")) {
  LegCall call;
  call.request_uri = "sip:bob@192.0.2.9:9";  // an address that only the flow leads to
  call.from = "<sip:200@tipring>";
  call.to = "<sip:bob@tipring>";
  call.flow = Flow{{*port::parse_ip("10.0.0.1"), 5060},
                   {*port::parse_ip("10.0.0.3"), 5060},
                   {},
                   sip::Transport::Udp,
                   0};
  REQUIRE(bench.legs.call(call, bench.notes, bench.next_name++));
  sent = bob.take();
  redirect(bob, "<sip:carol@10.0.0.4>");
  CHECK(carol.take().first_line() == "INVITE sip:carol@10.0.0.4 SIP/2.0");
}
