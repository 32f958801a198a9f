#include "sdp/edit.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "samples.h"
#include "support/guard_page.h"
#include "written.h"

namespace tipring::sdp {
namespace {

using test::audio_with;
using test::edited;
using test::endpoint;
using test::session_with;
using test::wire;

constexpr std::string_view kHead = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\n";

TEST_CASE("edit: without changes a description leaves byte for byte" *
          doctest::description("R18.2")) {
  for (const std::string_view sample : test::kSamples) {
    const std::string text = wire(sample);
    CHECK(edited(text, {}) == text);
  }
}

TEST_CASE("edit: what was forgiven is mended" * doctest::description("RFC 8866 5")) {
  const std::string good = wire(
      "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n"
      "a=x\nm=audio 0 RTP/AVP 0\na=y\n");
  CHECK(edited("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\na=x\n"
               "m=audio 0 RTP/AVP 0\na=y\n",
               {}) == good);
  CHECK(edited("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nc=IN IP4 192.0.2.1\na=x\n"
               "m=audio 0 RTP/AVP\r\na=y",
               {}) == good);
  CHECK(edited("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=\r\nc=IN IP4 192.0.2.1\r\nt=\r\na=x\r\n"
               "m=audio 0 RTP/AVP 0\r\na=y\r\n\r\n \r\n",
               {}) == good);
  CHECK(edited(wire("v=0\no=- 1 1 IN IP4 192.0.2.1\n"), {}) == wire(kHead) + "t=0 0\r\n");
}

TEST_CASE("edit: k= is discarded" * doctest::description("RFC 8866 5.12")) {
  const std::string text =
      session_with("k=prompt\na=x\nm=audio 1 RTP/AVP 0\nk=clear:secret\na=y\n");
  CHECK(edited(text, {}) == session_with("a=x\nm=audio 1 RTP/AVP 0\na=y\n"));
}

TEST_CASE("edit: a relayed call gets our addresses and ports" *
          doctest::description("RFC 3264 8.3.1; RFC 3605; R18.2")) {
  Edit edit = relay_edit(endpoint("203.0.113.1", 0).ip);
  const OriginValues origin{"tipring", 77, 2, endpoint("203.0.113.1", 0).ip};
  edit.origin = &origin;
  const std::string text = wire(test::kPjsua);
  const auto description = parse_description(text);
  REQUIRE(description);
  edit.media[0] = relayed(description->media()[0], endpoint("203.0.113.1", 20000), 20001);
  CHECK(edited(text, edit) == wire(R"(
v=0
o=tipring 77 2 IN IP4 203.0.113.1
s=pjmedia
b=AS:84
t=0 0
a=X-nat:0
m=audio 20000 RTP/AVP 98 97 99 104 3 0 8 9 96
c=IN IP4 203.0.113.1
b=TIAS:64000
a=sendrecv
a=rtpmap:98 speex/16000
a=rtpmap:97 speex/8000
a=rtpmap:99 speex/32000
a=rtpmap:104 iLBC/8000
a=fmtp:104 mode=30
a=rtpmap:3 GSM/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:9 G722/8000
a=rtpmap:96 telephone-event/8000
a=fmtp:96 0-16
)"));
}

TEST_CASE("edit: nothing of ICE and BUNDLE is left in a relayed call" *
          doctest::description("RFC 8839; RFC 8843; R18.2")) {
  const std::string text = wire(test::kBrowser);
  const auto description = parse_description(text);
  REQUIRE(description);
  Edit edit = relay_edit(endpoint("203.0.113.1", 0).ip);
  edit.media[0] = relayed(description->media()[0], endpoint("203.0.113.1", 20000), 20001);
  edit.media[1] = relayed(description->media()[1], endpoint("203.0.113.1", 20002), 20003);
  CHECK(edited(text, edit) == wire(R"(
v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=msid-semantic: WMS stream
m=audio 20000 UDP/TLS/RTP/SAVPF 111 0 8 110
c=IN IP4 203.0.113.1
a=fingerprint:sha-256 D1:2C:BE:AD:C4:F6:64:5C:25:16:11:9C:AF:E7:0F:73:79:36:4E:9C:1E:15:54:39:0C:06:8B:ED:96:86:00:39
a=setup:actpass
a=mid:0
a=sendrecv
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:110 telephone-event/48000
m=video 0 UDP/TLS/RTP/SAVPF 96
c=IN IP4 203.0.113.1
a=mid:1
)"));
}

TEST_CASE("edit: c= of the session serves where it says the same" *
          doctest::description("RFC 8866 5.7; R18.2")) {
  Edit edit;
  edit.address = endpoint("203.0.113.1", 0).ip;
  edit.media[0].rtp = endpoint("203.0.113.1", 20000);
  edit.media[1].rtp = endpoint("2001:db8::1", 20002);
  const std::string text = session_with(
      "m=audio 4000 RTP/AVP 0\ni=speech\nb=AS:64\nm=video 4002 RTP/AVP 31\ni=faces\nb=AS:512\n");
  CHECK(edited(text, edit) ==
        wire(kHead) +
            wire("c=IN IP4 203.0.113.1\nt=0 0\nm=audio 20000 RTP/AVP 0\ni=speech\nb=AS:64\n"
                 "m=video 20002 RTP/AVP 31\ni=faces\nc=IN IP6 2001:db8::1\nb=AS:512\n"));
  // Only the port changes.
  Edit number;
  number.media[0].rtp.port = 5;
  CHECK(edited(audio_with("c=IN IP4 192.0.2.7\n"), number) ==
        session_with("m=audio 5 RTP/AVP 0\nc=IN IP4 192.0.2.7\n"));
  // A section without any other line gets its c= too.
  Edit last;
  last.media[0].rtp = endpoint("203.0.113.1", 20000);
  CHECK(edited(audio_with(""), last) ==
        session_with("m=audio 20000 RTP/AVP 0\nc=IN IP4 203.0.113.1\n"));
}

TEST_CASE("edit: a scope is not for others" * doctest::description("RFC 8866 9 IP6-address")) {
  Edit edit;
  edit.media[0].rtp = endpoint("fe80::1%3", 20000);
  CHECK(edited(audio_with(""), edit) ==
        session_with("m=audio 20000 RTP/AVP 0\nc=IN IP6 fe80::1\n"));
}

TEST_CASE("edit: a=rtcp where RTCP is not at the next port" *
          doctest::description("RFC 3605 2.1")) {
  Edit edit;
  edit.media[0].rtp = endpoint("192.0.2.1", 20000);
  edit.media[0].rtcp_number = 20005;
  const std::string text = audio_with("a=rtcp:4001 IN IP4 192.0.2.1\na=rtcp-mux\na=ptime:20\n");
  CHECK(edited(text, edit) ==
        session_with("m=audio 20000 RTP/AVP 0\na=rtcp-mux\na=ptime:20\na=rtcp:20005\n"));
  edit.media[0].rtcp_number = 20001;
  CHECK(edited(text, edit) == session_with("m=audio 20000 RTP/AVP 0\na=rtcp-mux\na=ptime:20\n"));
  edit.media[0].rtcp_number = 0;
  CHECK(edited(text, edit) == session_with("m=audio 20000 RTP/AVP 0\na=rtcp-mux\na=ptime:20\n"));
}

TEST_CASE("edit: one direction, whatever stood there" *
          doctest::description("RFC 8866 6.7; R18.2")) {
  Edit edit;
  edit.media[0].direction = Direction::SendOnly;
  CHECK(edited(audio_with("a=sendrecv\na=ptime:20\na=inactive\n"), edit) ==
        session_with("m=audio 4000 RTP/AVP 0\na=ptime:20\na=sendonly\n"));
  CHECK(edited(session_with("a=inactive\nm=audio 4000 RTP/AVP 0\n"), edit) ==
        session_with("a=inactive\nm=audio 4000 RTP/AVP 0\na=sendonly\n"));
}

TEST_CASE("edit: a rejected stream keeps its place, its mid and nothing else" *
          doctest::description("RFC 3264 6, 8.2; R18.2")) {
  Edit edit;
  edit.media[1].reject = true;
  const std::string text =
      audio_with("m=video 4002/2 RTP/AVP 31 32\nc=IN IP4 192.0.2.9\na=mid:v\na=sendonly\n");
  CHECK(edited(text, edit) == audio_with("m=video 0 RTP/AVP 31 32\na=mid:v\n"));
  edit.media[1].drop = AttributeGroup::Mid;
  CHECK(edited(text, edit) == audio_with("m=video 0 RTP/AVP 31 32\n"));
  // Without a c= in the session there has to be one.
  Edit all;
  all.media[0].reject = true;
  const std::string bare =
      wire(kHead) + wire("t=0 0\nm=audio 4000 RTP/AVP 0\nc=IN IP4 192.0.2.1\n");
  CHECK(edited(bare, all) == wire(kHead) + wire("t=0 0\nm=audio 0 RTP/AVP 0\nc=IN IP4 0.0.0.0\n"));
  all.address = endpoint("2001:db8::1", 0).ip;
  CHECK(edited(bare, all) ==
        wire(kHead) + wire("t=0 0\nm=audio 0 RTP/AVP 0\nc=IN IP6 2001:db8::1\n"));
}

TEST_CASE("edit: lines are added at the end of the session and of a section" *
          doctest::description("RFC 4574; R18.2")) {
  Edit edit;
  edit.lines = "a=tool:tipring\r\n";
  edit.media[0].lines = "a=label:1\r\na=content:main\r\n";
  CHECK(edited(session_with("a=x\nm=audio 4000 RTP/AVP 0\na=y\n"), edit) ==
        session_with(
            "a=x\na=tool:tipring\nm=audio 4000 RTP/AVP 0\na=y\na=label:1\na=content:main\n"));
  CHECK(edited(session_with(""), edit) == session_with("a=tool:tipring\n"));
}

TEST_CASE("edit: groups and a filter take attributes out" * doctest::description("R18.2")) {
  struct NoVideoHints final : AttributeFilter {
    bool keep(const Attribute& attribute) const override { return attribute.name != "imageattr"; }
  };
  const NoVideoHints filter;
  Edit edit;
  edit.filter = &filter;
  edit.drop = AttributeGroup::Label;
  edit.media[0].drop = AttributeGroup::Sdes;
  const std::string text = session_with(
      "a=imageattr:1\na=label:0\nm=audio 1 RTP/SAVP 0\na=crypto:1 x\na=label:1\na=imageattr:2\n"
      "a=keep\nm=audio 2 RTP/SAVP 0\na=crypto:1 y\n");
  CHECK(edited(text, edit) ==
        session_with("m=audio 1 RTP/SAVP 0\na=keep\nm=audio 2 RTP/SAVP 0\na=crypto:1 y\n"));
}

TEST_CASE("edit: hold by 0.0.0.0 becomes a direction when our address covers it up" *
          doctest::description("RFC 3264 8.4; RFC 6337 5.4; R18.2")) {
  const std::string text = wire(test::kOldHold);
  const auto description = parse_description(text);
  REQUIRE(description);
  const MediaEdit edit = relayed(description->media()[0], endpoint("192.0.2.1", 20000), 20001);
  CHECK(edit.direction == Direction::SendOnly);
  const std::string inactive = audio_with("c=IN IP4 0.0.0.0\na=recvonly\n");
  const auto other = parse_description(inactive);
  REQUIRE(other);
  CHECK(relayed(other->media()[0], endpoint("192.0.2.1", 20000), 20001).direction ==
        Direction::Inactive);
  const std::string plain = audio_with("");
  const auto active = parse_description(plain);
  REQUIRE(active);
  CHECK_FALSE(relayed(active->media()[0], endpoint("192.0.2.1", 20000), 20001).direction);
}

TEST_CASE("edit: what does not fit is not written" * doctest::description("guard page")) {
  const std::string text = wire(test::kLinphone);
  const auto description = parse_description(text);
  REQUIRE(description);
  Edit edit;
  edit.address = endpoint("203.0.113.1", 0).ip;
  edit.media[0] = relayed(description->media()[0], endpoint("203.0.113.1", 20000), 20005);
  edit.media[1].reject = true;
  const std::string whole = edited(text, edit);
  for (size_t size = 0; size <= whole.size(); ++size) {
    test::GuardedText out(std::string(size, 'x'));
    const auto written = write_edited(*description, edit, out.span());
    CHECK(written.has_value() == (size == whole.size()));
    if (written) CHECK(out.view() == whole);
  }
}

TEST_CASE("edit: what was written reads the same" * doctest::description("R18.2")) {
  for (const std::string_view sample : test::kSamples) {
    const std::string text = wire(sample);
    const auto before = parse_description(text);
    REQUIRE(before);
    Edit edit;
    edit.address = endpoint("203.0.113.1", 0).ip;
    for (size_t i = 0; i < before->media().size(); ++i) {
      edit.media[i] = relayed(before->sections[i], endpoint("203.0.113.1", 20000), 20001);
      edit.media[i].direction = Direction::RecvOnly;
    }
    const std::string written = edited(text, edit);
    const auto after = parse_description(written);
    REQUIRE(after);
    CHECK(after->laxities.none());
    REQUIRE(after->media().size() == before->media().size());
    for (size_t i = 0; i < after->media().size(); ++i) {
      const Media& media = after->sections[i];
      CHECK(media.type == before->sections[i].type);
      CHECK(media.formats == before->sections[i].formats);
      CHECK(media.number == (before->sections[i].is_active() ? 20000 : 0));
      if (!media.is_active()) continue;
      CHECK(media.connection.host == "203.0.113.1");
      CHECK(media.direction == Direction::RecvOnly);
    }
    CHECK(edited(written, edit) == written);
  }
}

}  // namespace
}  // namespace tipring::sdp
