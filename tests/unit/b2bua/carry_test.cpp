#include "server/b2bua/carry.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "sip/header_id.h"

using namespace tipring;
using b2bua::Passage;

namespace {

constexpr const char* kStart =
    "INVITE sip:600@h SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 1.2.3.4;branch=z9hG4bK1\r\n"
    "From: \"Alice\" <sip:alice@h>;tag=a\r\n"
    "To: <sip:600@h>\r\n"
    "Call-ID: 1@h\r\n"
    "CSeq: 1 INVITE\r\n"
    "Max-Forwards: 70\r\n"
    "Contact: <sip:alice@1.2.3.4>\r\n";

std::string carried(const std::string& lines, Passage passage, const std::string& body = "") {
  const std::string text = kStart + lines + "\r\n" + body;
  sip::HeaderIndex index;
  const auto parsed = sip::parse_message(text, index, sip::Framing::Datagram);
  REQUIRE(parsed.status == sip::ParseStatus::Complete);
  std::array<char, 2048> out;
  const auto size = b2bua::write_carried(parsed.view, passage, out);
  REQUIRE(size);
  return {out.data(), *size};
}

}  // namespace

TEST_CASE("carry: what belongs to a dialog, a transaction or a hop stays on its leg" *
          doctest::description("RFC 7092 3.1.3; R18.3")) {
  for (const Passage passage :
       {Passage::Begin, Passage::Within, Passage::Answer, Passage::Refusal}) {
    CHECK(carried("Route: <sip:x@y>\r\n"
                  "Record-Route: <sip:x@y;lr>\r\n"
                  "Supported: 100rel, timer\r\n"
                  "Require: 100rel\r\n"
                  "RSeq: 1\r\n"
                  "RAck: 1 1 INVITE\r\n"
                  "Session-Expires: 1800\r\n"
                  "Min-SE: 90\r\n"
                  "Allow: INVITE, BYE\r\n"
                  "Max-Breadth: 60\r\n"
                  "Target-Dialog: 1@h;local-tag=a;remote-tag=b\r\n"
                  "Authorization: Digest username=\"a\"\r\n"
                  "P-Preferred-Identity: <sip:a@h>\r\n"
                  "Content-Type: application/sdp\r\n",
                  passage)
              .empty());
  }
}

TEST_CASE("carry: what the caller tells goes to who is called" * doctest::description("R18.1")) {
  const std::string lines =
      "Subject: lunch\r\n"
      "Alert-Info: <http://h/ring>;info=alert-group\r\n"
      "P-Asserted-Identity: \"Alice\" <sip:alice@h>\r\n"
      "User-to-User: 56a390;encoding=hex\r\n"
      "Diversion: <sip:carol@h>;reason=no-answer\r\n"
      "History-Info: <sip:600@h>;index=1\r\n"
      "Privacy: none\r\n"
      "Priority: urgent\r\n"
      "X-Door: front\r\n";
  CHECK(carried(lines, Passage::Begin) == lines);
}

TEST_CASE("carry: a dialog that is none of ours is named to who may know it" *
          doctest::description("RFC 3891 5; C24, F22")) {
  const std::string replaces = "Replaces: 1@h;to-tag=a;from-tag=b\r\n";
  CHECK(carried(replaces, Passage::Begin) == replaces);
  CHECK(carried(replaces, Passage::Within).empty());
}

TEST_CASE("carry: compact and folded lines leave in full and on one line") {
  CHECK(carried("s: a\r\n long story\r\n", Passage::Begin) == "Subject: a long story\r\n");
}

TEST_CASE("carry: a reason ends the other leg, and stays out of an invitation" *
          doctest::description("RFC 3326 2; R18.4")) {
  const std::string reason = "Reason: Q.850;cause=16\r\n";
  CHECK(carried(reason, Passage::Within) == reason);
  CHECK(carried(reason, Passage::Refusal) == reason);
  CHECK(carried(reason, Passage::Begin).empty());
}

TEST_CASE("carry: who asks for it is not named to a phone" * doctest::description("RFC 3325 7")) {
  CHECK(carried("P-Asserted-Identity: <sip:a@h>\r\nPrivacy: id\r\n", Passage::Begin) ==
        "Privacy: id\r\n");
  CHECK(carried("P-Asserted-Identity: <sip:a@h>\r\nPrivacy: user;id\r\n", Passage::Begin) ==
        "Privacy: user;id\r\n");
}

TEST_CASE("carry: a refusal tells why, and does not ask for credentials") {
  CHECK(carried("Warning: 305 h \"no codec\"\r\nWWW-Authenticate: Digest realm=\"x\"\r\n"
                "Retry-After: 5\r\n",
                Passage::Refusal) == "Warning: 305 h \"no codec\"\r\nRetry-After: 5\r\n");
}

TEST_CASE("carry: a body keeps what is said of it") {
  const std::string text = std::string(kStart) +
                           "Content-Type: application/dtmf-relay\r\nSubject: x\r\n"
                           "Content-Disposition: signal\r\nContent-Length: 8\r\n\r\nSignal=1";
  sip::HeaderIndex index;
  const auto parsed = sip::parse_message(text, index, sip::Framing::Datagram);
  REQUIRE(parsed.status == sip::ParseStatus::Complete);
  std::array<char, 512> out;
  const auto size = b2bua::write_body_lines(parsed.view, out);
  REQUIRE(size);
  CHECK(std::string(out.data(), *size) == "Content-Disposition: signal\r\n");
}

TEST_CASE("carry: what does not fit is an error and no cut line") {
  const std::string text = std::string(kStart) + "Subject: lunch\r\n\r\n";
  sip::HeaderIndex index;
  const auto parsed = sip::parse_message(text, index, sip::Framing::Datagram);
  std::array<char, 12> out;
  const auto size = b2bua::write_carried(parsed.view, Passage::Begin, out);
  REQUIRE_FALSE(size);
  CHECK(size.error() == Error::BufferFull);
}
