#include "sdp/attributes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "samples.h"
#include "sdp/description.h"

namespace tipring::sdp {
namespace {

TEST_CASE("attributes: walked in their order, with and without values" *
          doctest::description("RFC 8866 5.13")) {
  AttributeReader reader("m=audio 1 x y\r\na=one\r\nb=AS:1\r\na=two:a:b \r\na=three:\na=four");
  Attribute attribute;
  REQUIRE(reader.next(attribute));
  CHECK(attribute.name == "one");
  CHECK(attribute.value.empty());
  CHECK(attribute.line == "a=one\r\n");
  REQUIRE(reader.next(attribute));
  CHECK(attribute.name == "two");
  CHECK(attribute.value == "a:b");
  REQUIRE(reader.next("four", attribute));
  CHECK(attribute.line == "a=four");
  CHECK_FALSE(reader.next(attribute));
}

TEST_CASE("attributes: names compare with case, and whole" *
          doctest::description("RFC 8866 5.13")) {
  const std::string_view section = "a=rtcp-mux\r\na=Rtcp:1\r\na=rtcp:2\r\n";
  REQUIRE(find_attribute(section, "rtcp"));
  CHECK(find_attribute(section, "rtcp")->value == "2");
  CHECK_FALSE(find_attribute(section, "rtc"));
  CHECK_FALSE(has_attribute(section, "mux"));
}

TEST_CASE("attributes: groups that a relay takes out together" *
          doctest::description("RFC 8839; RFC 5763; RFC 4568; RFC 4574; R18.2")) {
  CHECK(group_of("candidate") == AttributeGroup::Ice);
  CHECK(group_of("ice-ufrag") == AttributeGroup::Ice);
  CHECK(group_of("ice-lite") == AttributeGroup::Ice);
  CHECK(group_of("remote-candidates") == AttributeGroup::Ice);
  CHECK(group_of("fingerprint") == AttributeGroup::Dtls);
  CHECK(group_of("setup") == AttributeGroup::Dtls);
  CHECK(group_of("crypto") == AttributeGroup::Sdes);
  CHECK(group_of("rtcp") == AttributeGroup::Rtcp);
  CHECK(group_of("rtcp-mux") == AttributeGroup::RtcpMux);
  CHECK(group_of("inactive") == AttributeGroup::Direction);
  CHECK(group_of("label") == AttributeGroup::Label);
  CHECK(group_of("mid") == AttributeGroup::Mid);
  CHECK(group_of("rtcp-fb") == AttributeGroup::None);
  CHECK(group_of("content") == AttributeGroup::None);
  const std::string text = test::wire(test::kLinphone);
  const auto description = parse_description(text);
  REQUIRE(description);
  CHECK(has_group(description->session, AttributeGroup::Ice));
  CHECK(has_group(description->media()[0].text, AttributeGroup::Sdes | AttributeGroup::Dtls));
  CHECK_FALSE(has_group(description->media()[0].text, AttributeGroup::Dtls));
}

TEST_CASE("attributes: rtpmap" * doctest::description("RFC 8866 6.6")) {
  const auto opus = parse_rtpmap("111 opus/48000/2");
  REQUIRE(opus);
  CHECK(opus->payload_type == 111);
  CHECK(opus->encoding == "opus");
  CHECK(opus->clock_rate == 48000);
  CHECK(opus->channels == 2);
  CHECK(parse_rtpmap("0  PCMU/8000")->channels == 1);
  CHECK(parse_rtpmap("99 raw/90000/x")->channels == 1);
  for (const char* bad : {"", "0", "0 PCMU", "0 PCMU/", "0 PCMU/0", "0 /8000", "128 PCMU/8000",
                          "-1 PCMU/8000", "x PCMU/8000", "0 PCMU/8k", "0 PCMU/4294967296"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_rtpmap(bad));
  }
}

TEST_CASE("attributes: fmtp" * doctest::description("RFC 8866 6.15")) {
  const auto fmtp = parse_fmtp("97 profile-level-id=42801F; packetization-mode=1");
  REQUIRE(fmtp);
  CHECK(fmtp->format == "97");
  CHECK(fmtp->params == "profile-level-id=42801F; packetization-mode=1");
  CHECK(parse_fmtp("t38")->params.empty());
  CHECK_FALSE(parse_fmtp(""));
}

TEST_CASE("attributes: rtcp with and without an address" * doctest::description("RFC 3605 2.1")) {
  CHECK(parse_rtcp("53020")->number == 53020);
  CHECK(parse_rtcp("53020")->connection.kind == AddressKind::None);
  const auto full = parse_rtcp("53020 IN IP6 2001:2345:6789:ABCD:EF01:2345:6789:ABCD");
  REQUIRE(full);
  CHECK(full->connection.kind == AddressKind::Ip);
  for (const char* bad : {"", "0", "65536", "x", "53020 IN", "53020 IN IP4 1.2.3", "53020x"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_rtcp(bad));
  }
}

TEST_CASE("attributes: packet times" * doctest::description("RFC 8866 6.4, 6.5; RFC 3264 5.1")) {
  CHECK(*parse_packet_time_us("20") == 20'000);
  CHECK(*parse_packet_time_us("2.5") == 2'500);
  CHECK(*parse_packet_time_us("0.1259") == 125);
  CHECK(*parse_packet_time_us("60000") == 60'000'000);
  for (const char* bad : {"", "0", "0.0", "-1", "60001", "20ms", "2.x", "99999999999"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_packet_time_us(bad));
  }
}

TEST_CASE("attributes: groups of media" * doctest::description("RFC 5888 5")) {
  const auto group = parse_group("BUNDLE 0 1");
  REQUIRE(group);
  CHECK(group->semantics == "BUNDLE");
  std::vector<std::string_view> mids;
  FieldReader fields(group->mids);
  for (std::string_view mid = fields.next(); !mid.empty(); mid = fields.next()) mids.push_back(mid);
  CHECK(mids == std::vector<std::string_view>{"0", "1"});
  CHECK_FALSE(parse_group(""));
}

TEST_CASE("direction: what may answer what" * doctest::description("RFC 3264 6.1; F7")) {
  using enum Direction;
  struct Row {
    Direction offered;
    std::vector<Direction> answers;
  };
  const std::vector<Row> rows = {{SendRecv, {SendRecv, SendOnly, RecvOnly, Inactive}},
                                 {SendOnly, {RecvOnly, Inactive}},
                                 {RecvOnly, {SendOnly, Inactive}},
                                 {Inactive, {Inactive}}};
  for (const Row& row : rows) {
    for (const Direction answer : {SendRecv, SendOnly, RecvOnly, Inactive}) {
      const bool listed =
          std::find(row.answers.begin(), row.answers.end(), answer) != row.answers.end();
      CAPTURE(to_text(row.offered));
      CAPTURE(to_text(answer));
      CHECK(may_answer(row.offered, answer) == listed);
      // Whatever is wanted, what is answered may be.
      CHECK(may_answer(row.offered, answer_direction(row.offered, answer)));
    }
  }
  CHECK(answer_direction(SendOnly, SendRecv) == RecvOnly);
  CHECK(answer_direction(SendOnly, SendOnly) == Inactive);
  CHECK(answer_direction(SendRecv, SendOnly) == SendOnly);
}

TEST_CASE("direction: names" * doctest::description("RFC 8866 6.7")) {
  using enum Direction;
  for (const Direction direction : {SendRecv, SendOnly, RecvOnly, Inactive})
    CHECK(parse_direction(to_text(direction)) == direction);
  CHECK_FALSE(parse_direction("SendRecv"));
  CHECK_FALSE(parse_direction("sendrecv2"));
  CHECK_FALSE(parse_direction(""));
}

}  // namespace
}  // namespace tipring::sdp
