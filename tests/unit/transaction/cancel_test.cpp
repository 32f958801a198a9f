#include "bench.h"

using namespace tipring;
using namespace tipring::transaction;

namespace {

SipText cancel_of(const SipText& invite) {
  SipText cancel = invite;
  cancel.method = "CANCEL";
  return cancel;
}

std::string to_tag_of(const std::string& message) {
  const size_t at = message.find(";tag=", message.find("\r\nTo: "));
  return message.substr(at + 5, message.find("\r\n", at) - at - 5);
}

}  // namespace

TEST_CASE("cancel from the peer: 200, and the TU is told once" *
          doctest::description("RFC 3261 9.2; R3.4")) {
  Bench bench;
  bench.open_all(true);
  SipText invite;
  bench.receive(invite);
  bench.receive(cancel_of(invite));
  CHECK(bench.last_sent().starts_with("SIP/2.0 200 "));
  CHECK(bench.last_sent().find("CSeq: 7 CANCEL\r\n") != std::string::npos);
  CHECK(bench.heard == Heard{"INVITE", "cancel"});
  const std::string first = bench.last_sent();
  bench.receive(cancel_of(invite));
  CHECK(bench.last_sent() == first);
  CHECK(bench.heard == Heard{"INVITE", "cancel"});
  // The tag is that of our own response to the INVITE.
  CHECK(bench.layer->respond(bench.server, 487, {}).has_value());
  CHECK(bench.last_sent().starts_with("SIP/2.0 487 "));
  CHECK(to_tag_of(bench.last_sent()) == to_tag_of(first));
}

TEST_CASE("cancel from the peer: the TU may answer from within" *
          doctest::description("RFC 3261 9.2; R3.4")) {
  Bench bench;
  bench.open_all();
  bench.on_cancelled = [&] { CHECK(bench.layer->respond(bench.server, 487, {}).has_value()); };
  SipText invite;
  bench.receive(invite);
  bench.receive(cancel_of(invite));
  CHECK(bench.count("SIP/2.0 200 ") == 1);
  CHECK(bench.count("SIP/2.0 487 ") == 1);
}

TEST_CASE("cancel from the peer: after a final response it changes nothing" *
          doctest::description("RFC 3261 9.2; R3.4")) {
  for (const int status : {200, 486}) {
    Bench bench;
    bench.open_all();
    SipText invite;
    bench.receive(invite);
    CHECK(bench.respond(invite, status).has_value());
    bench.receive(cancel_of(invite));
    CHECK(bench.heard == Heard{"INVITE"});
    CHECK(bench.last_sent().starts_with("SIP/2.0 200 "));
    CHECK(bench.last_sent().find("CSeq: 7 CANCEL\r\n") != std::string::npos);
  }
}

TEST_CASE("cancel from the peer: of anything but an INVITE it is 200 and has no effect" *
          doctest::description("RFC 3261 9.2; R3.4")) {
  for (const char* method : {"OPTIONS", "BYE", "FOO"}) {
    for (const bool answered : {false, true}) {
      CAPTURE(method);
      CAPTURE(answered);
      Bench bench;
      bench.open_all();
      SipText request;
      request.method = method;
      bench.receive(request);
      if (answered) CHECK(bench.respond(request, 200).has_value());
      bench.receive(cancel_of(request));
      CHECK(bench.last_sent().starts_with("SIP/2.0 200 "));
      CHECK(bench.last_sent().find("CSeq: 7 CANCEL\r\n") != std::string::npos);
      CHECK(bench.heard == Heard{method});
      CHECK(bench.layer->is_open(bench.server) == !answered);
    }
  }
}

TEST_CASE("cancel from the peer: a repeated one has the same answer when its INVITE has gone" *
          doctest::description("RFC 3261 9.2, 17.2.2; R3.4")) {
  Bench bench;
  bench.open_all();
  bench.on_cancelled = [&] { CHECK(bench.layer->respond(bench.server, 487, {}).has_value()); };
  SipText invite;
  bench.receive(invite);
  bench.receive(cancel_of(invite));
  REQUIRE(bench.wire.sent.size() == 2);
  const std::string first = bench.wire.sent.front().text;
  CHECK(first.starts_with("SIP/2.0 200 "));
  SipText ack = invite;
  ack.method = "ACK";
  bench.receive(ack);
  bench.pass(Millis{6'000});  // Timer I
  CHECK(bench.heard == Heard{"INVITE", "cancel", "server done"});
  bench.receive(cancel_of(invite));
  CHECK(bench.last_sent() == first);
  bench.pass(Millis{26'000});  // Timer J of the CANCEL; nobody is told
  CHECK(bench.heard == Heard{"INVITE", "cancel", "server done"});
  CHECK(bench.all_free());
}

TEST_CASE("cancel from the peer: in a full pool it is answered and works all the same" *
          doctest::description("RFC 3261 9.2; R5.5")) {
  Bench bench(small_limits(1));
  bench.open_all();
  SipText invite;
  bench.receive(invite);
  bench.receive(cancel_of(invite));
  CHECK(bench.last_sent().starts_with("SIP/2.0 200 "));
  CHECK(bench.heard == Heard{"INVITE", "cancel"});
  CHECK(bench.layer->counters().refused == 0);
}

TEST_CASE("cancel from the peer: one for a transaction that makes room for it is answered" *
          doctest::description("RFC 3261 9.2; R5.5")) {
  Bench bench(small_limits(1));
  bench.open_all();
  SipText options;
  options.method = "OPTIONS";
  bench.receive(options);
  CHECK(bench.respond(options, 200).has_value());
  bench.receive(cancel_of(options));
  CHECK(bench.last_sent().starts_with("SIP/2.0 200 "));
  CHECK(bench.layer->counters().reclaimed == 1);
  const std::string first = bench.last_sent();
  bench.receive(cancel_of(options));
  CHECK(bench.last_sent() == first);
}

TEST_CASE("cancel from the peer: 481 without its INVITE" *
          doctest::description("RFC 3261 9.2; R3.4")) {
  Bench bench;
  bench.open_all();
  SipText invite;
  bench.receive(invite);
  SipText cancel = cancel_of(invite);
  cancel.branch = "z9hG4bKnone";
  bench.receive(cancel);
  CHECK(bench.last_sent().starts_with("SIP/2.0 481 "));
  CHECK(bench.heard == Heard{"INVITE"});
  cancel = cancel_of(invite);
  cancel.sent_by = "192.0.2.2:5060";
  bench.receive(cancel);
  CHECK(bench.last_sent().starts_with("SIP/2.0 481 "));
  CHECK(bench.layer->counters().stray_cancels == 2);
}

TEST_CASE("cancel to the peer: waits for a provisional" *
          doctest::description("RFC 3261 9.1; R3.4")) {
  Bench bench;
  SipText invite;
  invite.extra = "Route: <sip:p1.example.com;lr>\r\nRequire: timer\r\nProxy-Require: x\r\n";
  const ClientHandle client = bench.start(invite, sip::Method::Invite);
  bench.layer->cancel(client);
  bench.layer->cancel(client);
  CHECK(bench.count("CANCEL ") == 0);
  bench.pass(Millis{100});
  bench.receive(invite.response(180));
  CHECK(bench.times("CANCEL ") == Times{100});
  bench.receive(invite.response(183));
  bench.layer->cancel(client);
  CHECK(bench.count("CANCEL ") == 1);
  const std::string& cancel = bench.last_sent();
  CHECK(cancel.starts_with("CANCEL sip:bob@192.0.2.7 SIP/2.0\r\n"));
  CHECK(cancel.find(";branch=" + invite.branch + "\r\n") != std::string::npos);
  CHECK(cancel.find("CSeq: 7 CANCEL\r\n") != std::string::npos);
  CHECK(cancel.find("<sip:p1.example.com;lr>") != std::string::npos);
  CHECK(cancel.find("equire") == std::string::npos);
  CHECK(bench.heard == Heard{"180", "183"});
}

TEST_CASE("cancel to the peer: says why" * doctest::description("RFC 3326 2; R3.4")) {
  Bench bench;
  SipText invite;
  const ClientHandle client = bench.start(invite, sip::Method::Invite);
  bench.receive(invite.response(180));
  bench.layer->cancel(client, "Reason: SIP;cause=200\r\n");
  CHECK(bench.count("CANCEL ") == 1);
  CHECK(bench.last_sent().find("\r\nReason: SIP;cause=200\r\n") != std::string::npos);
}

TEST_CASE(
    "cancel to the peer: goes out at once after a provisional, and is repeated until answered" *
    doctest::description("RFC 3261 9.1, 17.1.2.2; R3.4")) {
  Bench bench;
  SipText invite;
  const ClientHandle client = bench.start(invite, sip::Method::Invite);
  bench.receive(invite.response(180));
  bench.layer->cancel(client);
  bench.pass(Millis{1600});
  CHECK(bench.times("CANCEL ") == Times{0, 500, 1500});
  bench.receive(cancel_of(invite).response(200));
  bench.pass(Millis{3000});
  CHECK(bench.count("CANCEL ") == 3);
  CHECK(bench.heard == Heard{"180"});  // its own 200 is nobody's
  bench.receive(invite.response(487));
  CHECK(bench.heard == Heard{"180", "487"});
  CHECK(bench.count("ACK ") == 1);
  bench.pass(Millis{32'000});
  CHECK(bench.heard == Heard{"180", "487", "client done"});
  CHECK(bench.all_free());
}

TEST_CASE("cancel to the peer: never after a final response" *
          doctest::description("RFC 3261 9.1; R3.4")) {
  for (const int status : {200, 486}) {
    Bench bench;
    SipText invite;
    const ClientHandle client = bench.start(invite, sip::Method::Invite);
    bench.receive(invite.response(status));
    bench.layer->cancel(client);
    bench.pass(Millis{1000});
    CHECK(bench.count("CANCEL ") == 0);
  }
  Bench bench;
  SipText invite;
  const ClientHandle client = bench.start(invite, sip::Method::Invite);
  bench.layer->cancel(client);
  bench.receive(invite.response(200));  // the one that was waited for is final
  CHECK(bench.count("CANCEL ") == 0);
  CHECK(bench.heard == Heard{"200"});
}

TEST_CASE("cancel to the peer: a late 200 still goes up" *
          doctest::description("RFC 3261 9.1; R3.4")) {
  Bench bench;
  SipText invite;
  const ClientHandle client = bench.start(invite, sip::Method::Invite);
  bench.receive(invite.response(180));
  bench.layer->cancel(client);
  bench.receive(invite.response(200));
  CHECK(bench.heard == Heard{"180", "200"});
}

TEST_CASE("cancel to the peer: the INVITE is given up 64·T1 later" *
          doctest::description("RFC 3261 9.1; R3.4")) {
  Bench bench;
  SipText invite;
  const ClientHandle client = bench.start(invite, sip::Method::Invite);
  bench.receive(invite.response(180));
  bench.pass(Millis{50'000});
  bench.layer->cancel(client);
  bench.receive(cancel_of(invite).response(200));
  bench.pass(Millis{31'999});
  CHECK(bench.heard == Heard{"180"});
  bench.pass(Millis{1});
  CHECK(bench.heard == Heard{"180", "client timeout"});
  CHECK(bench.all_free());
}

TEST_CASE("cancel to the peer: asked for before the start it goes with the first provisional" *
          doctest::description("RFC 3261 9.1")) {
  Bench bench;
  const auto handle = bench.layer->reserve(sip::Method::Invite, bench, 77);
  bench.layer->cancel(*handle);
  SipText invite;
  std::array<char, TransactionLayer::kBranchMax> out;
  invite.branch = std::string(bench.layer->write_branch(*handle, invite.sent_by, 1, out));
  CHECK(bench.layer->start(*handle, bench.slabs.copy(invite.request()), bench.flow).has_value());
  bench.receive(invite.response(100));
  CHECK(bench.count("CANCEL ") == 1);
}

TEST_CASE("cancel to the peer: with a full pool it is still sent once" *
          doctest::description("RFC 3261 9.1; R5.5")) {
  Bench bench(small_limits(1));
  SipText invite;
  const ClientHandle client = bench.start(invite, sip::Method::Invite);
  bench.receive(invite.response(180));
  bench.layer->cancel(client);
  bench.pass(Millis{32'000});
  CHECK(bench.times("CANCEL ") == Times{0});
  CHECK(bench.heard == Heard{"180", "client timeout"});
  CHECK(bench.all_free());
}

TEST_CASE("cancel to the peer: its transaction ends with that of the INVITE" *
          doctest::description("RFC 3261 9.1; R3.4 R3.3")) {
  Bench bench;
  bench.flow.transport = sip::Transport::Tcp;
  SipText invite;
  const ClientHandle client = bench.start(invite, sip::Method::Invite);
  bench.receive(invite.response(180));
  bench.layer->cancel(client);
  CHECK(bench.layer->client_stats().in_use == 2);
  bench.receive(invite.response(487));  // overtakes the 200 to the CANCEL
  CHECK(bench.heard == Heard{"180", "487", "client done"});
  CHECK(bench.all_free());
  bench.receive(cancel_of(invite).response(200));
  CHECK(bench.layer->counters().stray_responses == 1);
}
