#include "media/rtp.h"

#include <doctest/doctest.h>

#include "packets.h"
#include "support/guard_page.h"

namespace tipring::media {
namespace {

PacketKind kind(const std::string& bytes) {
  const tipring::test::GuardedText guarded(bytes);
  return kind_of(guarded.view());
}

TEST_CASE("rtp: the first bytes tell the protocols of one port apart" *
          doctest::description("RFC 7983 7; RFC 5761 4; R18.2")) {
  CHECK(kind(test::rtp({})) == PacketKind::Rtp);
  CHECK(kind(test::rtp({.payload_type = 101, .marker = true})) == PacketKind::Rtp);
  CHECK(kind(test::rtcp(1, 200)) == PacketKind::Rtcp);
  CHECK(kind(test::rtcp(1, 207)) == PacketKind::Rtcp);
  CHECK(kind(test::stun()) == PacketKind::Stun);
  CHECK(kind(test::dtls()) == PacketKind::Dtls);
  CHECK(kind(test::zrtp()) == PacketKind::Zrtp);
}

TEST_CASE("rtp: what media ports do not carry is neither" * doctest::description("R18.2")) {
  CHECK(kind("") == PacketKind::Other);
  CHECK(kind("\x80") == PacketKind::Other);
  CHECK(kind("OPTIONS sip:a@b SIP/2.0\r\n\r\n") == PacketKind::Other);
  CHECK(kind(test::rtp({}).substr(0, 11)) == PacketKind::Other);
  CHECK(kind(test::rtcp(1).substr(0, 7)) == PacketKind::Other);
  CHECK(kind(test::stun().substr(0, 19)) == PacketKind::Other);
  CHECK(kind(std::string(40, '\0')) == PacketKind::Other);    // no cookie of STUN
  CHECK(kind(std::string(40, '\x10')) == PacketKind::Other);  // nor of ZRTP
  CHECK(kind(test::dtls().substr(0, 12)) == PacketKind::Other);
  CHECK(kind("\x40" + std::string(40, 'x')) == PacketKind::Other);  // version 1
  CHECK(kind("\xc0" + std::string(40, 'x')) == PacketKind::Other);  // version 3
}

TEST_CASE("rtp: a control packet must be whole" * doctest::description("RFC 3550 6.4; R18.2")) {
  const auto header = parse_rtcp(test::rtcp(77, 200));
  REQUIRE(header);
  CHECK(header->ssrc == 77);
  CHECK(header->type == 200);
  std::string text = test::rtcp(77);
  text[3] = 2;  // says three words
  CHECK_FALSE(parse_rtcp(text));
  CHECK(parse_rtcp(text + "more"));
  text[3] = 0;  // too short for who sends it
  CHECK_FALSE(parse_rtcp(text));
}

}  // namespace
}  // namespace tipring::media
