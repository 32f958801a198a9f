// What the services of a leg do with its requests: credentials, session timers, Replaces, and the
// ways to a peer; on the wire.
#include <doctest/doctest.h>

#include "leg_bench.h"
#include "service/destination_selection.h"
#include "service/digest_server_auth.h"
#include "service/output_control.h"
#include "service/session_interval.h"
#include "service/transaction_stateful_proxy.h"
#include "service/via_management.h"

using namespace tipring;
using namespace tipring::service;
using sip::Method;

namespace {

const std::string kOurs = sdp_of("10.0.0.1", 4000);
const std::string kTheirs = sdp_of("10.0.0.3", 5000);
const std::string kChallenge =
    "WWW-Authenticate: Digest realm=\"far\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"\r\n";

struct WithCredentials : LegPair {
  LegHandle call_with(const std::string& body) {
    LegCall call;
    call.request_uri = "sip:bob@10.0.0.3";
    call.from = "<sip:200@tipring>";
    call.to = "<sip:bob@tipring>";
    call.content = {"", "application/sdp", body};
    call.credentials = accounts;
    const auto leg = bench.legs.call(call, bench.notes, bench.next_name++);
    REQUIRE(leg);
    return *leg;
  }
  std::vector<Credential> accounts{Credential{"far", "alice", "secret"}};
};

}  // namespace

TEST_CASE_FIXTURE(WithCredentials, "legs: a challenged INVITE goes once more with credentials" *
                                       doctest::description("RFC 3261 8.1.3.5, 22.2; F28, F47")) {
  const LegHandle leg = call_with(kOurs);
  const Text invite = bob.take();
  CHECK(invite.line("Authorization").empty());
  bob.send(answer(invite, "401 Unauthorized", "x", kChallenge));
  CHECK(bob.take().first_line() == "ACK sip:bob@10.0.0.3 SIP/2.0");
  const Text again = bob.take();
  CHECK(bench.notes.taken() == "event 1 401");
  CHECK(again.line("Authorization").find("username=\"alice\"") != std::string::npos);
  CHECK(again.line("Authorization").find("uri=\"sip:bob@10.0.0.3\"") != std::string::npos);
  CHECK(again.line("CSeq") == "2 INVITE");
  CHECK(again.line("Call-ID") == invite.line("Call-ID"));
  CHECK(again.tag("From") == invite.tag("From"));
  CHECK(again.tag("To").empty());
  CHECK(again.line("Via") != invite.line("Via"));
  CHECK(again.body() == kOurs);
  bob.send(answer(again, "200 OK", "b", "", kTheirs));
  world.run_for(Millis(50));
  REQUIRE(bench.legs.ack(leg));
  const Text ack = bob.take();
  CHECK(ack.line("CSeq") == "2 ACK");
  CHECK(ack.line("Authorization") == again.line("Authorization"));  // 22.1
  bench.legs.end(leg);
  const Text bye = bob.take();
  CHECK(bye.line("CSeq") == "3 BYE");
  CHECK(bye.line("Authorization").find("nc=00000002") != std::string::npos);
}

TEST_CASE_FIXTURE(WithCredentials, "legs: a call that was challenged may be changed once answered" *
                                       doctest::description("RFC 3261 14.1; F17, F28")) {
  const LegHandle leg = call_with(kOurs);
  bob.send(answer(bob.take(), "401 Unauthorized", "x", kChallenge));
  bob.take();  // ACK
  bob.send(answer(bob.take(), "200 OK", "b", "", kTheirs));
  world.run_for(Millis(50));
  REQUIRE(bench.legs.ack(leg));
  CHECK(bench.legs.request(leg, Method::Invite, {"", "application/sdp", kOurs}));
}

TEST_CASE_FIXTURE(WithCredentials, "legs: credentials that are refused end the call" *
                                       doctest::description("RFC 3261 22.2; F28")) {
  call_with(kOurs);
  bob.send(answer(bob.take(), "401 Unauthorized", "x", kChallenge));
  bob.take();
  const Text again = bob.take();
  bob.send(answer(again, "401 Unauthorized", "x", kChallenge));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "event 1 401; end 1 refused 401");
}

TEST_CASE_FIXTURE(LegPair, "legs: a challenge without credentials is a refusal" *
                               doctest::description("RFC 3261 22.2; F28")) {
  call(kOurs);
  bob.send(answer(bob.take(), "407 Proxy Authentication Required", "x",
                  "Proxy-Authenticate: Digest realm=\"far\", nonce=\"n1\"\r\n"));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "end 1 refused 407");
}

TEST_CASE_FIXTURE(WithCredentials, "legs: a challenged BYE goes once more, and nobody is asked" *
                                       doctest::description("RFC 3261 22.2; F28")) {
  const LegHandle leg = call_with(kOurs);
  bob.send(answer(bob.take(), "200 OK", "b", "", kTheirs));
  world.run_for(Millis(50));
  REQUIRE(bench.legs.ack(leg));
  bob.take();
  bench.notes.taken();
  bench.legs.end(leg);
  bob.send(answer(bob.take(), "401 Unauthorized", "b", kChallenge));
  const Text bye = bob.take();
  CHECK(bye.line("CSeq") == "3 BYE");
  CHECK_FALSE(bye.line("Authorization").empty());
  bob.send(answer(bye, "200 OK"));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "end 1 local-end");
}

TEST_CASE_FIXTURE(WithCredentials, "legs: of a challenged INVITE that was forked nothing rings on" *
                                       doctest::description("RFC 3261 8.1.3.5; F28, F56")) {
  call_with(kOurs);
  const Text invite = bob.take();
  bob.send(answer(invite, "180 Ringing", "b", "Record-Route: <sip:10.0.0.3;lr>\r\n"));
  bob.send(answer(invite, "180 Ringing", "c"));
  world.run_for(Millis(50));
  bench.notes.taken();
  bob.send(answer(invite, "401 Unauthorized", "x", kChallenge));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "event 1 401; end 101 fork-lost");
  bob.take();  // ACK
  const Text again = bob.take();
  CHECK(again.line("Route").empty());
  bob.send(answer(again, "180 Ringing", "d"));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "progress 1 180");
}

TEST_CASE_FIXTURE(LegPair, "legs: a session interval that is too small is raised" *
                               doctest::description("RFC 4028 7.4; F24")) {
  call(kOurs);
  const Text invite = bob.take();
  CHECK(invite.line("Session-Expires") == "1800");
  bob.send(answer(invite, "422 Session Interval Too Small", "x", "Min-SE: 3600\r\n"));
  bob.take();
  const Text again = bob.take();
  CHECK(bench.notes.taken() == "event 1 422");
  CHECK(again.line("Session-Expires") == "3600");
  CHECK(again.line("Min-SE") == "3600");
  CHECK(again.lines("Session-Expires").size() == 1);
  CHECK(again.line("CSeq") == "2 INVITE");
}

TEST_CASE_FIXTURE(LegPair, "legs: a session that is ours to refresh is, by UPDATE" *
                               doctest::description("RFC 4028 7.4, 10; F24, F23")) {
  const LegHandle leg = call_answered(
      "Supported: timer\r\nRequire: timer\r\nAllow: INVITE, UPDATE\r\n"
      "Session-Expires: 100;refresher=uac\r\n");
  CHECK(bench.legs.view(leg)->session_interval_s == 100);
  CHECK(bench.legs.view(leg)->is_refresher);
  CHECK(bob.got_nothing(Millis(45'000)));
  const Text update = bob.take(Millis(6'000));
  CHECK(update.first_line() == "UPDATE sip:bob@10.0.0.3 SIP/2.0");
  CHECK(update.line("Session-Expires") == "100;refresher=uac");
  CHECK(update.body().empty());
  bob.send(answer(update, "200 OK", "b", "Session-Expires: 100;refresher=uac\r\n"));
  CHECK(bob.got_nothing(Millis(45'000)));
  CHECK(bob.take(Millis(6'000)).line("CSeq") == "3 UPDATE");
  CHECK(bench.notes.taken().empty());  // it is the leg's own affair
}

TEST_CASE_FIXTURE(LegPair, "legs: who does not take UPDATE is refreshed with our last description" *
                               doctest::description("RFC 4028 7.4; F24")) {
  call_answered(
      "Supported: timer\r\nAllow: INVITE, ACK, BYE\r\n"
      "Session-Expires: 100;refresher=uac\r\n");
  const Text invite = bob.take(Millis(51'000));
  CHECK(invite.line("CSeq") == "2 INVITE");
  CHECK(invite.body() == kOurs);
  bob.send(answer(invite, "200 OK", "b", "Session-Expires: 100;refresher=uac\r\n", kTheirs));
  CHECK(bob.take().line("CSeq") == "2 ACK");
  CHECK(bob.take(Millis(51'000)).body() == kOurs);
  CHECK(bench.notes.taken().empty());
}

TEST_CASE_FIXTURE(LegPair, "legs: who knows neither timers nor UPDATE is refreshed all the same" *
                               doctest::description("RFC 4028 7.2, 7.4; F24")) {
  const LegHandle leg = call_answered("");
  CHECK(bench.legs.view(leg)->session_interval_s == 1800);
  CHECK(bob.got_nothing(Millis(890'000)));
  const Text invite = bob.take(Millis(20'000));
  CHECK(invite.line("CSeq") == "2 INVITE");
  CHECK(invite.body() == kOurs);
}

TEST_CASE_FIXTURE(LegPair, "legs: that the peer takes UPDATE is seen in whatever tells it" *
                               doctest::description("RFC 4028 7.4, RFC 3311 4; F23, F24")) {
  const std::string interval =
      "Supported: timer\r\nRequire: timer\r\nSession-Expires: 100;refresher=uac\r\n";
  const LegHandle leg = call(kOurs);
  const Text invite = bob.take();
  const auto answer_call = [&] {
    bob.send(answer(invite, "200 OK", "b", interval, kTheirs));
    world.run_for(Millis(50));
    REQUIRE(bench.legs.ack(leg));
    bob.take();
  };
  std::string update = "UPDATE ";
  SUBCASE("a provisional response") {
    bob.send(answer(invite, "180 Ringing", "b", "Allow: INVITE, UPDATE\r\n"));
    world.run_for(Millis(50));
    answer_call();
  }
  SUBCASE("until he says otherwise") {
    bob.send(answer(invite, "180 Ringing", "b", "Allow: INVITE, UPDATE\r\n"));
    bob.send(answer(invite, "200 OK", "b", interval + "Allow: INVITE, ACK, BYE\r\n", kTheirs));
    world.run_for(Millis(50));
    REQUIRE(bench.legs.ack(leg));
    bob.take();
    update = "INVITE ";
  }
  SUBCASE("the response to an OPTIONS") {
    answer_call();
    REQUIRE(bench.legs.request(leg, Method::Options, {}));
    bob.send(answer(bob.take(), "200 OK", "b", "Allow: INVITE, UPDATE\r\n"));
  }
  SUBCASE("another request of his") {
    answer_call();
    bob.send(within(leg, "INFO", 1, "Allow: INVITE, UPDATE\r\n"));
    world.run_for(Millis(50));
    REQUIRE(bench.legs.respond(leg, bench.notes.server, 200, {}));
    bob.take();
  }
  SUBCASE("an UPDATE of his") {
    answer_call();
    bob.send(
        within(leg, "UPDATE", 1, "Supported: timer\r\nSession-Expires: 100;refresher=uas\r\n"));
    world.run_for(Millis(50));
    REQUIRE(bench.legs.respond(leg, bench.notes.server, 200, {}));
    bob.take();
  }
  SUBCASE("not a refusal, which may be of a proxy") {
    answer_call();
    REQUIRE(bench.legs.request(leg, Method::Options, {}));
    bob.send(answer(bob.take(), "503 Service Unavailable", "b", "Allow: INVITE, UPDATE\r\n"));
    REQUIRE(bench.legs.request(leg, Method::Info, {}));
    bob.send(answer(bob.take(), "420 Bad Extension", "b", "Allow: INVITE, UPDATE\r\n"));
    update = "INVITE ";
  }
  CHECK(bob.take(Millis(51'000)).first_line().rfind(update, 0) == 0);
}

TEST_CASE_FIXTURE(LegPair,
                  "legs: who took UPDATE at first is refreshed by it, whatever he lists later" *
                      doctest::description("RFC 4028 7.4, RFC 3311 4; F23, F24")) {
  const LegHandle leg = call_answered(
      "Supported: timer\r\nRequire: timer\r\nAllow: INVITE, UPDATE\r\n"
      "Session-Expires: 100;refresher=uac\r\n");
  bob.send(within(leg, "INFO", 1, "Allow: INVITE, ACK, BYE, INFO\r\n"));
  world.run_for(Millis(50));
  REQUIRE(bench.legs.respond(leg, bench.notes.server, 200, {}));
  bob.take();
  CHECK(bob.take(Millis(51'000)).line("CSeq") == "2 UPDATE");  // no description was kept for him
}

TEST_CASE_FIXTURE(LegPair, "legs: a refresh that finds no turn, or no way, is tried again" *
                               doctest::description("RFC 4028 10, RFC 3261 14.1; F24, F27")) {
  const LegHandle leg =
      call_answered("Supported: timer\r\nRequire: timer\r\nSession-Expires: 100;refresher=uac\r\n");
  const Text refresh = bob.take(Millis(51'000));
  REQUIRE(refresh.line("CSeq") == "2 INVITE");
  bob.send(answer(refresh, "491 Request Pending"));
  REQUIRE(bob.take().line("CSeq") == "2 ACK");
  bench.notes.taken();
  REQUIRE(bench.legs.request(leg, Method::Invite, {"", "application/sdp", kOurs}));
  const Text ours = bob.take();
  bob.send(answer(ours, "100 Trying"));
  world.run_for(Millis(4'500));
  CHECK(bench.notes.taken().empty());
  REQUIRE(bench.legs.stands(leg));
  bob.send(answer(ours, "488 Not Acceptable Here"));
  REQUIRE(bob.take().line("CSeq") == "3 ACK");
  CHECK(bob.take(Millis(12'000)).line("CSeq") == "4 INVITE");
}

TEST_CASE_FIXTURE(LegPair, "legs: a peer who should refresh and does not gets a BYE" *
                               doctest::description("RFC 4028 10; F24")) {
  invite("Supported: timer\r\nSession-Expires: 120;refresher=uac\r\n", kTheirs);
  alice.take();
  const LegHandle leg = bench.adopted;
  LegReply reply;
  reply.content = {"", "application/sdp", kOurs};
  REQUIRE(bench.legs.respond(leg, {}, 200, reply));
  const Text ok = alice.take();
  CHECK(ok.line("Session-Expires") == "120;refresher=uac");
  CHECK(ok.line("Require") == "timer");
  alice.send(within(leg, "ACK", 1));
  // He refreshes once.
  world.run_for(Millis(60'000));
  bench.notes.verdict = LegVerdict::Unknown;
  alice.send(
      within(leg, "UPDATE", 2, "Supported: timer\r\nSession-Expires: 120;refresher=uac\r\n"));
  const Text refreshed = alice.take();
  CHECK(refreshed.first_line() == "SIP/2.0 200 OK");
  CHECK(refreshed.line("Session-Expires") == "120;refresher=uac");
  bench.notes.taken();
  CHECK(alice.got_nothing(Millis(70'000)));
  const Text bye = alice.take(Millis(30'000));
  CHECK(bye.first_line() == "BYE sip:peer@10.0.0.2 SIP/2.0");
  CHECK(bye.line("Reason") == "SIP;cause=408;text=\"Session expired\"");
  CHECK(bench.notes.taken() == "end 1 session-over");
}

TEST_CASE_FIXTURE(LegPair, "legs: a session that is over before the answer ends the ringing too" *
                               doctest::description("RFC 4028 10, RFC 3261 9.1, 15; F24")) {
  const LegHandle leg = call(kOurs);
  bob.send(answer(bob.take(), "180 Ringing"));
  world.run_for(Millis(50));
  bob.send(within(leg, "UPDATE", 1, "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n"));
  world.run_for(Millis(50));
  REQUIRE(bench.legs.respond(leg, bench.notes.server, 200, {}));
  CHECK(bob.take().line("Session-Expires") == "90;refresher=uac");
  bench.notes.taken();
  CHECK(bob.got_nothing(Millis(59'000)));
  const Text cancel = bob.take(Millis(2'000));
  CHECK(cancel.line("CSeq") == "1 CANCEL");
  CHECK(cancel.line("Reason") == "SIP;cause=408;text=\"Session expired\"");
  CHECK(bench.notes.taken() == "end 1 session-over");
  // Neither that nor the INVITE gets an answer.
  world.run_for(Millis(40'000));
  CHECK(bench.legs.is_quiet());
  CHECK(bench.legs.request_stats().in_use == 0);
}

TEST_CASE_FIXTURE(LegPair, "legs: of two that ring the one whose session is over first gets a BYE" *
                               doctest::description("RFC 4028 10, RFC 3261 15; F24, F56")) {
  const LegHandle first = call(kOurs);
  const Text invite = bob.take();
  bob.send(answer(invite, "180 Ringing", "b"));
  bob.send(answer(invite, "180 Ringing", "c"));
  world.run_for(Millis(50));
  for (const LegHandle leg : {first, bench.notes.fork}) {
    bob.send(within(leg, "UPDATE", 1, "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n",
                    "", leg == first ? "z9hG4bKb" : "z9hG4bKc"));
    world.run_for(Millis(50));
    REQUIRE(bench.legs.respond(leg, bench.notes.server, 200, {}));
    CHECK(bob.take().line("Session-Expires") == "90;refresher=uac");
    world.run_for(Millis(5'000));
  }
  const Text bye = bob.take(Millis(61'000));
  CHECK(bye.line("CSeq") == "2 BYE");
  CHECK(bye.tag("To") == "b");
  bob.send(answer(bye, "200 OK", ""));
  CHECK(bob.got_nothing(Millis(4'000)));
  CHECK(bob.take(Millis(2'000)).line("CSeq") == "1 CANCEL");
  world.run_for(Millis(40'000));
  CHECK(bench.legs.is_quiet());
}

TEST_CASE_FIXTURE(LegPair, "legs: a session that is over before our answer is refused" *
                               doctest::description("RFC 4028 10, RFC 3261 15; F24")) {
  invite("Supported: timer\r\n", kTheirs);
  alice.take();
  const LegHandle leg = bench.adopted;
  REQUIRE(bench.legs.respond(leg, {}, 180, {}));
  alice.take();
  alice.send(within(leg, "UPDATE", 2, "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n"));
  world.run_for(Millis(50));
  REQUIRE(bench.legs.respond(leg, bench.notes.server, 200, {}));
  CHECK(alice.take().line("Session-Expires") == "90;refresher=uac");
  const std::string ack = within(leg, "ACK", 1, "", "", "z9hG4bKi");
  bench.notes.taken();
  CHECK(alice.got_nothing(Millis(59'000)));
  CHECK(alice.take(Millis(2'000)).first_line() == "SIP/2.0 180 Ringing");  // once a minute
  const Text refusal = alice.take(Millis(2'000));
  CHECK(refusal.first_line() == "SIP/2.0 480 Temporarily Unavailable");
  CHECK(refusal.line("CSeq") == "1 INVITE");
  CHECK(refusal.line("Reason") == "SIP;cause=408;text=\"Session expired\"");
  CHECK(bench.notes.taken() == "end 1 session-over");
  alice.send(ack);
  CHECK(alice.got_nothing(Millis(40'000)));  // 15: he who is called sends no BYE before his answer
  CHECK(bench.legs.is_quiet());
}

TEST_CASE_FIXTURE(LegPair, "legs: a refresh that the peer has no dialog for ends the call" *
                               doctest::description("RFC 4028 10, RFC 5057; F24")) {
  call_answered("Supported: timer\r\nAllow: UPDATE\r\nSession-Expires: 100;refresher=uac\r\n");
  const Text update = bob.take(Millis(51'000));
  SUBCASE("he says so") {
    bob.send(answer(update, "481 Call/Transaction Does Not Exist"));
    world.run_for(Millis(50));
    CHECK(bench.notes.taken() == "end 1 dialog-lost 481");
    CHECK(bob.got_nothing());
  }
  SUBCASE("his address leads to nobody") {
    bob.send(answer(update, "404 Not Found"));
    world.run_for(Millis(50));
    CHECK(bench.notes.taken() == "end 1 dialog-lost 404");
    CHECK(bob.take().line("CSeq") == "3 BYE");
  }
}

TEST_CASE_FIXTURE(LegPair, "legs: a caller's interval below ours gets 422" *
                               doctest::description("RFC 4028 9; F24")) {
  invite("Supported: timer\r\nSession-Expires: 60\r\n");
  const Text refused = alice.take();
  CHECK(refused.first_line() == "SIP/2.0 422 Session Interval Too Small");
  CHECK(refused.line("Min-SE") == "90");
  CHECK(bench.refused == Error::OutOfRange);
  CHECK(bench.legs.is_quiet());
}

TEST_CASE_FIXTURE(LegPair, "legs: an INVITE that replaces a leg goes to its application" *
                               doctest::description("RFC 3891 3; F22, C24")) {
  const LegHandle leg = call_answered();
  const auto view = *bench.legs.view(leg);
  const std::string names = "Replaces: " + std::string(view.call_id) +
                            ";to-tag=" + std::string(view.local_tag) +
                            ";from-tag=" + std::string(view.remote_tag);
  SUBCASE("confirmed") {
    bench.notes.then = [&](std::string_view event) {
      if (event == "replaces") bench.notes.verdict = LegVerdict::Unknown;
    };
    invite(names + "\r\n");
    CHECK(bench.notes.taken() == "replaces 1");
    CHECK(alice.take().first_line() == "SIP/2.0 603 Decline");
  }
  SUBCASE("early only") {
    invite(names + ";early-only\r\n");
    CHECK(bench.notes.taken().empty());
    CHECK(alice.take().first_line() == "SIP/2.0 486 Busy Here");
  }
  SUBCASE("another dialog") {
    invite("Replaces: other;to-tag=x;from-tag=y\r\n");
    CHECK(bench.notes.taken().empty());
    CHECK(alice.take().first_line() == "SIP/2.0 100 Trying");
  }
}

TEST_CASE_FIXTURE(LegPair, "legs: a name that must be looked up is, for INVITE, ACK and BYE" *
                               doctest::description("RFC 3263 4, RFC 3261 8.1.2")) {
  bench.host.names().set("bob.example", {*port::parse_ip("10.0.0.3")});
  LegCall to_name;
  to_name.request_uri = "sip:bob@bob.example";
  to_name.from = "<sip:200@tipring>";
  to_name.to = "<sip:bob@tipring>";
  to_name.content = {"", "application/sdp", kOurs};
  const auto leg = bench.legs.call(to_name, bench.notes, 1);
  REQUIRE(leg);
  const Text invite = bob.take();
  CHECK(invite.line("Contact") == "<sip:10.0.0.1:5060>");
  CHECK(invite.lines("Via").size() == 1);
  std::string ok = answer(invite, "200 OK", "b", "", kTheirs);
  ok.replace(ok.find("bob@10.0.0.3"), 12, "bob@bob.example");
  bob.send(ok);
  world.run_for(Millis(50));
  REQUIRE(bench.legs.ack(*leg));
  CHECK(bob.take().first_line() == "ACK sip:bob@bob.example SIP/2.0");
  bob.send(ok);
  CHECK(bob.take().first_line() == "ACK sip:bob@bob.example SIP/2.0");
  bench.legs.end(*leg);
  CHECK(bob.take().first_line() == "BYE sip:bob@bob.example SIP/2.0");
}

TEST_CASE_FIXTURE(LegPair, "legs: a name without an address is unreachable, as is no name at all" *
                               doctest::description("RFC 3263 4.3, RFC 3261 8.1.3.1")) {
  LegCall nowhere;
  nowhere.request_uri = "sip:bob@nowhere.example";
  nowhere.from = "<sip:200@tipring>";
  nowhere.to = "<sip:bob@tipring>";
  REQUIRE(bench.legs.call(nowhere, bench.notes, 1));
  world.run_for(Millis(6'000));
  CHECK(bench.notes.taken() == "end 1 unreachable 503");
  CHECK(bench.legs.is_quiet());
  nowhere.request_uri = "tel:+49";
  CHECK(bench.legs.call(nowhere, bench.notes, 2).error() == Error::Invalid);
}

TEST_CASE_FIXTURE(LegPair, "legs: who answers from where no ACK can go is lost at once" *
                               doctest::description("RFC 3261 13.2.2.4, 12.1.2")) {
  std::string contact;
  SUBCASE("a name that nobody knows") { contact = "bob@nowhere.example"; }
  SUBCASE("what is no address at all") { contact = "bob@10.0.0.3;maddr=::::"; }
  const LegHandle leg = call(kOurs);
  std::string ok = answer(bob.take(), "200 OK", "b", "", kTheirs);
  ok.replace(ok.find("bob@10.0.0.3"), 12, contact);
  bob.send(ok);
  world.run_for(Millis(50));
  (void)bench.legs.ack(leg);
  world.run_for(Millis(6'000));
  CHECK(bench.notes.taken() == "answer 1 200; end 1 unreachable");
  CHECK(bench.legs.is_quiet());
}

TEST_CASE_FIXTURE(LegPair, "legs: the next address of a name is tried when the first is silent" *
                               doctest::description("RFC 3263 4.3; F37, F38")) {
  bench.host.names().set("two.example",
                         {*port::parse_ip("10.0.0.77"), *port::parse_ip("10.0.0.3")});
  LegCall two;
  two.request_uri = "sip:bob@two.example";
  two.from = "<sip:200@tipring>";
  two.to = "<sip:bob@tipring>";
  REQUIRE(bench.legs.call(two, bench.notes, 1));
  const Text invite = bob.take(Millis(33'000));
  CHECK(invite.first_line() == "INVITE sip:bob@two.example SIP/2.0");
  CHECK(invite.line("CSeq") == "1 INVITE");
  bob.send(answer(invite, "486 Busy Here"));
  world.run_for(Millis(50));
  CHECK(bench.notes.taken() == "end 1 refused 486");
}

TEST_CASE_FIXTURE(LegPair, "legs: a phone behind NAT is reached by the flow it has used" *
                               doctest::description("RFC 3581, RFC 5626; C5")) {
  Peer hidden{world, "10.0.0.8", 7777};
  alice.forget();
  hidden.send(
      "INVITE sip:200@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.2;branch=z9hG4bKn;rport\r\n"
      "Max-Forwards: 70\r\nFrom: <sip:h@tipring>;tag=h\r\nTo: <sip:200@tipring>\r\nCall-ID: nat\r\n"
      "CSeq: 1 INVITE\r\nContact: <sip:h@192.168.1.2>\r\nContent-Length: 0\r\n\r\n");
  CHECK(hidden.take().first_line() == "SIP/2.0 100 Trying");
  REQUIRE(bench.legs.respond(bench.adopted, {}, 200, {}));
  const Text ok = hidden.take();
  CHECK(ok.line("Via").find("received=10.0.0.8;rport=7777") != std::string::npos);
  hidden.send(
      "ACK sip:200@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.2;branch=z9hG4bKa;rport\r\n"
      "Max-Forwards: 70\r\nFrom: <sip:h@tipring>;tag=h\r\nTo: " +
      ok.line("To") + "\r\nCall-ID: nat\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n");
  world.run_for(Millis(50));
  bench.legs.end(bench.adopted);
  CHECK(hidden.take().first_line() == "BYE sip:h@192.168.1.2 SIP/2.0");
}

TEST_CASE_FIXTURE(LegPair,
                  "legs: what is too large for a datagram goes by UDP where TCP is refused" *
                      doctest::description("RFC 3261 18.1.1; F58, C5")) {
  const std::string large = kOurs + "a=x:" + std::string(1500, 'y') + "\r\n";
  call(large);
  const Text invite = bob.take(Millis(3000));
  CHECK(invite.line("Via").starts_with("SIP/2.0/UDP"));
  CHECK(invite.line("Contact") == "<sip:200@10.0.0.1:5060>");
  CHECK(invite.body() == large);
}

TEST_CASE_FIXTURE(LegPair,
                  "legs: all of them end when the program does" * doctest::description("F50")) {
  const LegHandle talking = call_answered();
  bench.next_name = 2;
  call(kOurs);
  const Text ringing = bob.take();
  bob.send(answer(ringing, "180 Ringing", "r"));
  invite();
  alice.take();
  bench.notes.taken();
  bench.legs.end_all("Reason: SIP;cause=503\r\n");
  CHECK(alice.take().first_line() == "SIP/2.0 480 Temporarily Unavailable");
  std::vector<std::string> seen;
  for (int i = 0; i < 2; ++i) {
    const Text got = bob.take();
    seen.push_back(got.first_line().substr(0, 4));
    CHECK(got.line("Reason") == "SIP;cause=503");
    bob.send(answer(got, "200 OK"));
  }
  bob.send(answer(ringing, "487 Request Terminated", "r"));
  world.run_for(Millis(100));
  CHECK(seen == std::vector<std::string>{"BYE ", "CANC"});
  CHECK(bench.legs.is_quiet());
  CHECK_FALSE(bench.legs.stands(talking));
}

TEST_CASE("services: those of a call leg stand in one order alone" *
          doctest::description("F14; RFC 4028 7.4, RFC 3261 8.1.3")) {
  CHECK(order_holds<LegChallenge, LegInterval, LegRedirection, LegGlare>());
  CHECK_FALSE(order_holds<LegInterval, LegChallenge, LegRedirection, LegGlare>());
  CHECK_FALSE(order_holds<LegChallenge, LegRedirection, LegInterval, LegGlare>());
  CHECK_FALSE(order_holds<LegChallenge, LegInterval, LegGlare, LegRedirection>());
}

TEST_CASE("services: session timers are before who is asked, and both before the way out" *
          doctest::description("F15; RFC 3261 16.3, 16.6")) {
  using Interval = SessionInterval;
  using Proxy = TransactionStatefulProxy;
  using Auth = DigestServerAuth;
  using Way = DestinationSelection;
  CHECK(order_holds<Interval, Proxy, Auth, Way, ViaManagement, OutputControl>());
  CHECK_FALSE(order_holds<Auth, Interval, Proxy, Way, ViaManagement, OutputControl>());
  CHECK_FALSE(order_holds<Interval, Auth, Proxy, Way, ViaManagement, OutputControl>());
  CHECK_FALSE(order_holds<Interval, Proxy, Way, Auth, ViaManagement, OutputControl>());
  CHECK_FALSE(order_holds<Interval, Proxy, Auth, ViaManagement, Way, OutputControl>());
  CHECK_FALSE(order_holds<Interval, Proxy, Auth, ViaManagement, OutputControl, Way>());
  CHECK_FALSE(order_holds<Interval, Proxy, Auth, Way, ViaManagement>());  // it needs them all
  CHECK_FALSE(order_holds<Interval, Proxy, Auth, Way, OutputControl>());
}
