#include "bench.h"

using namespace tipring;
using namespace tipring::transaction;

namespace {

SipText ack_to(const SipText& invite, const std::string& to_tag) {
  SipText ack = invite;
  ack.method = "ACK";
  ack.to_tag = to_tag;
  return ack;
}

SipText with_tag(SipText text, const std::string& to_tag) {
  text.to_tag = to_tag;
  return text;
}

}  // namespace

TEST_CASE("invite server: a retransmission gets the last provisional, with no work above" *
          doctest::description("RFC 3261 17.2.1; R7.2")) {
  Bench bench;
  bench.open_all(true);
  SipText invite;
  bench.receive(invite);
  CHECK(bench.heard == Heard{"INVITE"});
  CHECK(bench.count("SIP/2.0 100 ") == 1);
  bench.receive(invite);
  CHECK(bench.count("SIP/2.0 100 ") == 2);
  CHECK(bench.respond(with_tag(invite, "t1"), 180).has_value());
  bench.receive(invite);
  CHECK(bench.count("SIP/2.0 180 ") == 2);
  CHECK(bench.count("SIP/2.0 100 ") == 2);
  CHECK(bench.heard == Heard{"INVITE"});
  CHECK(bench.layer->counters().requests == 1);
  CHECK(bench.layer->counters().retransmissions == 2);
}

TEST_CASE("invite server: the 100 carries the request's headers and no tag" *
          doctest::description("RFC 3261 8.2.6, 16.2; R2.4")) {
  Bench bench;
  bench.open_all(true);
  SipText invite;
  bench.receive(invite);
  const std::string& trying = bench.last_sent();
  CHECK(trying.starts_with("SIP/2.0 100 Trying\r\n"));
  CHECK(trying.find("Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa1") != std::string::npos);
  CHECK(trying.find("CSeq: 7 INVITE\r\n") != std::string::npos);
  CHECK(trying.find("To: <sip:bob@192.0.2.7>\r\n") != std::string::npos);
}

TEST_CASE("invite server: a failure is repeated by Timer G until Timer H" *
          doctest::description("RFC 3261 17.2.1; R7.2")) {
  Bench bench;
  bench.open_all();
  SipText invite;
  bench.receive(invite);
  CHECK(bench.respond(with_tag(invite, "t1"), 486).has_value());
  CHECK_FALSE(static_cast<bool>(bench.layer->request_of(bench.server)));
  CHECK_FALSE(bench.layer->is_open(bench.server));
  bench.pass(Millis{32'000});
  CHECK(bench.times("SIP/2.0 486 ") ==
        Times{0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500});
  CHECK(bench.heard == Heard{"INVITE", "server timeout"});
  CHECK(bench.all_free());
}

TEST_CASE("invite server: the ACK to a failure is absorbed, as are all that follow until Timer I" *
          doctest::description("RFC 3261 17.2.1; R4.2")) {
  Bench bench;
  bench.open_all();
  SipText invite;
  bench.receive(invite);
  CHECK(bench.respond(with_tag(invite, "t1"), 486).has_value());
  bench.pass(Millis{200});
  bench.receive(ack_to(invite, "t1"));
  bench.pass(Millis{4999});
  bench.receive(ack_to(invite, "t1"));
  bench.receive(invite);  // a late one
  CHECK(bench.count("SIP/2.0 486 ") == 1);
  CHECK(bench.layer->server_stats().in_use == 1);
  bench.pass(Millis{1});
  CHECK(bench.heard == Heard{"INVITE", "server done"});
  CHECK(bench.all_free());
}

TEST_CASE("invite server: over a stream the failure is sent once and its ACK ends it" *
          doctest::description("RFC 3261 17.2.1: Timers G and I; R7.3")) {
  Bench bench;
  bench.flow.transport = sip::Transport::Tcp;
  bench.open_all();
  SipText invite;
  bench.receive(invite);
  CHECK(bench.respond(with_tag(invite, "t1"), 486).has_value());
  bench.pass(Millis{10'000});
  CHECK(bench.count("SIP/2.0 486 ") == 1);
  bench.receive(ack_to(invite, "t1"));
  CHECK(bench.heard == Heard{"INVITE", "server done"});
  CHECK(bench.all_free());
}

TEST_CASE(
    "invite server: in Accepted requests are absorbed, ACK and further 2xx pass, until Timer L" *
    doctest::description("RFC 6026 7.1; R2.5 R4.2")) {
  Bench bench;
  bench.open_all();
  SipText invite;
  bench.receive(invite);
  CHECK(bench.respond(with_tag(invite, "t1"), 200).has_value());
  for (size_t i = 0; i < MessageSlabs::kClasses; ++i) CHECK(bench.slabs.stats(i).in_use == 0);
  bench.receive(invite);
  CHECK(bench.count("SIP/2.0 200 ") == 1);
  CHECK(bench.respond(with_tag(invite, "t1"), 200).has_value());
  CHECK(bench.count("SIP/2.0 200 ") == 2);
  CHECK(bench.respond(with_tag(invite, "t1"), 486).error() == Error::Stale);
  bench.receive(ack_to(invite, "t1"));
  CHECK(bench.heard == Heard{"INVITE", "ACK"});
  bench.pass(Millis{31'999});
  CHECK(bench.layer->server_stats().in_use == 1);
  bench.pass(Millis{1});
  CHECK(bench.heard == Heard{"INVITE", "ACK", "server done"});
  CHECK(bench.all_free());
}

TEST_CASE("server: the ACK to a 2xx has its own branch and goes up" *
          doctest::description("RFC 3261 13.2.2.4; R4.2")) {
  Bench bench;
  bench.open_all();
  SipText invite;
  bench.receive(invite);
  CHECK(bench.respond(with_tag(invite, "t1"), 200).has_value());
  SipText ack = ack_to(invite, "t1");
  ack.branch = "z9hG4bKother";
  bench.on_new = nullptr;
  bench.receive(ack);
  CHECK(bench.heard == Heard{"INVITE", "ACK"});
}

TEST_CASE("server: a completed request is answered again until Timer J" *
          doctest::description("RFC 3261 17.2.2; R7.2 R3.3")) {
  Bench bench;
  bench.open_all();
  SipText bye;
  bye.method = "BYE";
  bench.receive(bye);
  bench.receive(bye);
  CHECK(bench.wire.sent.empty());
  CHECK(bench.respond(with_tag(bye, "t1"), 200).has_value());
  bench.receive(bye);
  CHECK(bench.count("SIP/2.0 200 ") == 2);
  CHECK(bench.respond(with_tag(bye, "t1"), 200).error() == Error::Stale);
  bench.pass(Millis{31'999});
  CHECK(bench.layer->server_stats().in_use == 1);
  bench.pass(Millis{1});
  CHECK(bench.heard == Heard{"BYE", "server done"});
  CHECK(bench.all_free());
}

TEST_CASE("server: over a stream the final response ends it" *
          doctest::description("RFC 3261 17.2.2: Timer J; R7.3")) {
  Bench bench;
  bench.flow.transport = sip::Transport::Tcp;
  bench.open_all();
  SipText bye;
  bye.method = "BYE";
  bench.receive(bye);
  CHECK(bench.respond(with_tag(bye, "t1"), 200).has_value());
  bench.layer->reap(bench.loop.time);
  CHECK(bench.heard == Heard{"BYE", "server done"});
  CHECK(bench.all_free());
}

TEST_CASE("server: a slow answer gets its 100 when Timer E reaches T2" *
          doctest::description("RFC 4320 4.1; F3")) {
  Bench bench;
  bench.open_all();
  SipText request;
  request.method = "REGISTER";
  bench.receive(request);
  bench.pass(Millis{3000});
  CHECK(bench.respond(request, 100).has_value());  // too early over UDP
  CHECK(bench.respond(request, 183).has_value());  // never
  CHECK(bench.wire.sent.empty());
  bench.pass(Millis{2000});
  CHECK(bench.times("SIP/2.0 100 ") == Times{3500});
  bench.receive(request);
  CHECK(bench.count("SIP/2.0 100 ") == 2);
  CHECK(bench.respond(request, 183).has_value());
  CHECK(bench.count("SIP/2.0 183 ") == 0);
  CHECK(bench.respond(with_tag(request, "t1"), 200).has_value());
  bench.receive(request);
  CHECK(bench.count("SIP/2.0 200 ") == 2);
}

TEST_CASE("server: over a stream a 100 may go out at any time" *
          doctest::description("RFC 4320 4.1; F3")) {
  Bench bench;
  bench.flow.transport = sip::Transport::Tcp;
  bench.open_all();
  SipText request;
  request.method = "REGISTER";
  bench.receive(request);
  CHECK(bench.respond(request, 100).has_value());
  CHECK(bench.count("SIP/2.0 100 ") == 1);
}

TEST_CASE("server: no 408 to a non-INVITE, but its retransmissions stay absorbed" *
          doctest::description("RFC 4320 4.2; F3")) {
  Bench bench;
  bench.open_all();
  SipText bye;
  bye.method = "BYE";
  bench.receive(bye);
  CHECK(bench.respond(with_tag(bye, "t1"), 408).has_value());
  bench.receive(bye);
  CHECK(bench.wire.sent.empty());
  CHECK(bench.heard == Heard{"BYE"});
  bench.pass(Millis{32'000});
  CHECK(bench.heard == Heard{"BYE", "server done"});
}

TEST_CASE("server: one that is dropped sends nothing and tells nothing" *
          doctest::description("RFC 4320 4.2")) {
  Bench bench;
  bench.open_all();
  SipText bye;
  bye.method = "BYE";
  bench.receive(bye);
  bench.layer->drop(bench.server);
  CHECK(bench.respond(with_tag(bye, "t1"), 200).error() == Error::Stale);
  bench.layer->reap(bench.loop.time);
  bench.pass(Millis{40'000});
  CHECK(bench.heard == Heard{"BYE"});
  CHECK(bench.wire.sent.empty());
  CHECK(bench.all_free());
}

TEST_CASE("server: a response that cannot be sent changes no state and is told at the end" *
          doctest::description("RFC 6026 8.8")) {
  Bench bench;
  bench.open_all();
  SipText invite;
  bench.receive(invite);
  bench.wire.refuse = true;
  CHECK(bench.respond(with_tag(invite, "t1"), 200).has_value());
  bench.layer->reap(bench.loop.time);
  CHECK(bench.layer->server_stats().in_use == 1);
  bench.receive(invite);
  CHECK(bench.heard == Heard{"INVITE"});
  bench.pass(Millis{32'000});
  CHECK(bench.heard == Heard{"INVITE", "server transport error"});
}

TEST_CASE("server: a response of our own has the tag that write_tag() gives" *
          doctest::description("RFC 3261 8.2.6.2")) {
  Bench bench;
  std::string tag;
  bench.on_new = [&](const Incoming& request) {
    std::array<char, TransactionLayer::kTagMax> out;
    tag = std::string(bench.layer->write_tag(request.message, out));
    bench.server = *bench.layer->open(request, bench, 42, false);
  };
  SipText bye;
  bye.method = "OPTIONS";
  bench.receive(bye);
  CHECK(bench.layer->respond(bench.server, 200, {}).has_value());
  CHECK(tag.size() == 16);
  CHECK(bench.last_sent().find("To: <sip:bob@192.0.2.7>;tag=" + tag + "\r\n") != std::string::npos);
  CHECK(bench.layer->respond(bench.server, 200, {}).error() == Error::Stale);
}

TEST_CASE("server: a completed one holds its answer in the smallest slab" *
          doctest::description("RFC 3261 17.2.2; R5.5")) {
  Bench bench;
  bench.open_all();
  SipText bye;
  bye.method = "BYE";
  bench.receive(bye);
  const std::string text = with_tag(bye, "t1").response(200);
  MessageRef response = bench.slabs.acquire(4096);
  response.set_size(text.size());
  text.copy(response.data(), text.size());
  CHECK(bench.layer->respond(bench.server, std::move(response)).has_value());
  CHECK(bench.slabs.stats(0).in_use == 1);
  CHECK(bench.slabs.stats(3).in_use == 0);
}

TEST_CASE("server: when the pool is full the oldest completed one gives its place" *
          doctest::description("RFC 3261 17.2.2; R5.5")) {
  Bench bench(small_limits(4));
  bench.open_all();
  SipText text;
  text.method = "OPTIONS";
  for (int i = 0; i < 4; ++i) {
    text.branch = "z9hG4bKn" + std::to_string(i);
    bench.receive(text);
    if (i == 1 || i == 2) CHECK(bench.respond(with_tag(text, "t1"), 200).has_value());
  }
  bench.heard.clear();
  text.branch = "z9hG4bKn4";
  bench.receive(text);
  CHECK(bench.last_open == "opened");
  CHECK(bench.heard == Heard{"OPTIONS", "server reclaimed"});
  CHECK(bench.layer->counters().reclaimed == 1);
  text.branch = "z9hG4bKn2";  // the younger one is still there
  const size_t sent = bench.wire.sent.size();
  bench.receive(text);
  CHECK(bench.wire.sent.size() == sent + 1);
  text.branch = "z9hG4bKn5";
  bench.receive(text);
  CHECK(bench.last_open == "opened");
  text.branch = "z9hG4bKn6";
  bench.receive(text);
  CHECK(bench.last_open == to_text(Error::PoolExhausted));
  CHECK(bench.layer->counters().refused == 1);
  CHECK(bench.layer->counters().reclaimed == 2);
}

TEST_CASE("server: an ACK opens no transaction" * doctest::description("RFC 3261 17.2.1")) {
  Bench bench;
  bench.open_all();
  SipText ack;
  ack.method = "ACK";
  bench.receive(ack);
  CHECK(bench.last_open == to_text(Error::MethodIsAck));
}

TEST_CASE("server: requests within dialogs still have room when new ones find the pool full" *
          doctest::description("RFC 3261 12.2.1.1; R5.5")) {
  Limits limits = small_limits(16);  // of which an eighth is kept back
  limits.calls = 8;
  Bench bench(limits);
  bench.open_all();
  SipText text;
  for (int i = 0; i < 14; ++i) {
    text.branch = "z9hG4bKn" + std::to_string(i);
    bench.receive(text);
    REQUIRE(bench.last_open == "opened");
    // A 2xx lets go of the request, and the transaction stays.
    REQUIRE(bench.respond(with_tag(text, "t1"), 200).has_value());
  }
  text.branch = "z9hG4bKnew";
  bench.receive(text);
  CHECK(bench.last_open == to_text(Error::PoolExhausted));
  SipText bye;
  bye.method = "BYE";
  bye.to_tag = "t1";
  for (const char* branch : {"z9hG4bKb1", "z9hG4bKb2"}) {
    bye.branch = branch;
    bench.receive(bye);
    CHECK(bench.last_open == "opened");
    CHECK(bench.respond(bye, 200).has_value());
  }
  // Answered, they give their places to one another, and none to a new call.
  bye.branch = "z9hG4bKb3";
  bench.receive(bye);
  CHECK(bench.last_open == "opened");
  CHECK(bench.layer->counters().reclaimed == 1);
  text.branch = "z9hG4bKnewer";
  bench.receive(text);
  CHECK(bench.last_open == to_text(Error::PoolExhausted));
}

TEST_CASE("server: requests within dialogs still have buffers when new ones have none" *
          doctest::description("RFC 3261 12.2.1.1; R5.5")) {
  const Limits limits = small_limits(64);
  Bench bench(limits);
  bench.open_all();
  SipText text;
  uint32_t opened = 0;
  do {
    text.branch = "z9hG4bKn" + std::to_string(opened);
    bench.receive(text);
  } while (bench.last_open == "opened" && ++opened < limits.transactions);
  CHECK(opened == server_transactions_open_max(limits) - open_kept_back(limits));
  SipText bye;
  bye.method = "BYE";
  bye.to_tag = "t1";
  for (uint32_t i = 0; i < open_kept_back(limits); ++i) {
    bye.branch = "z9hG4bKb" + std::to_string(i);
    bench.receive(bye);
    CHECK(bench.last_open == "opened");
  }
}
