#include "transaction/refusal_log.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace tipring;

namespace {

struct FixedClock : port::Clock {
  Millis monotonic() const override { return Millis(0); }
  Millis wall() const override { return Millis(0); }
};

struct Bench {
  explicit Bench(LogLevel level = LogLevel::Info) : log(ring, clock, level) {}

  void refuse(uint16_t status, std::string_view reason = "", const std::string& from = "<sip:a@h>",
              const std::string& call_id = "c1") {
    const std::string text =
        "OPTIONS sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: " + from +
        "\r\nTo: <tel:+49>\r\nCall-ID: " + call_id + "\r\nCSeq: 1 OPTIONS\r\n\r\n";
    sip::HeaderIndex index;
    const sip::ParsedMessage parsed = sip::parse_message(text, index, sip::Framing::Datagram);
    refusals.on_refused(parsed.view, {source, sip::Transport::Tcp}, status, reason, Millis(5000));
  }

  void answer(uint16_t status, Millis now = Millis(5000)) {
    const std::string text =
        "OPTIONS sip:b@h SIP/2.0\r\nFrom: <sip:a@h>\r\nTo: <sip:b@h>\r\nCall-ID: c1\r\n\r\n";
    sip::HeaderIndex index;
    const sip::ParsedMessage parsed = sip::parse_message(text, index, sip::Framing::Datagram);
    refusals.on_answered(parsed.view, {source, sip::Transport::Udp}, status, Millis(7), now);
  }

  std::vector<std::string> lines() {
    std::vector<std::string> all;
    for (; ring.front() != nullptr; ring.pop()) {
      all.push_back(std::string(to_text(ring.front()->level)) + " " +
                    std::string(ring.front()->text.data(), ring.front()->size));
    }
    return all;
  }

  std::vector<LogSlot> slots = std::vector<LogSlot>(64);
  LogRing ring{std::span(slots)};
  FixedClock clock;
  Log log;
  TimerWheel wheel{Millis(5000)};
  port::SocketAddress source{*port::parse_ip("192.0.2.1"), 5070};
  transaction::RefusalLog refusals{log, wheel};
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("refusal log: a line has who, what, from where and why" *
          doctest::description("R6.1, R6.2")) {
  Bench bench;
  bench.refuse(404, "Not Found - nobody");
  CHECK(bench.lines() ==
        Lines{"INFO refused status=404 method=OPTIONS reason=\"Not Found - nobody\" "
              "source=192.0.2.1:5070 transport=tcp from=a to=tel:+49 call_id=c1"});
}

TEST_CASE("refusal log: our own want is a warning, a challenge for the curious, success nothing" *
          doctest::description("R6.1")) {
  Bench bench(LogLevel::Debug);
  constexpr uint16_t kStatuses[] = {200, 302, 401, 407, 403, 503};
  for (const uint16_t status : kStatuses) bench.refuse(status);
  const Lines lines = bench.lines();
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].starts_with("DEBUG refused status=401 method=OPTIONS reason=Unauthorized "));
  CHECK(lines[1].starts_with("DEBUG refused status=407 "));
  CHECK(lines[2].starts_with("INFO refused status=403 "));
  CHECK(lines[3].starts_with("WARNING refused status=503 "));
}

TEST_CASE("refusal log: what cannot be read leaves its field empty, what is long is cut" *
          doctest::description("G3")) {
  Bench bench;
  bench.refuse(400, "", "<sip:", "c1");
  bench.refuse(400, "", "<sip:" + std::string(90, 'u') + "@h>", std::string(600, 'c'));
  const Lines lines = bench.lines();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].find(" from=\"\" to=tel:+49 call_id=c1") != std::string::npos);
  CHECK(lines[1].find(" from=" + std::string(64, 'u') + "\xe2\x80\xa6 to=") != std::string::npos);
  CHECK(lines[1].ends_with("\xe2\x80\xa6"));
}

TEST_CASE("refusal log: a flood of one status is cut, another still has its line" *
          doctest::description("R6.1")) {
  Bench bench;
  for (int i = 0; i < 500; ++i) bench.refuse(404);
  bench.refuse(403);
  CHECK(bench.lines().size() == LogBursts::kLinesAtOnce + 1);
  CHECK(bench.log.suppressed() == 500 - LogBursts::kLinesAtOnce);
  bench.wheel.advance(Millis(5000) + LogBursts::kSummaryEvery);
  CHECK(bench.lines() == Lines{"INFO log_suppressed event=refused kind=404 suppressed=480"});
}

TEST_CASE("refusal log: other answers have a line for the curious, and a flood of them is cut" *
          doctest::description("R6.1")) {
  Bench usual;
  CHECK_FALSE(usual.refusals.wants_answers());
  usual.answer(200);
  CHECK(usual.lines().empty());
  Bench curious(LogLevel::Debug);
  CHECK(curious.refusals.wants_answers());
  curious.answer(200);
  CHECK(curious.lines() == Lines{"DEBUG answered status=200 method=OPTIONS after_ms=7 "
                                 "source=192.0.2.1:5070 transport=udp call_id=c1"});
  for (int i = 0; i < 100; ++i) curious.answer(200);
  CHECK(curious.lines().size() < LogBursts::kLinesAtOnce);
  curious.answer(302);
  CHECK(curious.lines().size() == 1);
}
