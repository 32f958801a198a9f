#include "rtp/packet.h"

#include <doctest/doctest.h>

#include <string>

#include "rtp/rtcp.h"
#include "support/guard_page.h"

using namespace tipring;
using namespace tipring::rtp;

namespace {

// A packet of the given first byte, with what stands between its header and the end.
std::string packet_of(char first, const std::string& rest) {
  return std::string(1, first) + std::string("\x88\x12\x34\x00\x01\x02\x03\x0a\x0b\x0c\x0d", 11) +
         rest;
}

}  // namespace

TEST_CASE("rtp: a header is read as it was written" * doctest::description("RFC 3550 5.1")) {
  std::array<char, kHeaderBytes + 2> bytes{};
  write_header({8, true, 0x1234, 0x00010203, 0x0a0b0c0d}, bytes);
  bytes[12] = 'h';
  bytes[13] = 'i';
  CHECK(std::string(bytes.begin(), bytes.end()) == packet_of('\x80', "hi"));
  const Result<Packet> packet = parse_packet(bytes);
  REQUIRE(packet);
  CHECK(packet->header.payload_type == 8);
  CHECK(packet->header.marker);
  CHECK(packet->header.sequence == 0x1234);
  CHECK(packet->header.timestamp == 0x00010203);
  CHECK(packet->header.ssrc == 0x0a0b0c0d);
  CHECK(packet->payload.size() == 2);
}

TEST_CASE("rtp: sources, extension and padding are no sound" *
          doctest::description("RFC 3550 5.1, 5.3.1")) {
  const std::string sources(8, 's');
  const std::string extension = std::string("\xbe\xde\x00\x01", 4) + "ext!";
  const std::string padding("\x00\x00\x03", 3);
  const std::string all = packet_of('\xb2', sources + extension + "sound" + padding);
  const Result<Packet> packet = parse_packet(all);
  REQUIRE(packet);
  CHECK(std::string(packet->payload.begin(), packet->payload.end()) == "sound");
  for (size_t size = 0; size < all.size() - 3 - 5; ++size) {
    CAPTURE(size);
    const std::string cut = all.substr(0, size);
    CHECK_FALSE(parse_packet(cut));
  }
}

TEST_CASE("rtp: contributing sources and extension belong to the header, padding does not" *
          doctest::description("RFC 3550 5.1, 5.3.1")) {
  // Two sources and an extension of one word; of SRTP the last byte says nothing of padding.
  const std::string all =
      packet_of('\xb2', std::string(8, 'c') + std::string("\xbe\xde\x00\x01", 4) + "eeee\xff");
  for (size_t size = 0; size < 28; ++size) {
    CAPTURE(size);
    const tipring::test::GuardedText cut(all.substr(0, size));
    CHECK_FALSE(read_header(cut.view()));
  }
  const tipring::test::GuardedText whole(all);
  const auto header = read_header(whole.view());
  REQUIRE(header);
  CHECK(header->size == 28);
  CHECK(header->marker);
  CHECK(header->sequence == 0x1234);
  CHECK_FALSE(parse_packet(whole.view()));
}

TEST_CASE("rtp: another version and padding that is longer than the packet are refused") {
  const std::string bad[] = {packet_of('\x40', "sound"), packet_of('\xa0', "\x09"),
                             packet_of('\xa0', std::string(1, '\0'))};
  for (const std::string& bytes : bad) CHECK_FALSE(parse_packet(bytes));
  CHECK_FALSE(read_header(bad[0]));
}

TEST_CASE("reception: what is missing is counted, and the sequence goes round" *
          doctest::description("RFC 3550 A.1, A.3")) {
  Reception reception;
  Millis now{0};
  uint32_t timestamp = 0;
  for (uint32_t sequence = 65530; sequence < 65550; ++sequence) {
    now += Millis(20);
    timestamp += 160;
    if (sequence % 5 == 3) continue;
    reception.on_packet({0, false, static_cast<uint16_t>(sequence), timestamp, 7}, 8000, now);
  }
  CHECK(reception.received() == 16);
  CHECK(reception.lost() == 4);
  CHECK(reception.jitter() == 0);
  const ReportBlock block = reception.report(now);
  CHECK(block.ssrc == 7);
  CHECK(block.highest_sequence == 0x10000 + 13);
  CHECK(block.fraction_lost == 256 * 4 / 20);
  CHECK(reception.report(now).fraction_lost == 0);
}

TEST_CASE("reception: packets that come unevenly have jitter" *
          doctest::description("RFC 3550 6.4.1, A.8")) {
  Reception reception;
  for (uint32_t i = 0; i < 200; ++i) {
    const Millis late(i % 2 == 0 ? 0 : 10);
    reception.on_packet({0, false, static_cast<uint16_t>(i), i * 160, 7}, 8000,
                        Millis(20 * i) + late);
  }
  CHECK(reception.jitter() > 70);  // 80 units are 10 ms
  CHECK(reception.jitter() <= 80);
}

TEST_CASE("reception: another source is reported of anew, and the figures go on" *
          doctest::description("RFC 3550 6.4.1, 8.2")) {
  Reception reception;
  CHECK(reception.lost() == 0);
  reception.on_packet({0, false, 10, 0, 7}, 8000, Millis(0));
  reception.on_packet({0, false, 20, 160, 7}, 8000, Millis(20));
  CHECK(reception.lost() == 9);
  reception.on_packet({0, false, 5000, 0, 8}, 8000, Millis(40));
  CHECK(reception.lost() == 9);
  CHECK(reception.received() == 3);
  const ReportBlock block = reception.report(Millis(40));
  CHECK(block.ssrc == 8);
  CHECK(block.lost == 0);
  CHECK(block.fraction_lost == 0);
  CHECK(block.highest_sequence == 5000);
  // Two in a row far off, over the end of the numbers: it has begun anew.
  reception.on_packet({0, false, 65535, 0, 8}, 8000, Millis(60));
  CHECK(reception.received() == 3);
  reception.on_packet({0, false, 0, 160, 8}, 8000, Millis(80));
  CHECK(reception.received() == 5);
  CHECK(reception.lost() == 9);
  CHECK(reception.report(Millis(80)).highest_sequence == 0x10000);
}

TEST_CASE("reception: a report that comes before the first packet is of its source") {
  Reception reception;
  reception.on_sender_report(7, 99, Millis(10));
  reception.on_packet({0, false, 1, 0, 7}, 8000, Millis(20));
  CHECK(reception.report(Millis(1010)).last_report == 99);
  CHECK(reception.report(Millis(1010)).since_last_report == 65536);
  reception.on_packet({0, false, 1, 0, 8}, 8000, Millis(30));
  CHECK(reception.report(Millis(1010)).last_report == 0);
}

TEST_CASE("rtcp: a report is read as it was written" *
          doctest::description("RFC 3550 6.4.1, 6.5")) {
  RtcpReport report;
  report.ssrc = 0x01020304;
  report.cname = "phone@10.0.0.1";
  report.sender = {Millis(1500), 160, 3, 480};
  ReportBlock block;
  block.ssrc = 77;
  block.fraction_lost = 12;
  block.lost = 34;
  block.highest_sequence = 0x10001;
  block.jitter = 5;
  block.last_report = 99;
  block.since_last_report = 65536;
  report.reception = block;
  report.bye = true;
  std::array<char, kRtcpBytesMax> bytes;
  const size_t size = write_rtcp(report, bytes);
  CHECK(size % 4 == 0);
  const std::span<const char> sent(bytes.data(), size);
  CHECK(is_rtcp(sent));

  const Result<RtcpNews> news = parse_rtcp(sent, 77);
  REQUIRE(news);
  CHECK(*news->sender_ssrc == 0x01020304);
  CHECK(news->ntp_middle == ntp_middle(Millis(1500)));
  REQUIRE(news->about_us);
  CHECK(news->about_us->lost == 34);
  CHECK(news->about_us->highest_sequence == 0x10001);
  CHECK(news->about_us->since_last_report == 65536);
  CHECK(news->bye);
  CHECK_FALSE(parse_rtcp(sent, 78)->about_us);
  for (size_t cut = 1; cut < size; ++cut) {
    if (cut == 52 || cut == size - 8) continue;  // whole packets
    CAPTURE(cut);
    CHECK_FALSE(parse_rtcp(sent.first(cut), 77));
  }
}

TEST_CASE("rtcp: half a second is half of the lower part" * doctest::description("RFC 3550 4")) {
  CHECK((ntp_middle(Millis(500)) & 0xffff) == 0x8000);
  CHECK((ntp_middle(Millis(0)) >> 16) == (2208988800U & 0xffff));
}
