// Messages as real peers write them, with their habits: order and case of headers, blanks, compact
// forms, comma lists.
#include <doctest/doctest.h>

#include <string>

#include "parsed.h"
#include "sip/auth_params.h"
#include "sip/headers.h"
#include "sip/uri.h"

namespace tipring::sip {
namespace {

using test::Parsed;
using test::wire;

const std::string kBaresipRegister = wire(R"(
REGISTER sip:127.0.0.1:5060 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:15072;branch=z9hG4bK5ac4b5b4cf9f2e39;rport
Contact: <sip:b-0x55d0c8a3e8c0@127.0.0.1:15072>;expires=3600;+sip.instance="<urn:uuid:8f2a52b4-41d9-4a0b-8f9c-1d6f1e0a6c2d>"
Max-Forwards: 70
Authorization: Digest username="b", realm="tipring", nonce="6f2d", uri="sip:127.0.0.1:5060", response="0123456789abcdef0123456789abcdef", cnonce="1bd8", qop=auth, nc=00000001, algorithm=MD5
To: <sip:b@127.0.0.1>
From: <sip:b@127.0.0.1>;tag=7eb1f7f5a7c4a1b1
Call-ID: 1b7f10d0e2b44f4c
CSeq: 40821 REGISTER
User-Agent: baresip v1.0.0 (x86_64/linux)
Supported: gruu,100rel,replaces,norefersub
Allow: INVITE,ACK,BYE,CANCEL,OPTIONS,NOTIFY,SUBSCRIBE,INFO,MESSAGE,UPDATE
Content-Length: 0

)");

const std::string kSippInvite = wire(R"(
INVITE sip:service@127.0.0.1:5060 SIP/2.0
Via: SIP/2.0/TCP 127.0.1.1:5061;branch=z9hG4bK-3121-1-0
From: sipp <sip:sipp@127.0.1.1:5061>;tag=3121SIPpTag001
To: service <sip:service@127.0.0.1:5060>
Call-ID: 1-3121@127.0.1.1
CSeq: 1 INVITE
Contact: sip:sipp@127.0.1.1:5061
Max-Forwards: 70
Subject: Performance Test
Content-Type: application/sdp
Content-Length:   129

v=0
o=user1 53655765 2353687637 IN IP4 127.0.1.1
s=-
c=IN IP4 127.0.1.1
t=0 0
m=audio 6000 RTP/AVP 0
a=rtpmap:0 PCMU/8000
)");

const std::string kLinphoneInvite = wire(R"(
INVITE sip:bob@example.org;transport=TCP SIP/2.0
Via: SIP/2.0/TCP 192.168.1.20:40412;branch=z9hG4bK.xvN~8QgYh;rport
From: "Al, \"the\" <Ice>" <sip:lin@example.org>;tag=Sd0~zOEGN
To: sip:bob@example.org
CSeq: 20 INVITE
Call-ID: 4mFqe0Ywxe
Max-Forwards: 70
Supported: replaces, outbound, gruu, path
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, SUBSCRIBE, INFO, PRACK, UPDATE
Content-Type: application/sdp
Content-Length: 5
Contact: <sip:lin@192.168.1.20:40412;transport=tcp>;expires=3600;+sip.instance="<urn:uuid:3a4c>";+org.linphone.specs="groupchat,lime"
User-Agent: Linphone-Desktop/4.4.1 (deb12) Debian GNU/Linux 12, Qt 5.15.8 LinphoneCore/5.1.65

v=0
)");

const std::string kCompact = wire(R"(
SIP/2.0 200 OK
v:SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1,SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK2;received=192.0.2.7
f:<sip:a@example.org>;tag=1
t:<sip:b@example.org>;tag=2
i:c1
cseq:1 INVITE
m:<sip:b@10.0.0.9;transport=UDP>
l:0

)");

TEST_CASE("peers: baresip registers" * doctest::description("SPEC 1.7; R1.1, R1.2")) {
  const Parsed parsed(kBaresipRegister);
  REQUIRE(parsed.complete());
  CHECK_FALSE(check_message(parsed.view()));
  const auto contact = parsed.view().typed<HeaderId::Contact>();
  REQUIRE(contact);
  CHECK(contact->param("expires")->value == "3600");
  CHECK(contact->param("+sip.instance")->value ==
        "<urn:uuid:8f2a52b4-41d9-4a0b-8f9c-1d6f1e0a6c2d>");
  CHECK(parse_uri(contact->uri)->port == 15072);
  CHECK(parsed.view().typed<HeaderId::Authorization>()->nc == "00000001");
}

TEST_CASE("peers: SIPp calls" * doctest::description("SPEC 1.7: `Content-Length:   129`; R2.1")) {
  const Parsed parsed(kSippInvite, Framing::Stream);
  REQUIRE(parsed.complete());
  CHECK_FALSE(check_message(parsed.view()));
  CHECK(parsed.view().body().size() == 129);
  CHECK(parsed.view().typed<HeaderId::Contact>()->uri == "sip:sipp@127.0.1.1:5061");
}

TEST_CASE("peers: Linphone calls" * doctest::description("RFC 3261 19.1.1, 25.1; R2.1")) {
  const Parsed parsed(kLinphoneInvite, Framing::Stream);
  REQUIRE(parsed.complete());
  CHECK_FALSE(check_message(parsed.view()));
  CHECK(parsed.view().typed<HeaderId::From>()->tag() == "Sd0~zOEGN");
  CHECK(parsed.view().typed<HeaderId::To>()->uri == "sip:bob@example.org");
  CHECK(parsed.view().typed<HeaderId::Contact>()->param("+org.linphone.specs")->value ==
        "groupchat,lime");
}

TEST_CASE("peers: compact and comma-joined" * doctest::description("RFC 3261 7.3.1, 7.3.3; R2.5")) {
  const Parsed parsed(kCompact, Framing::Stream);
  REQUIRE(parsed.complete());
  CHECK_FALSE(check_message(parsed.view()));
  auto via = parsed.view().values(HeaderId::Via).begin();
  CHECK(parse_via(*via)->branch == "z9hG4bK1");
  CHECK(parse_via(*++via)->received == "192.0.2.7");
}

// Looks at everything in a view, so that a view beyond the guarded text would be read.
size_t touch(const MessageView& view) {
  size_t sum = view.body().size() + view.request_uri().size() + view.reason().size();
  for (const HeaderView line : view.headers()) {
    for (const char c : line.line()) sum += static_cast<unsigned char>(c);
    for (const std::string_view value : view.values(line.id())) {
      sum += value.size() + (parse_name_addr(value) ? 1U : 0U) + (parse_via(value) ? 1U : 0U);
      sum += parse_uri(value) ? 1U : 0U;
      sum += parse_digest_credentials(value) ? 1U : 0U;
    }
  }
  return sum + (check_message(view) ? 1U : 0U);
}

TEST_CASE("peers: every message cut anywhere is never complete" *
          doctest::description("RFC 3261 18.3; R13.3")) {
  for (const std::string& text : {kBaresipRegister, kSippInvite, kLinphoneInvite, kCompact}) {
    size_t sum = 0;
    for (size_t size = 0; size < text.size(); ++size) {
      CAPTURE(size);
      const std::string_view part = std::string_view(text).substr(0, size);
      const Parsed stream(part, Framing::Stream);
      const Parsed datagram(part);
      CHECK(stream->status == ParseStatus::Incomplete);
      CHECK(datagram->status == ParseStatus::Malformed);
      sum += touch(stream.view()) + touch(datagram.view());
    }
    CHECK(sum != 0);
  }
}

TEST_CASE("peers: every message with one byte changed stays within bounds" *
          doctest::description("guard page; R4.5")) {
  size_t sum = 0;
  for (const std::string& text : {kBaresipRegister, kLinphoneInvite, kCompact}) {
    for (size_t at = 0; at < text.size(); ++at) {
      for (const char c : {'\0', '\r', '\n', '"', '<', ',', ';', '\\', '(', '\xff'}) {
        std::string changed = text;
        changed[at] = c;
        const Parsed parsed(changed);
        sum += touch(parsed.view());
      }
    }
  }
  CHECK(sum != 0);
}

}  // namespace
}  // namespace tipring::sip
