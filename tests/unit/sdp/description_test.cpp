#include "sdp/description.h"

#include <doctest/doctest.h>

#include <string>

#include "samples.h"
#include "sdp/attributes.h"
#include "sdp/edit.h"
#include "support/guard_page.h"

namespace tipring::sdp {
namespace {

using test::audio_with;
using test::session_with;
using test::wire;

Description parsed(std::string_view text) {
  const auto description = parse_description(text);
  REQUIRE(description);
  return *description;
}

ParseError refused(std::string_view text) {
  const test::GuardedText guarded(text);
  const auto description = parse_description(guarded.view());
  REQUIRE_FALSE(description);
  return description.error();
}

Fault fault_of(std::string_view text) { return refused(text).fault; }

TEST_CASE("description: the example of the RFC" * doctest::description("RFC 8866 5; F7")) {
  const std::string text = wire(R"(
v=0
o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1
s=Call to John Smith
i=SDP Offer #1
u=http://www.jdoe.example.com/home.html
e=Jane Doe <jane@jdoe.example.com>
p=+1 617 555-6011
c=IN IP4 198.51.100.1
t=0 0
m=audio 49170 RTP/AVP 0
m=audio 49180 RTP/AVP 0
m=video 51372 RTP/AVP 99
c=IN IP6 2001:db8::2
a=rtpmap:99 h263-1998/90000
)");
  const Description description = parsed(text);
  CHECK(description.laxities.none());
  CHECK(description.origin.user == "jdoe");
  CHECK(description.origin.session_id == "3724394400");
  CHECK(description.origin.version == 3724394405);
  CHECK(description.origin.address == "IN IP4 198.51.100.1");
  CHECK(description.session_name == "Call to John Smith");
  CHECK(description.time == "0 0");
  REQUIRE(description.media().size() == 3);
  const Media& second = description.media()[1];
  CHECK(second.text == "m=audio 49180 RTP/AVP 0\r\n");
  CHECK(second.number == 49180);
  CHECK(second.is_audio());
  CHECK_FALSE(second.own_connection);
  CHECK(second.connection.host == "198.51.100.1");
  const Media& video = description.media()[2];
  CHECK(video.media_type == MediaType::Video);
  CHECK(video.own_connection);
  CHECK(video.connection.ip.family == port::Family::V6);
  CHECK(video.formats == "99");
  CHECK(description.session.size() + second.text.size() * 2 + video.text.size() == text.size());
}

TEST_CASE("description: what phones send is taken without any leniency" *
          doctest::description("RFC 8866 9")) {
  for (const std::string_view sample : test::kSamples) {
    const std::string text = wire(sample);
    CAPTURE(text);
    const auto description = parse_description(text);
    REQUIRE(description);
    CHECK(description->laxities.none());
  }
}

TEST_CASE("description: sizes are bounded" * doctest::description("F7")) {
  CHECK(sizeof(Connection) <= 48);
  CHECK(sizeof(Media) <= 128);
  CHECK(sizeof(Description) <= 2400);
  CHECK(sizeof(Edit) <= 1024);
  std::string most = session_with("");
  for (size_t i = 0; i < kMediaMax; ++i) most += "m=audio 0 RTP/AVP 0\r\n";
  CHECK(parsed(most).media().size() == kMediaMax);
  const ParseError error = refused(most + "m=audio 0 RTP/AVP 0\r\n");
  CHECK(error.fault == Fault::TooManyMedia);
  CHECK(error.line == 6 + kMediaMax);
  CHECK(status_for(error.fault) == 488);
  std::string large = session_with("");
  while (large.size() < kDescriptionSizeMax - 8) large += "a=abc\r\n";
  CHECK(parse_description(large));
  while (large.size() <= kDescriptionSizeMax) large += "a=abc\r\n";
  CHECK(fault_of(large) == Fault::TooLarge);
}

TEST_CASE("description: an error names line, letter and reason" *
          doctest::description("RFC 3261 21.4.1")) {
  const ParseError error = refused(session_with("m=audio 4000 RTP/AVP 0\nc=IN IP4 1.2.3\n"));
  CHECK(error.line == 7);
  CHECK(error.type == 'c');
  std::array<char, kErrorReasonMax> out;
  CHECK(write_error_reason(error, out) == "SDP line 7, c=: bad connection address");
  CHECK(write_error_reason(refused(""), out) == "SDP: no session description");
  CHECK(status_for(error.fault) == 400);
  std::array<char, 7> small;
  CHECK(write_error_reason(error, small) == "SDP lin");
  for (int i = 0; i <= static_cast<int>(Fault::TooManyMedia); ++i) {
    const ParseError longest{static_cast<Fault>(i), 'm', 65535};
    CHECK(to_text(longest.fault) != "unknown");
    CHECK(write_error_reason(longest, out).size() < kErrorReasonMax);
  }
}

TEST_CASE("description: v= is the first line, is 0, and is there once" *
          doctest::description("RFC 8866 5.1; RFC 3264 5")) {
  CHECK(fault_of("") == Fault::Empty);
  CHECK(fault_of("o=- 1 1 IN IP4 192.0.2.1\r\nv=0\r\n") == Fault::WrongPlace);
  CHECK(fault_of("v=1\r\no=- 1 1 IN IP4 192.0.2.1\r\n") == Fault::BadVersion);
  CHECK(fault_of("v=\r\n") == Fault::BadVersion);
  CHECK(fault_of(session_with("v=0\n")) == Fault::TwoDescriptions);
  CHECK(fault_of(audio_with("v=0\n")) == Fault::TwoDescriptions);
}

TEST_CASE("description: o= has six fields" * doctest::description("RFC 8866 5.2")) {
  CHECK(fault_of("v=0\r\ns=-\r\n") == Fault::NoOrigin);
  CHECK(fault_of("v=0\r\no=\r\n") == Fault::BadOrigin);
  CHECK(fault_of("v=0\r\no=- 1 IN IP4\r\n") == Fault::BadOrigin);
  CHECK(fault_of(session_with("o=- 1 1 IN IP4 192.0.2.1\n")) == Fault::Duplicate);
  const std::string text =
      wire("v=0\no=- 12 9223372036854775807 IN IP4 host.example\ns=-\nt=0 0\n");
  const Description description = parsed(text);
  CHECK(description.origin.version == INT64_MAX);
  CHECK(description.origin.has_version);
  CHECK(description.media().empty());
}

TEST_CASE("description: bytes at which others cut lines are refused" *
          doctest::description("RFC 8866 5, 9 byte-string")) {
  using namespace std::string_view_literals;
  CHECK(fault_of(session_with("a=x:1\ra=inactive\n")) == Fault::ForbiddenByte);
  CHECK(fault_of(session_with("a=x\r\n")) == Fault::ForbiddenByte);
  CHECK(fault_of(session_with("a=x\0y\n"sv)) == Fault::ForbiddenByte);
  CHECK(fault_of(session_with("") + "a=x\r") == Fault::ForbiddenByte);
}

TEST_CASE("description: unknown letters and letters in a wrong place are refused" *
          doctest::description("RFC 8866 5")) {
  CHECK(fault_of(session_with("x=1\n")) == Fault::UnknownType);
  CHECK(fault_of(session_with("A=sendonly\n")) == Fault::UnknownType);
  CHECK(fault_of(audio_with("x=1\n")) == Fault::UnknownType);
  CHECK(fault_of(session_with("hello\n")) == Fault::NotALine);
  CHECK(fault_of(session_with("a =sendonly\n")) == Fault::NotALine);
  CHECK(fault_of(session_with("=x\n")) == Fault::NotALine);
  CHECK(fault_of(session_with("a\n")) == Fault::NotALine);
  for (const char* line : {"s=-\n", "t=0 0\n", "u=x\n", "e=x\n", "p=1\n", "r=1 1 1\n", "z=1 1\n",
                           "o=- 1 1 IN IP4 192.0.2.1\n"}) {
    CAPTURE(line);
    CHECK(fault_of(audio_with(line)) == Fault::WrongPlace);
  }
}

TEST_CASE("description: lines that may be there once" * doctest::description("RFC 8866 5, 5.7")) {
  for (const char* line : {"s=x\n", "c=IN IP4 192.0.2.1\n", "i=x\ni=y\n", "u=x\nu=y\n"}) {
    CAPTURE(line);
    CHECK(fault_of(session_with(line)) == Fault::Duplicate);
  }
  CHECK(fault_of(audio_with("c=IN IP4 192.0.2.1\nc=IN IP4 192.0.2.2\n")) == Fault::Duplicate);
  CHECK(fault_of(audio_with("c=IN IP4 192.0.2.1\nc=IN IP4 233.252.0.1/1\n")) == Fault::Duplicate);
  CHECK(fault_of(audio_with("c=IN IP4 233.252.0.1/1\nc=IN IP4 192.0.2.1\n")) == Fault::Duplicate);
  const std::string layers = audio_with("c=IN IP4 233.252.0.1/127\nc=IN IP4 233.252.0.2/127\n");
  CHECK(parsed(layers).media()[0].connection.kind == AddressKind::Multicast);
  const std::string times = wire(
      "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\ne=a@b\ne=c@d\np=1\np=2\nb=CT:1\nb=AS:2\nt=1 2\nr=7d 1h "
      "0\n"
      "t=3 4\nr=1 1 1\nz=5 1h\nk=prompt\na=x\n");
  CHECK(parsed(times).laxities.none());
  CHECK(parsed(times).time == "1 2");
}

TEST_CASE("description: an active stream needs address, port and format" *
          doctest::description("RFC 8866 5.7, 5.14")) {
  const std::string head = wire("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\n");
  const ParseError error =
      refused(head + "m=audio 4000 RTP/AVP 0\r\na=x\r\nm=audio 0 RTP/AVP 0\r\n");
  CHECK(error.fault == Fault::NoConnection);
  CHECK(error.line == 5);
  CHECK(refused(head + "m=audio 4000 RTP/AVP 0\r\na=x\r\n").line == 5);
  CHECK(fault_of(session_with("m=\n")) == Fault::BadMedia);
  CHECK(fault_of(session_with("m=audio\n")) == Fault::BadPort);
  CHECK(fault_of(session_with("m=audio x RTP/AVP 0\n")) == Fault::BadPort);
  CHECK(fault_of(session_with("m=audio -1 RTP/AVP 0\n")) == Fault::BadPort);
  CHECK(fault_of(session_with("m=audio 65536 RTP/AVP 0\n")) == Fault::BadPort);
  CHECK(fault_of(session_with("m=audio 4000/0 RTP/AVP 0\n")) == Fault::BadPort);
  CHECK(fault_of(session_with("m=audio 4000/ RTP/AVP 0\n")) == Fault::BadPort);
  CHECK(fault_of(session_with("m=audio 4000\n")) == Fault::BadMedia);
  CHECK(fault_of(session_with("m=audio 4000 RTP/AVP\n")) == Fault::NoFormat);
  const std::string layered = session_with("m=video 49170/2 RTP/AVP 31\n");
  CHECK(parsed(layered).media()[0].port_count == 2);
}

TEST_CASE("description: the direction of the media, of the session, or sendrecv" *
          doctest::description("RFC 8866 6.7")) {
  const std::string text = wire(R"(
v=0
o=jdoe 3724395000 3724395001 IN IP6 2001:db8::1
s=-
c=IN IP6 2001:db8::1
t=0 0
a=inactive
m=audio 49170 RTP/AVP 0
a=sendrecv
m=audio 49180 RTP/AVP 0
m=video 51372 RTP/AVP 99
a=rtpmap:99 h263-1998/90000
)");
  const Description description = parsed(text);
  CHECK(description.direction == Direction::Inactive);
  CHECK(description.media()[0].direction == Direction::SendRecv);
  CHECK(description.media()[0].own_direction);
  CHECK(description.media()[1].direction == Direction::Inactive);
  CHECK_FALSE(description.media()[1].own_direction);
  const std::string none = audio_with("");
  CHECK(parsed(none).media()[0].direction == Direction::SendRecv);
}

TEST_CASE("description: protocols that carry RTP, and those that are secure" *
          doctest::description("RFC 3551; RFC 3711; RFC 5764 8; R18.2")) {
  const auto media = [](const std::string& protocol) {
    static std::string text;
    text = session_with("m=audio 4000 " + protocol + " 0\n");
    return parsed(text).media()[0];
  };
  CHECK(media("RTP/AVP").is_rtp());
  CHECK(media("rtp/avpf").is_rtp());
  CHECK_FALSE(media("RTP/AVP").is_secure());
  CHECK(media("RTP/SAVP").is_secure());
  CHECK(media("RTP/SAVPF").is_rtp());
  CHECK(media("UDP/TLS/RTP/SAVPF").is_secure());
  CHECK_FALSE(media("UDP/TLS/RTP/AVP").is_rtp());
  CHECK_FALSE(media("TCP/RTP/AVP").is_rtp());
  CHECK_FALSE(media("udptl").is_rtp());
  CHECK_FALSE(media("RTP/AVPX").is_rtp());
}

TEST_CASE("description: a=rtcp and a=rtcp-mux are those of a media section" *
          doctest::description("RFC 3605 2.1; RFC 5761 5.1.1")) {
  const std::string text = wire(test::kBrowser);
  const Description description = parsed(text);
  CHECK(description.media()[0].rtcp_mux);
  CHECK(description.media()[0].rtcp_number == 9);
  CHECK(has_attribute(description.session, "group"));
  const std::string session = session_with("a=rtcp-mux\na=rtcp:7\nm=audio 4000 RTP/AVP 0\n");
  CHECK_FALSE(parsed(session).media()[0].rtcp_mux);
  CHECK(parsed(session).media()[0].rtcp_number == 0);
  const std::string bad = audio_with("a=rtcp:99999\na=rtcp-muxed\n");
  CHECK(parsed(bad).media()[0].rtcp_number == 0);
  CHECK_FALSE(parsed(bad).media()[0].rtcp_mux);
}

}  // namespace
}  // namespace tipring::sdp
