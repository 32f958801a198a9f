#include "sdp/relay.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>

#include "samples.h"
#include "written.h"

namespace tipring::sdp {
namespace {

using test::audio_with;
using test::endpoint;
using test::session_with;

Result<MediaTarget, NoTarget> target_of(const std::string& text, bool mux = false) {
  const auto description = parse_description(text);
  REQUIRE(description);
  REQUIRE_FALSE(description->media().empty());
  return media_target(description->media()[0], mux);
}

std::optional<NoTarget> reason_of(const std::string& text) {
  const auto target = target_of(text);
  if (target) return std::nullopt;
  return target.error();
}

TEST_CASE("relay: RTP goes to the m= port, RTCP to the next" *
          doctest::description("RFC 3264 5.1; RFC 3550 11; R18.2")) {
  const auto target = target_of(audio_with(""));
  REQUIRE(target);
  CHECK(target->rtp == endpoint("192.0.2.1", 4000));
  CHECK(target->rtcp == endpoint("192.0.2.1", 4001));
  CHECK(target_of(session_with("m=audio 65535 RTP/AVP 0\n"))->rtcp.port == 0);
}

TEST_CASE("relay: a=rtcp says where RTCP goes" * doctest::description("RFC 3605 2.1; R18.2")) {
  CHECK(target_of(audio_with("a=rtcp:5005\n"))->rtcp == endpoint("192.0.2.1", 5005));
  CHECK(target_of(audio_with("a=rtcp:5005 IN IP6 2001:db8::5\n"))->rtcp ==
        endpoint("2001:db8::5", 5005));
  // An address that nothing can be sent to is none.
  CHECK(target_of(audio_with("a=rtcp:9 IN IP4 0.0.0.0\n"))->rtcp.port == 0);
  CHECK(target_of(audio_with("a=rtcp:9 IN IP4 host.example\n"))->rtcp.port == 0);
  CHECK(target_of(audio_with("a=rtcp:9 IN IP4 233.252.0.1/1\n"))->rtcp.port == 0);
  CHECK(target_of(audio_with("a=rtcp:9 IN IP4 255.255.255.255\n"))->rtcp.port == 0);
  // Of two the first counts, and a bad one is as if absent.
  CHECK(target_of(audio_with("a=rtcp:5005\na=rtcp:5007 IN IP4 192.0.2.9\n"))->rtcp ==
        endpoint("192.0.2.1", 5005));
  CHECK(target_of(audio_with("a=rtcp:5005 x\na=rtcp:5007\n"))->rtcp.port == 4001);
  CHECK(target_of(audio_with("a=rtcp:0\n"))->rtcp.port == 4001);
}

TEST_CASE("relay: with rtcp-mux agreed, RTCP goes to the same port" *
          doctest::description("RFC 5761 5.1.1; R18.2")) {
  const auto target = target_of(audio_with("a=rtcp:5005\na=rtcp-mux\n"), true);
  REQUIRE(target);
  CHECK(target->rtcp == target->rtp);
  CHECK(target_of(audio_with("a=rtcp:5005\na=rtcp-mux\n"))->rtcp.port == 5005);
}

TEST_CASE("relay: UDPTL has one port and no RTCP" * doctest::description("RFC 3362; RFC 7345")) {
  for (const char* protocol : {"udptl", "UDPTL", "UDP/TLS/UDPTL"}) {
    const auto target = target_of(session_with(std::string("m=image 4000 ") + protocol + " t38\n"));
    REQUIRE(target);
    CHECK(target->rtp.port == 4000);
    CHECK(target->rtcp.port == 0);
  }
  CHECK(reason_of(session_with("m=image 0 udptl t38\n")) == NoTarget::Rejected);
}

TEST_CASE("relay: why a section has no target" * doctest::description("RFC 3264 8.4; R18.2")) {
  CHECK(reason_of(session_with("m=audio 0 RTP/AVP 0\n")) == NoTarget::Rejected);
  CHECK(reason_of(session_with("m=image 4000 tcp t38\n")) == NoTarget::OtherProtocol);
  CHECK(reason_of(session_with("m=message 4000 TCP/MSRP *\n")) == NoTarget::OtherProtocol);
  CHECK(reason_of(session_with("m=audio 4000/2 RTP/AVP 0\n")) == NoTarget::SeveralPorts);
  CHECK(reason_of(audio_with("c=IN IP4 0.0.0.0\n")) == NoTarget::Silent);
  CHECK(reason_of(audio_with("c=IN IP6 ::\n")) == NoTarget::Silent);
  CHECK(reason_of(audio_with("c=IN IP4 a.invalid\n")) == NoTarget::Silent);
  CHECK(reason_of(audio_with("c=IN IP4 host.example\n")) == NoTarget::Name);
  CHECK(reason_of(audio_with("c=IN IP4 233.252.0.1/127\n")) == NoTarget::Multicast);
  CHECK(reason_of(audio_with("c=IN IP6 ff15::101\n")) == NoTarget::Multicast);
  CHECK(reason_of(audio_with("c=IN IP4 255.255.255.255\n")) == NoTarget::Multicast);
  CHECK(reason_of(audio_with("c=PSTN E164 +15551234\n")) == NoTarget::OtherNetwork);
  CHECK_FALSE(reason_of(audio_with("a=inactive\n")));
  for (int i = 0; i <= static_cast<int>(NoTarget::OtherNetwork); ++i)
    CHECK(to_text(static_cast<NoTarget>(i)) != "unknown");
}

}  // namespace
}  // namespace tipring::sdp
