#include "bench.h"

using namespace tipring;
using namespace tipring::transaction;

TEST_CASE("invite client: without an answer Timer A doubles until Timer B ends it" *
          doctest::description("RFC 3261 17.1.1.2; R7.2")) {
  Bench bench;
  SipText invite;
  bench.start(invite, sip::Method::Invite);
  bench.pass(Millis{31'999});
  CHECK(bench.times("INVITE ") == Times{0, 500, 1500, 3500, 7500, 15500, 31500});
  CHECK(bench.heard.empty());
  bench.pass(Millis{1});
  CHECK(bench.heard == Heard{"client timeout"});
  CHECK(bench.layer->counters().client_timeouts == 1);
  CHECK(bench.all_free());
}

TEST_CASE("invite client: over a stream nothing is sent twice" *
          doctest::description("RFC 3261 17.1.1.2; R7.2")) {
  Bench bench;
  bench.flow.transport = sip::Transport::Tcp;
  SipText invite;
  bench.start(invite, sip::Method::Invite);
  bench.pass(Millis{32'000});
  CHECK(bench.times("INVITE ") == Times{0});
  CHECK(bench.heard == Heard{"client timeout"});
}

TEST_CASE("invite client: after a provisional it waits without end" *
          doctest::description("RFC 3261 17.1.1.2: Timer C is the proxy's")) {
  Bench bench;
  SipText invite;
  bench.start(invite, sip::Method::Invite);
  bench.receive(invite.response(180));
  bench.pass(Millis{400'000});
  CHECK(bench.count("INVITE ") == 1);
  CHECK(bench.heard == Heard{"180"});
  CHECK(bench.layer->client_stats().in_use == 1);
}

TEST_CASE("invite client: every 2xx goes up until Timer M" *
          doctest::description("RFC 6026 7.2; R2.5")) {
  Bench bench;
  SipText invite;
  bench.start(invite, sip::Method::Invite);
  bench.receive(invite.response(180));
  bench.receive(invite.response(200));
  invite.to_tag = "other-branch";
  bench.receive(invite.response(200));
  CHECK(bench.heard == Heard{"180", "200", "200"});
  bench.receive(invite.response(486));
  bench.receive(invite.response(183));
  CHECK(bench.heard.size() == 3);
  bench.pass(Millis{31'999});
  CHECK(bench.layer->client_stats().in_use == 1);
  bench.pass(Millis{1});
  CHECK(bench.heard.back() == "client done");
  CHECK(bench.count("ACK ") == 0);
  CHECK(bench.all_free());
}

TEST_CASE("invite client: a failure is acknowledged each time and told once" *
          doctest::description("RFC 3261 17.1.1.2; R2.5")) {
  Bench bench;
  SipText invite;
  bench.start(invite, sip::Method::Invite);
  invite.to_tag = "t9";
  bench.receive(invite.response(486));
  bench.pass(Millis{600});
  bench.receive(invite.response(486));
  CHECK(bench.heard == Heard{"486"});
  CHECK(bench.times("ACK ") == Times{0, 600});
  CHECK(bench.times("INVITE ") == Times{0});
  bench.pass(Millis{31'399});
  CHECK(bench.layer->client_stats().in_use == 1);
  bench.pass(Millis{1});
  CHECK(bench.heard == Heard{"486", "client done"});
  CHECK(bench.all_free());
}

TEST_CASE("invite client: the ACK repeats what 17.1.1.3 asks and nothing else" *
          doctest::description("RFC 3261 17.1.1.3; R4.2")) {
  Bench bench;
  SipText invite;
  invite.extra =
      "Route: <sip:p1.example.com;lr>, <sip:p2.example.com;lr>\r\nRoute: "
      "<sip:p3.example.com;lr>\r\n"
      "Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bKold\r\nRequire: timer\r\n";
  bench.start(invite, sip::Method::Invite);
  SipText answer = invite;
  answer.extra.clear();
  answer.to_tag = "t9";
  bench.receive(answer.response(486));
  const std::string& ack = bench.last_sent();
  sip::HeaderIndex index;
  const sip::ParsedMessage parsed = sip::parse_message(ack, index, sip::Framing::Datagram);
  REQUIRE(parsed.status == sip::ParseStatus::Complete);
  const sip::MessageView& view = parsed.view;
  CHECK(view.method() == sip::Method::Ack);
  CHECK(view.request_uri() == "sip:bob@192.0.2.7");
  CHECK(view.header(sip::HeaderId::CallId) == "c1@192.0.2.1");
  CHECK(view.header(sip::HeaderId::From) == "<sip:alice@192.0.2.1>;tag=f1");
  CHECK(view.header(sip::HeaderId::To) == "<sip:bob@192.0.2.7>;tag=t9");
  CHECK(view.header(sip::HeaderId::CSeq) == "7 ACK");
  std::vector<std::string> vias;
  for (const std::string_view via : view.values(sip::HeaderId::Via)) vias.emplace_back(via);
  CHECK(vias == std::vector<std::string>{"SIP/2.0/UDP 192.0.2.1:5060;branch=" + invite.branch});
  std::vector<std::string> routes;
  for (const std::string_view route : view.values(sip::HeaderId::Route)) routes.emplace_back(route);
  CHECK(routes == std::vector<std::string>{"<sip:p1.example.com;lr>", "<sip:p2.example.com;lr>",
                                           "<sip:p3.example.com;lr>"});
  CHECK_FALSE(view.has(sip::HeaderId::Require));
  CHECK_FALSE(sip::check_message(view).has_value());
}

TEST_CASE("invite client: over a stream a failure ends it at once" *
          doctest::description("RFC 3261 17.1.1.2: Timer D")) {
  Bench bench;
  bench.flow.transport = sip::Transport::Tcp;
  SipText invite;
  bench.start(invite, sip::Method::Invite);
  bench.receive(invite.response(404));
  CHECK(bench.heard == Heard{"404", "client done"});
  CHECK(bench.count("ACK ") == 1);
  CHECK(bench.all_free());
}

TEST_CASE("client: Timer E doubles up to T2 until Timer F" *
          doctest::description("RFC 3261 17.1.2.2; R7.2")) {
  Bench bench;
  SipText bye;
  bye.method = "BYE";
  bench.start(bye, sip::Method::Bye);
  bench.pass(Millis{32'000});
  CHECK(bench.times("BYE ") ==
        Times{0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500});
  CHECK(bench.heard == Heard{"client timeout"});
  CHECK(bench.all_free());
}

TEST_CASE("client: after a provisional it repeats every T2" *
          doctest::description("RFC 3261 17.1.2.2; R7.2")) {
  Bench bench;
  SipText bye;
  bye.method = "BYE";
  bench.start(bye, sip::Method::Bye);
  bench.pass(Millis{100});
  bench.receive(bye.response(100));
  bench.pass(Millis{31'900});
  CHECK(bench.times("BYE ") == Times{0, 500, 4500, 8500, 12500, 16500, 20500, 24500, 28500});
  CHECK(bench.heard == Heard{"100", "client timeout"});
}

TEST_CASE("client: a final response is told once and absorbed until Timer K" *
          doctest::description("RFC 3261 17.1.2.2; R3.3")) {
  Bench bench;
  SipText bye;
  bye.method = "BYE";
  bench.start(bye, sip::Method::Bye);
  bench.receive(bye.response(200));
  bench.receive(bye.response(200));
  CHECK(bench.heard == Heard{"200"});
  CHECK(bench.layer->counters().retransmissions == 1);
  bench.pass(Millis{4999});
  CHECK(bench.layer->client_stats().in_use == 1);
  bench.pass(Millis{1});
  CHECK(bench.heard == Heard{"200", "client done"});
  CHECK(bench.count("BYE ") == 1);
  CHECK(bench.all_free());
}

TEST_CASE("client: over a stream the final response ends it" *
          doctest::description("RFC 3261 17.1.2.2: Timer K")) {
  Bench bench;
  bench.flow.transport = sip::Transport::Tcp;
  SipText bye;
  bye.method = "BYE";
  bench.start(bye, sip::Method::Bye);
  bench.receive(bye.response(200));
  CHECK(bench.heard == Heard{"200", "client done"});
  CHECK(bench.all_free());
}

TEST_CASE("client: a failure to send at once is told after start() has returned" *
          doctest::description("RFC 3261 17.1.4")) {
  Bench bench;
  bench.wire.refuse = true;
  SipText invite;
  bench.start(invite, sip::Method::Invite);
  CHECK(bench.heard.empty());
  bench.layer->reap(bench.loop.time);
  CHECK(bench.heard == Heard{"client transport error"});
  CHECK(bench.all_free());
}

TEST_CASE("client: no room in the transport is told by start(), and by nothing else" *
          doctest::description("RFC 3261 17.1.4; R5.5, C7")) {
  Bench bench;
  bench.wire.refuse = true;
  bench.wire.refusal = Error::PoolExhausted;
  SipText invite;
  const auto handle = bench.layer->reserve(sip::Method::Invite, bench, 77);
  REQUIRE(handle.has_value());
  std::array<char, TransactionLayer::kBranchMax> out;
  invite.branch = std::string(bench.layer->write_branch(*handle, invite.sent_by, 0xabc, out));
  const auto started = bench.layer->start(*handle, bench.slabs.copy(invite.request()), bench.flow);
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error() == Error::PoolExhausted);
  bench.layer->reap(bench.loop.time);
  CHECK(bench.heard.empty());
  CHECK(bench.all_free());
}

TEST_CASE("client: a failure to send that shows later ends it" *
          doctest::description("RFC 3261 17.1.4, 18.4")) {
  Bench bench;
  SipText bye;
  bye.method = "BYE";
  bench.start(bye, sip::Method::Bye);
  const Sent request = bench.wire.sent.back();
  REQUIRE(request.observer != nullptr);
  request.observer->on_send_failed(request.tag, Error::Unreachable);
  bench.layer->reap(bench.loop.time);
  CHECK(bench.heard == Heard{"client transport error"});
  request.observer->on_send_failed(request.tag, Error::Unreachable);  // its slot is empty now
  bench.layer->reap(bench.loop.time);
  CHECK(bench.heard.size() == 1);
}

TEST_CASE("client: responses with a changed branch, sent-by or method are strays" *
          doctest::description("RFC 3261 17.1.3, RFC 6026 7.3; F3")) {
  Bench bench;
  SipText bye;
  bye.method = "BYE";
  bench.start(bye, sip::Method::Bye);
  SipText stray = bye;
  stray.branch.back() = stray.branch.back() == '0' ? '1' : '0';  // the loop hash
  bench.receive(stray.response(200));
  stray = bye;
  stray.branch[30] = stray.branch[30] == '0' ? '1' : '0';  // the MAC
  bench.receive(stray.response(200));
  stray = bye;
  stray.sent_by = "192.0.2.99:5060";
  bench.receive(stray.response(200));
  stray = bye;
  stray.sent_by = "192.0.2.1:5070";
  bench.receive(stray.response(200));
  stray = bye;
  stray.method = "INVITE";
  bench.receive(stray.response(200));
  stray = bye;
  stray.branch = "z9hG4bKxyz";
  bench.receive(stray.response(200));
  CHECK(bench.heard.empty());
  CHECK(bench.layer->counters().stray_responses == 6);
  bench.receive(bye.response(200));
  CHECK(bench.heard == Heard{"200"});
}

TEST_CASE("client: a branch is stale when its transaction has gone" *
          doctest::description("RFC 6026 7.3; F3")) {
  Bench bench;
  SipText first;
  first.method = "BYE";
  bench.start(first, sip::Method::Bye);
  bench.receive(first.response(200));
  bench.pass(Millis{5000});
  SipText second = first;
  bench.start(second, sip::Method::Bye);  // the same slot
  bench.receive(first.response(200));
  CHECK(bench.layer->counters().stray_responses == 1);
  CHECK(bench.heard == Heard{"200", "client done"});
}

TEST_CASE("client: a request whose branch was never written is not started" *
          doctest::description("RFC 3261 17.1.3")) {
  Bench bench;
  const auto handle = bench.layer->reserve(sip::Method::Bye, bench, 77);
  REQUIRE(handle.has_value());
  SipText bye;
  bye.method = "BYE";
  const auto started = bench.layer->start(*handle, bench.slabs.copy(bye.request()), bench.flow);
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error() == Error::Invalid);
  bench.layer->abandon(*handle);
  bench.layer->reap(bench.loop.time);
  CHECK(bench.heard.empty());
  CHECK(bench.all_free());
}

TEST_CASE("client: of a branch written twice the last one counts, with its sent-by" *
          doctest::description("RFC 3261 17.1.3, 18.1.2")) {
  Bench bench;
  const auto handle = bench.layer->reserve(sip::Method::Bye, bench, 77);
  REQUIRE(handle.has_value());
  SipText first;
  first.method = "BYE";
  SipText last = first;
  last.sent_by = "192.0.2.1:5070";
  std::array<char, TransactionLayer::kBranchMax> out;
  first.branch = std::string(bench.layer->write_branch(*handle, first.sent_by, 0xabc, out));
  last.branch = std::string(bench.layer->write_branch(*handle, last.sent_by, 0xabc, out));
  CHECK(first.branch == last.branch);
  REQUIRE(bench.layer->start(*handle, bench.slabs.copy(last.request()), bench.flow).has_value());
  bench.receive(first.response(200));
  CHECK(bench.heard.empty());
  bench.receive(last.response(200));
  CHECK(bench.heard == Heard{"200"});
}

TEST_CASE("client: a branch cannot be written anew when its request has been sent" *
          doctest::description("RFC 3261 17.1.3")) {
  Bench bench;
  SipText bye;
  bye.method = "BYE";
  const ClientHandle client = bench.start(bye, sip::Method::Bye);
  std::array<char, TransactionLayer::kBranchMax> out;
  (void)bench.layer->write_branch(client, bye.sent_by, 0xdef, out);
  bench.receive(bye.response(200));
  CHECK(bench.heard == Heard{"200"});
}

TEST_CASE("client: an ACK has no transaction, and a full pool says so" *
          doctest::description("RFC 3261 17.1; R5.5")) {
  Bench bench(small_limits(4));
  CHECK(bench.layer->reserve(sip::Method::Ack, bench, 1).error() == Error::MethodIsAck);
  for (int i = 0; i < 4; ++i) CHECK(bench.layer->reserve(sip::Method::Bye, bench, 1).has_value());
  CHECK(bench.layer->reserve(sip::Method::Bye, bench, 1).error() == Error::PoolExhausted);
  CHECK(bench.layer->counters().refused == 1);
}

TEST_CASE("client: requests within dialogs still have room when new ones find the pool full" *
          doctest::description("RFC 3261 12.2.1.1; R5.5")) {
  Limits limits = small_limits(16);  // of which an eighth is kept back
  limits.calls = 8;
  Bench bench(limits);
  const auto take = [&](Claim claim) {
    return bench.layer->reserve(sip::Method::Bye, bench, 1, claim).has_value();
  };
  for (int i = 0; i < 14; ++i) REQUIRE(take(Claim::New));
  CHECK_FALSE(take(Claim::New));
  CHECK(take(Claim::Standing));
  CHECK(take(Claim::Standing));
  CHECK_FALSE(take(Claim::Standing));
  CHECK(bench.layer->client_stats().refusals == 2);
}

TEST_CASE("client: the TU may start again from within the end of the last one" *
          doctest::description("RFC 3261 17.1.4: failover")) {
  Bench bench(small_limits(4));
  SipText second;
  bench.wire.refuse = true;
  bench.on_ended = [&] {
    bench.on_ended = nullptr;
    bench.wire.refuse = false;
    bench.start(second, sip::Method::Invite);
  };
  SipText first;
  bench.start(first, sip::Method::Invite);
  bench.layer->reap(bench.loop.time);
  CHECK(bench.heard == Heard{"client transport error"});
  CHECK(bench.count("INVITE ") == 1);
  bench.receive(second.response(200));
  CHECK(bench.heard.back() == "200");
}

TEST_CASE("client: timers count from the turn in which it started, not from the wheel's last one" *
          doctest::description("RFC 3261 17.1.1.2; R7.2")) {
  Bench bench;
  bench.loop.time += Millis{3000};  // the loop slept, and a packet woke it
  bench.wire.now = Millis{3000};
  SipText invite;
  bench.start(invite, sip::Method::Invite);
  bench.pass(Millis{600});
  CHECK(bench.times("INVITE ") == Times{3000, 3500});
}

TEST_CASE("client: what its end sets free elsewhere is reaped in the same turn" *
          doctest::description("R3.3 R5.5")) {
  Bench bench;
  bench.flow.transport = sip::Transport::Tcp;
  bench.open_all();
  SipText bye;
  bye.method = "BYE";
  bench.receive(bye);
  bench.wire.refuse = true;
  bench.on_ended = [&] { CHECK(bench.layer->respond(bench.server, 500, {}).has_value()); };
  SipText forwarded = bye;
  bench.start(forwarded, sip::Method::Bye);
  bench.layer->reap(bench.loop.time);
  CHECK(bench.heard == Heard{"BYE", "client transport error", "server transport error"});
  CHECK(bench.all_free());
}
