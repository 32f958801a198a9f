// The trace of one number or peer: what gets into the ring, what is pushed out, what is masked.
#include "transport/trace.h"

#include <chrono>

#include "bench.h"

using namespace tipring;
using namespace tipring::transport;

namespace {

struct Tracing {
  explicit Tracing(uint32_t kib = 64)
      : trace(bench.arena, kib, {1, 2}, bench.host.clock(), bench.host.loop(), bench.wheel,
              bench.log) {
    bench.layer->set_trace(trace);
  }
  ~Tracing() { trace.stop(); }

  std::vector<TraceEntry> entries() {
    std::vector<TraceEntry> all;
    for (auto entry = trace.find(1); entry; entry = trace.find(entry->number + 1))
      all.push_back(*entry);
    return all;
  }

  Bench bench;
  Trace trace;
};

std::string masked(std::string text) {
  mask_secrets(text);
  return text;
}

Flow flow_out() { return {at("10.0.0.1", 5060), at("10.0.0.2", 4000), {}, sip::Transport::Udp, 0}; }

}  // namespace

TEST_CASE("trace: off, nothing is kept" * doctest::description("R6.1")) {
  Tracing it;
  UdpPeer peer(it.bench, at("10.0.0.2", 4000));
  peer.write(Request{}.text());
  it.bench.settle();
  CHECK(it.entries().empty());
}

TEST_CASE("trace: an address shows what comes from it and goes to it" *
          doctest::description("R6.1")) {
  Tracing it;
  REQUIRE(it.trace.start("10.0.0.2", Millis(60000)));
  it.bench.answer_with(200);
  UdpPeer peer(it.bench, at("10.0.0.2", 4000));
  Request request;
  request.via = "SIP/2.0/UDP host;rport;branch=z9hG4bK1";
  peer.write(request.text());
  it.bench.settle();
  const auto entries = it.entries();
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].kind == TraceKind::Received);
  CHECK(entries[0].text == request.text());
  CHECK(entries[0].remote == at("10.0.0.2", 4000));
  CHECK(entries[0].local == at("10.0.0.1", 5060));
  CHECK(entries[1].kind == TraceKind::Sent);
  CHECK(entries[1].text == response(200));
  REQUIRE(it.trace.start("10.0.0.3", Millis(60000)));
  peer.write(request.text());
  it.bench.settle();
  CHECK(it.entries().size() == 2);
}

TEST_CASE("trace: it ends when its time is over" * doctest::description("R6.1")) {
  Tracing it;
  port::SimLoop& loop = it.bench.host.loop();
  loop.schedule(loop.now(), [&] { REQUIRE(it.trace.start("bob", Millis(2000))); });
  it.bench.pass(Millis(1900));
  CHECK(it.trace.on());
  it.bench.pass(Millis(200));
  CHECK_FALSE(it.trace.on());
  CHECK(it.trace.left() == Millis(0));
}

TEST_CASE("trace: without a ring, or without a subject, it does not begin") {
  Tracing none(0);
  CHECK(none.trace.start("bob", Millis(1000)).error() == Error::Unsupported);
  Tracing it;
  CHECK(it.trace.start("@example.com", Millis(1000)).error() == Error::Invalid);
  CHECK(it.trace.start(std::string(65, 'x'), Millis(1000)).error() == Error::TooLong);
  CHECK_FALSE(it.trace.on());
}

TEST_CASE("trace: the newest push out the oldest, in order and whole" *
          doctest::description("DESIGN Memory")) {
  Tracing it(4);
  REQUIRE(it.trace.start("10.0.0.2", Millis(60000)));
  for (size_t i = 1; i <= 2000; ++i) {
    const std::string text(1 + i * 37 % 900, static_cast<char>('a' + i % 26));
    it.trace.sent(text, flow_out());
    const auto entries = it.entries();
    REQUIRE_FALSE(entries.empty());
    REQUIRE(entries.back().number == i);
    for (size_t k = 0; k < entries.size(); ++k) {
      const uint64_t number = entries[k].number;
      REQUIRE(number == i + 1 + k - entries.size());
      REQUIRE(entries[k].text ==
              std::string(1 + number * 37 % 900, static_cast<char>('a' + number % 26)));
    }
  }
}

TEST_CASE("trace: a message beyond a quarter of the ring is cut, and says so") {
  Tracing it(4);
  REQUIRE(it.trace.start("10.0.0.2", Millis(60000)));
  it.trace.sent(std::string(5000, 'x'), flow_out());
  const auto entry = it.trace.find(0);
  REQUIRE(entry);
  CHECK(entry->text.size() == 1024);
  CHECK(entry->size == 5000);
}

TEST_CASE("trace: a secret lies in the ring until somebody looks, and nobody sees it" *
          doctest::description("R6.3")) {
  Tracing it;
  it.trace.keep_all();
  const std::string said =
      "OPTIONS sip:a SIP/2.0\r\nAuthorization: Digest response=\"c0ffee\"\r\n\r\n";
  it.trace.sent(said, flow_out());
  for (int look = 0; look < 2; ++look) {
    const auto entry = it.trace.find(1);
    REQUIRE(entry);
    CHECK(entry->text.find("c0ffee") == std::string_view::npos);
    CHECK(entry->text.find("response=\"******\"") != std::string_view::npos);
    CHECK(entry->size == said.size());
  }
}

TEST_CASE("trace: whoever is told of each message is told no secret" *
          doctest::description("R6.3")) {
  struct Sink final : TraceSink {
    void on_traced(const TraceEntry& entry) override { text += entry.text; }
    std::string text;
  } sink;
  Tracing it;
  it.trace.keep_all();
  it.trace.set_sink(sink);
  it.trace.sent("k=clear:pw\r\n", flow_out());
  CHECK(sink.text == "k=********\r\n");
}

TEST_CASE("trace: decisions stand between messages, with their values" *
          doctest::description("R6.2")) {
  Tracing it;
  it.trace.decided("c1", Decision::TimerC);
  CHECK(it.entries().empty());  // it is off
  it.trace.keep_all();
  it.trace.sent("a", flow_out());
  it.trace.decided("c1", Decision::MemberRung, {"b\x1fob", at("10.0.0.3", 5070), 7U}, "c2");
  it.trace.sent("b", flow_out());
  const auto entries = it.entries();
  REQUIRE(entries.size() == 3);
  CHECK(entries[1].number == 2);
  CHECK(entries[1].kind == TraceKind::Decided);
  CHECK(entries[1].decision == Decision::MemberRung);
  CHECK(entries[1].text ==
        "b ob\x1f"
        "10.0.0.3:5070\x1f"
        "7\x1f");
  CHECK(entries[1].call_id == "c1");
  CHECK(entries[1].joins == "c2");
  CHECK(entries[2].text == "b");
}

TEST_CASE("trace: of a subject, decisions about its calls and what these have begun" *
          doctest::description("R6.1")) {
  Tracing it;
  REQUIRE(it.trace.start("10.0.0.2", Millis(60000)));
  it.trace.decided("c1", Decision::TimerC);
  CHECK(it.entries().empty());
  it.trace.sent(
      "BYE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n"
      "To: <sip:b@h>\r\nCall-ID: c1\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n",
      flow_out());
  it.trace.decided("c1", Decision::MemberRung, {}, "c2");
  it.trace.decided("c2", Decision::TimerC);
  it.trace.decided("c3", Decision::TimerC);
  CHECK(it.entries().size() == 3);
}

TEST_CASE("trace: where everything is kept, what is about the subject is marked" *
          doctest::description("R6.1")) {
  Tracing it;
  it.trace.keep_all();
  REQUIRE(it.trace.start("10.0.0.3", Millis(60000)));
  it.trace.sent("a", flow_out());
  REQUIRE(it.trace.start("10.0.0.2", Millis(60000)));
  it.trace.sent("b", flow_out());
  const auto entries = it.entries();
  REQUIRE(entries.size() == 2);
  CHECK_FALSE(entries[0].of_subject);
  CHECK(entries[1].of_subject);
}

TEST_CASE("trace: decisions push out what is old, and one of any length has a place" *
          doctest::description("DESIGN Memory")) {
  Tracing it(4);
  it.trace.keep_all();
  const std::string text(300, 'x');
  const std::string_view longest = text;
  for (size_t i = 1; i <= 500; ++i) {
    it.trace.decided(longest, Decision::Refused, {longest, longest, longest, longest, longest},
                     longest);
    it.trace.sent("m", flow_out());
  }
  const auto entries = it.entries();
  REQUIRE(entries.size() >= 4);
  CHECK(entries.back().number == 1000);
  CHECK(entries[0].number == 1001 - entries.size());
}

TEST_CASE("mask: proofs and nonces in credentials and challenges" *
          doctest::description("RFC 7616 3.3, 3.4, 3.5")) {
  CHECK(masked("Authorization: Digest username=\"bob\", nonce=\"abc\", response=\"0f0f\", "
               "cnonce=\"x\\\"y\", nc=00000001\r\n") ==
        "Authorization: Digest username=\"bob\", nonce=\"***\", response=\"****\", "
        "cnonce=\"****\", nc=00000001\r\n");
  CHECK(masked("proxy-authorization :digest response=0f0f,nonce=abc\r\n\r\n") ==
        "proxy-authorization :digest response=****,nonce=***\r\n\r\n");
  CHECK(masked("WWW-Authenticate: Digest realm=\"nonce\",\r\n nonce=\"abc\"\r\nTo: x\r\n") ==
        "WWW-Authenticate: Digest realm=\"nonce\",\r\n nonce=\"***\"\r\nTo: x\r\n");
  CHECK(masked("Authentication-Info: nextnonce=\"ab\", rspauth=\"cd\", cnonce=\"ef\"\n") ==
        "Authentication-Info: nextnonce=\"**\", rspauth=\"**\", cnonce=\"**\"\n");
  CHECK(masked("Authorization: Basic QWxhZGRpbg==\r\n") == "Authorization: Basic ************\r\n");
}

TEST_CASE("mask: passwords in URIs, keys in session descriptions" *
          doctest::description("RFC 3261 19.1.1; RFC 4568 6.1; RFC 4566 5.12")) {
  CHECK(masked("INVITE sip:bob:pw@example.com SIP/2.0\r\n") ==
        "INVITE sip:bob:**@example.com SIP/2.0\r\n");
  CHECK(masked("To: <SIPS:bob:pw@[::1]:5061>;tag=1\r\n") ==
        "To: <SIPS:bob:**@[::1]:5061>;tag=1\r\n");
  CHECK(masked("Contact: <sip:bob@example.com:5060>\r\n") ==
        "Contact: <sip:bob@example.com:5060>\r\n");
  CHECK(masked("a=crypto:1 AES_CM inline:KEY|2^20\r\nk=base64:QQ==\r\n") ==
        "a=crypto:1 AES_CM inline:********\r\nk=***********\r\n");
}

TEST_CASE("mask: white space around the equals sign of a parameter hides nothing" *
          doctest::description("RFC 3261 25.1; R6.3")) {
  CHECK(
      masked("Authorization: Digest realm = \"r\", response = \"0f0f\",nonce\t=\r\n abc\r\n\r\n") ==
      "Authorization: Digest realm = \"r\", response = \"****\",nonce\t=\r\n ***\r\n\r\n");
}

TEST_CASE("mask: a line of nothing but schemes is looked through once" *
          doctest::description("G3")) {
  std::string line = "X: ";
  while (line.size() < 400'000) line += "sip:";
  const auto began = std::chrono::steady_clock::now();
  CHECK(masked(line + " <sip:bob:pw@h>\r\n") == line + " <sip:bob:**@h>\r\n");
  // Looked through again from each of them it takes minutes.
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(2));
}

TEST_CASE("mask: whatever the bytes are, their number stays" * doctest::description("G3")) {
  uint32_t seed = 1;
  const std::string_view pieces[] = {"Authorization",
                                     ":",
                                     " Digest ",
                                     "nonce",
                                     "=",
                                     "\"",
                                     "\\",
                                     "\r\n",
                                     "\n",
                                     " ",
                                     ",",
                                     "sip:",
                                     "@",
                                     "response",
                                     "x",
                                     "k=",
                                     "a=crypto:",
                                     "inline:",
                                     std::string_view("\0", 1)};
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (int i = 0; i < 14; ++i) {
      seed = seed * 1664525 + 1013904223;
      text += pieces[(seed >> 16) % std::size(pieces)];
    }
    const size_t size = text.size();
    const auto copy = std::make_unique<char[]>(size);  // its end is watched
    std::copy(text.begin(), text.end(), copy.get());
    mask_secrets({copy.get(), size});
  }
}
