#include "service/reliable_provisionals.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "port/sim/sim_clock.h"
#include "unit/sip/parsed.h"

using namespace tipring;
using service::Reliability;
using service::ReliableReceiver;
using service::ReliableSender;
using Due = ReliableSender::Due;
using Verdict = ReliableReceiver::Verdict;

namespace {

class Sender {
 public:
  void begin(bool has_session, Millis now = Millis(0)) { sender.begin(has_session, entropy, now); }
  uint32_t number() const {
    std::array<char, ReliableSender::kLinesMax> room;
    const std::string lines(sender.lines(room));
    const std::string head = "Require: 100rel\r\nRSeq: ";
    REQUIRE(lines.starts_with(head));
    REQUIRE(lines.ends_with("\r\n"));
    return static_cast<uint32_t>(std::stoul(lines.substr(head.size())));
  }
  bool prack(uint32_t number, uint32_t cseq = 314159, sip::Method method = sip::Method::Invite) {
    return sender.on_prack({number, {cseq, method, sip::to_text(method)}}, 314159);
  }

  port::SimEntropy entropy{3};
  ReliableSender sender;
};

class Receiver {
 public:
  Verdict on(const std::string& status, const std::string& lines,
             const std::string& to_tag = ";tag=8321234356") {
    const test::Parsed response(test::wire("\nSIP/2.0 " + status + R"(
Via: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bK776asdhds
From: Alice <sip:alice@atlanta.example>;tag=1928301774
To: Bob <sip:bob@biloxi.example>)" + to_tag +
                                           R"(
Call-ID: a84b4c76e66710
CSeq: 314159 INVITE
)" + lines + "\n"));
    REQUIRE(response.complete());
    return receiver.on_provisional(response.view());
  }
  Verdict on_reliable(const std::string& number) {
    return on("180 Ringing", "Require: 100rel\nRSeq: " + number + "\n");
  }
  std::string rack() const {
    std::array<char, ReliableReceiver::kLineMax> room;
    return std::string(receiver.rack_line(room));
  }

  ReliableReceiver receiver;
};

Reliability of(const std::string& lines) {
  const test::Parsed invite(test::request_with(lines));
  REQUIRE(invite.complete());
  return service::reliability_of(invite.view());
}

}  // namespace

TEST_CASE("reliable provisionals: the INVITE says whether they may or must be" *
          doctest::description("RFC 3262 3; F25")) {
  CHECK(of("") == Reliability::Forbidden);
  CHECK(of("Supported: timer\n") == Reliability::Forbidden);
  CHECK(of("k: timer, 100REL\n") == Reliability::Offered);
  CHECK(of("Require: 100rel\n") == Reliability::Required);
  CHECK(of("Supported: 100rel\nRequire: x, 100rel\n") == Reliability::Required);
}

TEST_CASE(
    "reliable provisionals: the first number is any of 1 to 2**31 - 1, the next is one higher" *
    doctest::description("RFC 3262 3; F25")) {
  Sender bench;
  bool high = false;
  for (int i = 0; i < 200; ++i) {
    bench.sender = ReliableSender();
    bench.begin(false);
    CHECK(bench.number() >= 1);
    CHECK(bench.number() < uint32_t{1} << 31);
    high = high || bench.number() > uint32_t{1} << 30;
  }
  CHECK(high);
  const uint32_t first = bench.number();
  CHECK(bench.prack(first));
  bench.begin(false);
  CHECK(bench.number() == first + 1);
}

TEST_CASE("reliable provisionals: sent again after T1, doubling, given up after 64*T1" *
          doctest::description("RFC 3262 3; F25")) {
  Sender bench;
  const Millis start{1000};
  bench.begin(true, start);
  std::vector<int64_t> sent;
  Due due = Due::Nothing;
  while (due != Due::GiveUp) {
    const Millis at = bench.sender.deadline();
    REQUIRE(at != kNever);
    CHECK(bench.sender.on_timer(at - Millis(1)) == Due::Nothing);
    due = bench.sender.on_timer(at);
    REQUIRE(due != Due::Nothing);
    sent.push_back((at - start).count());
  }
  CHECK(sent == std::vector<int64_t>{500, 1500, 3500, 7500, 15500, 31500, 32000});
  CHECK(bench.sender.deadline() == kNever);
  CHECK(bench.sender.on_timer(start + Millis(99000)) == Due::Nothing);
}

TEST_CASE("reliable provisionals: a PRACK matches by RSeq, CSeq and method, and once" *
          doctest::description("RFC 3262 3; F25")) {
  Sender bench;
  CHECK_FALSE(bench.prack(0));
  bench.begin(false);
  const uint32_t number = bench.number();
  CHECK_FALSE(bench.prack(number + 1));
  CHECK_FALSE(bench.prack(number, 314160));
  CHECK_FALSE(bench.prack(number, 314159, sip::Method::Update));
  CHECK(bench.sender.deadline() == Millis(500));
  CHECK(bench.prack(number));
  CHECK(bench.sender.deadline() == kNever);
  CHECK_FALSE(bench.prack(number));
}

TEST_CASE("reliable provisionals: one waits at a time" * doctest::description("RFC 3262 3; F25")) {
  Sender bench;
  CHECK(bench.sender.may_send());
  bench.begin(false);
  CHECK_FALSE(bench.sender.may_send());
  CHECK(bench.prack(bench.number()));
  CHECK(bench.sender.may_send());
  bench.begin(true, Millis(9000));
  CHECK(bench.sender.deadline() == Millis(9500));  // from T1 on again
  CHECK_FALSE(bench.sender.may_send());
}

TEST_CASE(
    "reliable provisionals: a 2xx waits for the PRACK of a session description, and of no other" *
    doctest::description("RFC 3262 3, 5; F25")) {
  Sender bench;
  CHECK_FALSE(bench.sender.delays_success());
  bench.begin(false);
  CHECK_FALSE(bench.sender.delays_success());
  CHECK(bench.prack(bench.number()));
  bench.begin(true);
  CHECK(bench.sender.delays_success());
  CHECK(bench.prack(bench.number()));
  CHECK_FALSE(bench.sender.delays_success());
}

TEST_CASE("reliable provisionals: behind the final response nothing is sent, but a PRACK is known" *
          doctest::description("RFC 3262 3; F25")) {
  Sender bench;
  bench.begin(true);
  bench.sender.close();
  CHECK(bench.sender.deadline() == kNever);
  CHECK(bench.sender.on_timer(Millis(40000)) == Due::Nothing);
  CHECK_FALSE(bench.sender.may_send());
  CHECK(bench.prack(bench.number()));
  CHECK_FALSE(bench.sender.may_send());
}

TEST_CASE("reliable provisionals: each is acknowledged once and in order" *
          doctest::description("RFC 3262 4; F25")) {
  Receiver bench;
  CHECK(bench.on_reliable("776655") == Verdict::Acknowledge);
  CHECK(bench.rack() == "RAck: 776655 314159 INVITE\r\n");
  CHECK(bench.on_reliable("776655") == Verdict::Drop);
  CHECK(bench.on_reliable("776657") == Verdict::Drop);
  CHECK(bench.on_reliable("776654") == Verdict::Drop);
  CHECK(bench.rack() == "RAck: 776655 314159 INVITE\r\n");
  CHECK(bench.on_reliable("776656") == Verdict::Acknowledge);
  CHECK(bench.rack() == "RAck: 776656 314159 INVITE\r\n");
}

TEST_CASE("reliable provisionals: a 100, and one without the tag, are as ever" *
          doctest::description("RFC 3262 4; F25")) {
  Receiver bench;
  CHECK(bench.on("100 Trying", "Require: 100rel\nRSeq: 1\n") == Verdict::Unreliable);
  CHECK(bench.on("180 Ringing", "RSeq: 1\n") == Verdict::Unreliable);
  CHECK(bench.on("183 Session Progress", "Supported: 100rel\nRSeq: 1\n") == Verdict::Unreliable);
  CHECK(bench.on_reliable("5") == Verdict::Acknowledge);
  CHECK(bench.on("180 Ringing", "") == Verdict::Unreliable);
}

TEST_CASE("reliable provisionals: one that cannot be acknowledged is dropped" *
          doctest::description("RFC 3262 4, 7.1; F25")) {
  Receiver bench;
  CHECK(bench.on("180 Ringing", "Require: 100rel\n") == Verdict::Drop);
  CHECK(bench.on_reliable("0") == Verdict::Drop);
  CHECK(bench.on_reliable("4294967296") == Verdict::Drop);
  CHECK(bench.on("180 Ringing", "Require: 100rel\nRSeq: 1\n", "") == Verdict::Drop);
  CHECK(bench.on_reliable("4294967295") == Verdict::Acknowledge);
  CHECK(bench.on_reliable("0") == Verdict::Drop);  // the numbers do not begin again
}

TEST_CASE("reliable provisionals: none is taken behind the final response" *
          doctest::description("RFC 3262 4; F25")) {
  Receiver bench;
  CHECK(bench.on_reliable("1") == Verdict::Acknowledge);
  bench.receiver.close();
  CHECK(bench.on_reliable("2") == Verdict::Drop);
}
