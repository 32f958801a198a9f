#include <doctest/doctest.h>

#include <array>
#include <string>

#include "parsed.h"
#include "sip/headers.h"
#include "sip/writer.h"

namespace tipring::sip {
namespace {

using test::Parsed;
using test::wire;

const std::string kInvite = wire(R"(
INVITE sip:bob@biloxi.example SIP/2.0
v: SIP/2.0/UDP bigbox3.site3.example.com;branch=z9hG4bK77ef4c2312983.1;rport, SIP/2.0/TCP second;branch=2
Via: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bK776asdhds
Route: <sip:p1;lr>, <sip:p2;lr>
Record-Route: <sip:r1;lr>
Record-Route: <sip:r2;lr>
Timestamp: 54
Require: 100rel
f: Alice <sip:alice@atlanta.example>;tag=1928301774
t: Bob
 <sip:bob@biloxi.example>
i: a84b4c76e66710
CSeq: 314159 INVITE
Content-Type: text/plain
Content-Length: 2

hi)");

std::string respond(const MessageView& request, uint16_t code, const ResponseParts& parts) {
  std::array<char, 2048> buffer;
  const Result<size_t> size = write_response(request, code, parts, buffer);
  REQUIRE(size);
  return {buffer.data(), *size};
}

TEST_CASE("response: headers come from the request" *
          doctest::description("RFC 3261 8.2.6.2; R2.5")) {
  const Parsed request(kInvite);
  ResponseParts parts;
  parts.to_tag = "8321234356";
  parts.headers = "Contact: <sip:bob@192.0.2.4>\r\n";
  const std::string text = respond(request.view(), 200, parts);
  CHECK(text == wire(R"(
SIP/2.0 200 OK
Via: SIP/2.0/UDP bigbox3.site3.example.com;branch=z9hG4bK77ef4c2312983.1;rport
Via: SIP/2.0/TCP second;branch=2
Via: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bK776asdhds
From: Alice <sip:alice@atlanta.example>;tag=1928301774
To: Bob <sip:bob@biloxi.example>;tag=8321234356
Call-ID: a84b4c76e66710
CSeq: 314159 INVITE
Contact: <sip:bob@192.0.2.4>
Content-Length: 0

)"));
  const Parsed response(text);
  CHECK(response.complete());
  CHECK_FALSE(check_message(response.view()));
}

TEST_CASE("response: a To tag of the request stays" * doctest::description("RFC 3261 8.2.6.2")) {
  std::string text = kInvite;
  text.replace(text.find("biloxi.example>\r\ni:"), 15, "biloxi.example>;tag=mine");
  ResponseParts parts;
  parts.to_tag = "other";
  CHECK(respond(Parsed(text).view(), 200, parts)
            .find("To: Bob <sip:bob@biloxi.example>;tag=mine\r\n") != std::string::npos);
}

TEST_CASE("response: a 100 copies the Timestamp and needs no tag" *
          doctest::description("RFC 3261 8.2.6.1")) {
  const std::string text = respond(Parsed(kInvite).view(), 100, {});
  CHECK(text.starts_with("SIP/2.0 100 Trying\r\n"));
  CHECK(text.find("Timestamp: 54\r\n") != std::string::npos);
  CHECK(text.find("To: Bob <sip:bob@biloxi.example>\r\n") != std::string::npos);
  CHECK(respond(Parsed(kInvite).view(), 200, {}).find("Timestamp") == std::string::npos);
}

TEST_CASE("response: the top Via alone is fixed" *
          doctest::description("RFC 3261 18.2.1, RFC 3581 4; R7.2")) {
  const Parsed request(kInvite);
  ResponseParts parts;
  parts.via =
      make_via_fix_up(*request.view().typed<HeaderId::Via>(), {*port::parse_ip("192.0.2.9"), 4000});
  const std::string text = respond(request.view(), 404, parts);
  CHECK(text.find("Via: SIP/2.0/UDP "
                  "bigbox3.site3.example.com;branch=z9hG4bK77ef4c2312983.1;received=192.0.2.9;"
                  "rport=4000\r\n"
                  "Via: SIP/2.0/TCP second;branch=2\r\n") != std::string::npos);
}

TEST_CASE("response: Record-Route is copied when asked" * doctest::description("RFC 3261 12.1.1")) {
  ResponseParts parts;
  parts.copy_record_route = true;
  CHECK(respond(Parsed(kInvite).view(), 200, parts)
            .find("Record-Route: <sip:r1;lr>\r\nRecord-Route: <sip:r2;lr>\r\n") !=
        std::string::npos);
  CHECK(respond(Parsed(kInvite).view(), 200, {}).find("Record-Route") == std::string::npos);
}

TEST_CASE("response: body and reason" * doctest::description("RFC 3261 7.2, 7.4")) {
  ResponseParts parts;
  parts.reason = "Bad Request - Via: bad host";
  parts.content_type = "text/plain";
  parts.body = "why";
  const Parsed response(respond(Parsed(kInvite).view(), 400, parts));
  REQUIRE(response.complete());
  CHECK(response.view().reason() == "Bad Request - Via: bad host");
  CHECK(response.view().header(HeaderId::ContentType) == "text/plain");
  CHECK(response.view().body() == "why");
}

TEST_CASE("response: a malformed request with the five headers is answered" *
          doctest::description("RFC 3261 8.2.6; R4.5")) {
  std::string text = kInvite;
  text.insert(text.find("Route:"), "this is no header\r\n");
  const Parsed request(text);
  CHECK(request->status == ParseStatus::Malformed);
  CHECK(respond(request.view(), 400, {}).find("CSeq: 314159 INVITE\r\n") != std::string::npos);
}

TEST_CASE("response: what the request lacks is left out, the rest is copied" *
          doctest::description("RFC 3261 8.1.1, 8.2.6.2; R14.3")) {
  const std::string lines[] = {"From: <sip:a@b>;tag=1\r\n", "To: <sip:b@b>\r\n", "Call-ID: 1\r\n",
                               "CSeq: 1 INVITE\r\n"};
  for (const std::string& missing : lines) {
    std::string text = "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n";
    for (const std::string& line : lines)
      if (line != missing) text += line;
    const Parsed request(text + "\r\n");
    const std::string response = respond(request.view(), 400, {});
    for (const std::string& line : lines)
      CHECK((response.find(line) == std::string::npos) == (line == missing));
  }
}

TEST_CASE("response: without a Via there is none, nor a companion without the five headers" *
          doctest::description("writer.h Invalid")) {
  std::array<char, 512> buffer;
  const Parsed blind("INVITE sip:a@b SIP/2.0\r\nCall-ID: 1\r\n\r\n");
  CHECK(write_response(blind.view(), 400, {}, buffer).error() == Error::Invalid);
  const Parsed request("INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP a\r\n\r\n");
  CHECK(write_cancel(request.view(), buffer).error() == Error::Invalid);
  CHECK(write_ack_for_failure(request.view(), request.view(), buffer).error() == Error::Invalid);
}

TEST_CASE("response: every buffer too small is told" *
          doctest::description("writer.h BufferFull")) {
  const Parsed request(kInvite);
  ResponseParts parts;
  parts.to_tag = "x";
  const size_t needed = respond(request.view(), 486, parts).size();
  for (size_t size = 0; size < needed; ++size) {
    test::GuardedText buffer(std::string(size, '\0'));
    CHECK(write_response(request.view(), 486, parts, buffer.span()).error() == Error::BufferFull);
  }
}

TEST_CASE("ack: for a failure it is made from request and response" *
          doctest::description("RFC 3261 17.1.1.3")) {
  const Parsed request(kInvite);
  ResponseParts parts;
  parts.to_tag = "99sa0xk";
  const Parsed response(respond(request.view(), 486, parts));
  std::array<char, 1024> buffer;
  const Result<size_t> size = write_ack_for_failure(request.view(), response.view(), buffer);
  REQUIRE(size);
  CHECK(std::string_view(buffer.data(), *size) == wire(R"(
ACK sip:bob@biloxi.example SIP/2.0
Via: SIP/2.0/UDP bigbox3.site3.example.com;branch=z9hG4bK77ef4c2312983.1;rport
Max-Forwards: 70
Route: <sip:p1;lr>, <sip:p2;lr>
From: Alice <sip:alice@atlanta.example>;tag=1928301774
To: Bob <sip:bob@biloxi.example>;tag=99sa0xk
Call-ID: a84b4c76e66710
CSeq: 314159 ACK
Content-Length: 0

)"));
}

TEST_CASE("cancel: one Via, the Route, and neither Require nor body" *
          doctest::description("RFC 3261 9.1; R3.4")) {
  std::array<char, 1024> buffer;
  const Parsed request(kInvite);
  const Result<size_t> size = write_cancel(request.view(), buffer);
  REQUIRE(size);
  CHECK(std::string_view(buffer.data(), *size) == wire(R"(
CANCEL sip:bob@biloxi.example SIP/2.0
Via: SIP/2.0/UDP bigbox3.site3.example.com;branch=z9hG4bK77ef4c2312983.1;rport
Max-Forwards: 70
Route: <sip:p1;lr>, <sip:p2;lr>
From: Alice <sip:alice@atlanta.example>;tag=1928301774
To: Bob <sip:bob@biloxi.example>
Call-ID: a84b4c76e66710
CSeq: 314159 CANCEL
Content-Length: 0

)"));
}

TEST_CASE("cancel: says why, and keeps what the caller prefers" *
          doctest::description("RFC 3326 2, RFC 3841 5; R3.4")) {
  std::array<char, 1024> buffer;
  std::string text = kInvite;
  text.insert(text.find("CSeq:"),
              "d: fork\r\nReject-Contact: *;class=\"x\"\r\nReason: SIP;cause=1\r\n");
  const Parsed request(text);
  const Result<size_t> size = write_cancel(request.view(), buffer, "Reason: SIP;cause=200\r\n");
  REQUIRE(size);
  const std::string_view cancel(buffer.data(), *size);
  CHECK(cancel.find("\r\nRequest-Disposition: fork\r\n") != std::string_view::npos);
  CHECK(cancel.find("\r\nReject-Contact: *;class=\"x\"\r\n") != std::string_view::npos);
  CHECK(cancel.find("\r\nReason: SIP;cause=200\r\n") != std::string_view::npos);
  CHECK(cancel.find("cause=1\r\n") == std::string_view::npos);
}

}  // namespace
}  // namespace tipring::sip
