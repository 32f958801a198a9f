// Each leniency by its name, and what it does not forgive.
#include <doctest/doctest.h>

#include <string>

#include "samples.h"
#include "sdp/description.h"

namespace tipring::sdp {
namespace {

using test::audio_with;
using test::session_with;
using test::wire;

// Exactly this is forgiven in `text`.
Description forgiven(std::string_view text, Laxity laxity) {
  CAPTURE(text);
  const auto description = parse_description(text);
  REQUIRE(description);
  CHECK(description->laxities == LaxitySet(laxity));
  return *description;
}

TEST_CASE("laxity: lines end in a line feed alone" * doctest::description("RFC 8866 5")) {
  const std::string text =
      "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\nm=audio 4000 RTP/AVP 0\n"
      "a=inactive\n";
  const Description description = forgiven(text, Laxity::BareLineFeed);
  CHECK(description.media()[0].direction == Direction::Inactive);
}

TEST_CASE("laxity: the last line has no end" * doctest::description("RFC 8866 9")) {
  std::string text = audio_with("a=inactive\n");
  text.resize(text.size() - 2);
  CHECK(forgiven(text, Laxity::NoFinalLineEnd).media()[0].direction == Direction::Inactive);
}

TEST_CASE("laxity: empty lines at the end, but not before it" *
          doctest::description("RFC 8866 9")) {
  forgiven(audio_with("") + "\r\n", Laxity::EmptyLastLines);
  forgiven(audio_with("") + "\r\n \r\n\r\n", Laxity::EmptyLastLines);
  CHECK_FALSE(parse_description(audio_with("") + "\r\na=inactive\r\n"));
  CHECK_FALSE(parse_description("\r\n" + audio_with("")));
}

TEST_CASE("laxity: blanks at the end of a line" * doctest::description("RFC 8866 5")) {
  const std::string text = session_with("m=audio 4000 RTP/AVP 0 \na=sendonly \t\n");
  const Description description = forgiven(text, Laxity::TrailingBlank);
  CHECK(description.media()[0].formats == "0");
  CHECK(description.media()[0].direction == Direction::SendOnly);
  // Of a session name they are a part: "s= " is what RFC 8866 5.3 recommends.
  const std::string name = wire("v=0\no=- 1 1 IN IP4 192.0.2.1\ns= \nt=0 0\n");
  REQUIRE(parse_description(name));
  CHECK(parse_description(name)->laxities.none());
}

TEST_CASE("laxity: more than one blank between fields" * doctest::description("RFC 8866 5")) {
  const std::string text = session_with("m=audio  4000 RTP/AVP 0\t 8\n");
  const Description description = forgiven(text, Laxity::ExtraBlank);
  CHECK(description.media()[0].number == 4000);
  CHECK(description.media()[0].formats == "0\t 8");
  forgiven(audio_with("c=IN  IP4 192.0.2.9\n"), Laxity::ExtraBlank);
  forgiven(audio_with("c= IN IP4 192.0.2.9\n"), Laxity::ExtraBlank);
  forgiven(audio_with("c=IN IP4\t192.0.2.9\n"), Laxity::ExtraBlank);
  forgiven(wire("v=0\no=- 1  1 IN IP4 192.0.2.1\ns=-\nt=0 0\n"), Laxity::ExtraBlank);
}

TEST_CASE("laxity: lines in another order" * doctest::description("RFC 8866 5")) {
  forgiven(wire("v=0\ns=-\no=- 1 1 IN IP4 192.0.2.1\nt=0 0\n"), Laxity::OutOfOrder);
  const std::string text = audio_with("a=sendonly\nc=IN IP4 192.0.2.9\n");
  CHECK(forgiven(text, Laxity::OutOfOrder).media()[0].connection.host == "192.0.2.9");
}

TEST_CASE("laxity: no session name" * doctest::description("RFC 3264 10; RFC 8866 5.3")) {
  forgiven(wire("v=0\no=- 1 1 IN IP4 192.0.2.1\nt=0 0\n"), Laxity::NoSessionName);
  forgiven(wire("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=\nt=0 0\n"), Laxity::NoSessionName);
}

TEST_CASE("laxity: no time" * doctest::description("RFC 8866 5.9")) {
  forgiven(wire("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\n"), Laxity::NoTime);
}

TEST_CASE("laxity: odd user names and ids in o=" * doctest::description("RFC 8866 5.2")) {
  const auto with_origin = [](const char* origin) {
    return wire(std::string("v=0\no=") + origin + "\ns=-\nt=0 0\n");
  };
  const std::string spaces = with_origin("My SIP phone 7 8 IN IP4 192.0.2.1");
  const Description description = forgiven(spaces, Laxity::OddOrigin);
  CHECK(description.origin.user == "My SIP phone");
  CHECK(description.origin.session_id == "7");
  CHECK(description.origin.version == 8);
  const std::string nobody = with_origin("7 8 IN IP4 192.0.2.1");
  CHECK(forgiven(nobody, Laxity::OddOrigin).origin.user.empty());
  const std::string text = with_origin("- 7 abc IN IP4 192.0.2.1");
  CHECK_FALSE(forgiven(text, Laxity::OddOrigin).origin.has_version);
  const std::string large = with_origin("- 7 9223372036854775808 IN IP4 192.0.2.1");
  CHECK_FALSE(forgiven(large, Laxity::OddOrigin).origin.has_version);
  forgiven(with_origin("- x 1 IN IP4 192.0.2.1"), Laxity::OddOrigin);
}

TEST_CASE("laxity: the network in lower case" * doctest::description("RFC 8866 5.7")) {
  const std::string text = audio_with("c=in ip4 192.0.2.9\n");
  CHECK(forgiven(text, Laxity::LowerCaseNet).media()[0].connection.kind == AddressKind::Ip);
}

TEST_CASE("laxity: a time to live behind a unicast address" *
          doctest::description("RFC 8866 5.7")) {
  const std::string text = audio_with("c=IN IP4 192.0.2.9/127\n");
  CHECK(forgiven(text, Laxity::UnicastTtl).media()[0].connection.host == "192.0.2.9");
}

TEST_CASE("laxity: a rejected stream without a format or an address" *
          doctest::description("RFC 8866 5.7, 5.14; RFC 3264 8.2")) {
  forgiven(session_with("m=video 0 RTP/AVP\n"), Laxity::NoFormat);
  forgiven(wire("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0\nm=video 0 RTP/AVP 31\n"),
           Laxity::NoConnection);
}

TEST_CASE("laxity: of two directions, what both allow" * doctest::description("RFC 8866 6.7")) {
  const std::string text = audio_with("a=sendonly\na=sendrecv\n");
  CHECK(forgiven(text, Laxity::TwoDirections).media()[0].direction == Direction::SendOnly);
  const std::string none = audio_with("a=sendonly\na=recvonly\n");
  CHECK(forgiven(none, Laxity::TwoDirections).media()[0].direction == Direction::Inactive);
}

TEST_CASE("laxity: an attribute without a name" * doctest::description("RFC 8866 5.13")) {
  forgiven(audio_with("a=\n"), Laxity::EmptyAttribute);
  forgiven(audio_with("a=:x\n"), Laxity::EmptyAttribute);
}

}  // namespace
}  // namespace tipring::sdp
