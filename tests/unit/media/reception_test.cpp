#include "media/reception.h"

#include <doctest/doctest.h>

#include <initializer_list>

namespace tipring::media {
namespace {

struct Bench {
  void packet(uint16_t sequence, uint32_t timestamp = 0, Millis now = Millis(0),
              uint32_t rate = 8000) {
    RtpHeader header;
    header.ssrc = ssrc;
    header.sequence = sequence;
    header.timestamp = timestamp;
    meter.on_rtp(header, 172, rate, now);
  }
  void packets(std::initializer_list<int> sequences) {
    for (const int sequence : sequences) packet(static_cast<uint16_t>(sequence));
  }
  const Reception& figures() const { return meter.figures(); }

  uint32_t ssrc = 1;
  ReceptionMeter meter;
};

TEST_CASE("reception: nothing is known before the first packet" * doctest::description("R18.2")) {
  const Bench bench;
  CHECK(bench.figures().packets == 0);
  CHECK(bench.figures().last_packet == kNever);
}

TEST_CASE("reception: packets and bytes are counted, and the last one's time kept" *
          doctest::description("RFC 3550 6.4.1; R18.2")) {
  Bench bench;
  bench.packet(1, 0, Millis(10));
  bench.packet(2, 160, Millis(30));
  CHECK(bench.figures().packets == 2);
  CHECK(bench.figures().bytes == 344);
  CHECK(bench.figures().last_packet == Millis(30));
  bench.meter.on_other(Millis(40));
  CHECK(bench.figures().last_packet == Millis(40));
  CHECK(bench.figures().packets == 2);
}

TEST_CASE("reception: what is missing is lost until it comes late" *
          doctest::description("RFC 3550 A.3; R18.2")) {
  Bench bench;
  bench.packets({10, 11, 14});
  CHECK(bench.figures().lost == 2);
  bench.packet(12);
  CHECK(bench.figures().lost == 1);
  bench.packet(14);  // repeated
  CHECK(bench.figures().lost == 0);
  bench.packet(14);
  CHECK(bench.figures().lost == -1);
}

TEST_CASE("reception: numbers that wrap are no loss" *
          doctest::description("RFC 3550 A.1; R18.2")) {
  Bench bench;
  bench.packets({65534, 65535, 0, 1, 3});
  CHECK(bench.figures().lost == 1);
}

TEST_CASE("reception: a sender that begins anew under its SSRC has lost nothing by it" *
          doctest::description("RFC 3550 A.1; R18.2")) {
  Bench bench;
  bench.packets({100, 101, 103});
  bench.packet(40000);  // one far off may be damaged
  CHECK(bench.figures().lost == 1);
  bench.packets({40001, 40002});
  CHECK(bench.figures().lost == 1);
  bench.packet(40004);
  CHECK(bench.figures().lost == 2);
}

TEST_CASE("reception: losses of a sender stay when the next one comes" *
          doctest::description("RFC 3550 8.2; R18.2")) {
  Bench bench;
  bench.packets({1, 3});
  bench.ssrc = 2;
  bench.packets({500, 502});
  CHECK(bench.figures().lost == 2);
  CHECK(bench.figures().ssrc == 2);
}

TEST_CASE("reception: packets that come as they were sent have no jitter" *
          doctest::description("RFC 3550 A.8; R18.2")) {
  Bench bench;
  for (uint16_t i = 0; i < 50; ++i) bench.packet(i, 160u * i, Millis(20 * i));
  CHECK(bench.figures().jitter_us == 0);
}

TEST_CASE("reception: jitter goes toward the mean difference of transit times" *
          doctest::description("RFC 3550 A.8; R18.2")) {
  Bench bench;
  // Every other one is 8 ms late: each differs by 8 ms from the one before.
  for (uint16_t i = 0; i < 200; ++i) bench.packet(i, 160u * i, Millis(20 * i + (i % 2) * 8));
  CHECK(bench.figures().jitter_us >= 7500);
  CHECK(bench.figures().jitter_us <= 8000);
  // The first difference counts a sixteenth.
  Bench once;
  once.packet(0, 0, Millis(0));
  once.packet(1, 160, Millis(36));
  CHECK(once.figures().jitter_us == 1000);
}

TEST_CASE("reception: jitter is measured by the clock of the payload, and not of events" *
          doctest::description("RFC 3551 6; RFC 4733 2.5.1.2; R18.2")) {
  Bench bench;
  for (uint16_t i = 0; i < 50; ++i) bench.packet(i, 960u * i, Millis(20 * i), 48000);
  CHECK(bench.figures().jitter_us == 0);
  for (uint16_t i = 50; i < 60; ++i) bench.packet(i, 960u * 50, Millis(20 * i), 0);
  CHECK(bench.figures().jitter_us == 0);
}

TEST_CASE("clock rates: from rtpmap, else as the payload type has it" *
          doctest::description("RFC 8866 6.6; RFC 3551 6; R18.2")) {
  const auto description = sdp::parse_description(
      "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
      "m=audio 4000 RTP/AVP 111 0 96 101\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:96 L16/44100\r\n"
      "a=rtpmap:101 telephone-event/8000\r\na=rtpmap:0 PCMU/8000\r\n");
  REQUIRE(description);
  ClockRates rates;
  rates.add(description->sections[0]);
  CHECK(rates.of(111) == 48000);
  CHECK(rates.of(96) == 44100);
  CHECK(rates.of(101) == 0);
  CHECK(rates.of(0) == 8000);
  CHECK(rates.of(34) == 90000);
  CHECK(rates.of(120) == 8000);
  rates.clear();
  CHECK(rates.of(111) == 8000);
}

}  // namespace
}  // namespace tipring::media
