#include "sip/message_edit.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "parsed.h"
#include "sip/headers.h"

namespace tipring::sip {
namespace {

using test::Parsed;
using test::wire;

const std::string kInvite = wire(R"(
INVITE sip:proxy.example;lr SIP/2.0
X-First : as it   came
v: SIP/2.0/UDP 10.0.0.5:5061;rport;branch=z9hG4bKa , SIP/2.0/TCP inner;branch=z9hG4bKb
Via: SIP/2.0/UDP last;branch=z9hG4bKc
max-forwards: 70
Route: <sip:proxy.example;lr>, <sip:p2;lr>
Subject: folded
	here
Route: <sip:p3;lr>
Record-Route: <sip:r0;lr>
Proxy-Authorization: Digest realm="ours"
Proxy-Authorization: Digest realm="theirs"
From: Alice <sip:alice@atlanta.example>;tag=1
To: Bob <sip:bob@biloxi.example>
Call-ID: x
CSeq: 1 INVITE
l: 3

sdp)");

RequestEdit edit() {
  RequestEdit edit;
  edit.request_uri = "sip:bob@192.0.2.4";
  edit.via = "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKnew";
  edit.max_forwards = 69;
  return edit;
}

std::string forward(const MessageView& request, const RequestEdit& edit) {
  std::array<char, 4096> buffer;
  const Result<size_t> size = write_forwarded_request(request, edit, buffer);
  REQUIRE(size);
  return {buffer.data(), *size};
}

std::string lines_of(std::string_view text, HeaderId id) {
  const Parsed parsed(text);
  REQUIRE(parsed.complete());
  std::string all;
  for (const HeaderView line : parsed.view().headers(id)) all += std::string(line.value()) + "|";
  return all;
}

class DropOurCredentials final : public LineFilter {
 public:
  bool keep(const HeaderView& line) const override {
    return line.id() != HeaderId::ProxyAuthorization ||
           line.value().find("ours") == std::string_view::npos;
  }
};

TEST_CASE("forward: one pass does it all and the rest stays as it came" *
          doctest::description("RFC 3261 16.6; R2.2")) {
  const Parsed request(kInvite);
  const DropOurCredentials filter;
  constexpr std::string_view kRecordRoutes[] = {"<sip:192.0.2.1;lr>",
                                                "<sip:192.0.2.1;transport=tcp;lr>"};
  RequestEdit change = edit();
  change.top_via =
      make_via_fix_up(*request.view().typed<HeaderId::Via>(), {*port::parse_ip("192.0.2.9"), 4000});
  change.routes_removed = 1;
  change.record_routes = kRecordRoutes;
  change.filter = &filter;
  CHECK(forward(request.view(), change) == wire(R"(
INVITE sip:bob@192.0.2.4 SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKnew
X-First : as it   came
Via: SIP/2.0/UDP 10.0.0.5:5061;branch=z9hG4bKa;received=192.0.2.9;rport=4000, SIP/2.0/TCP inner;branch=z9hG4bKb
Via: SIP/2.0/UDP last;branch=z9hG4bKc
Max-Forwards: 69
Route: <sip:p2;lr>
Route: <sip:p3;lr>
Subject: folded	here
Record-Route: <sip:192.0.2.1;lr>
Record-Route: <sip:192.0.2.1;transport=tcp;lr>
Record-Route: <sip:r0;lr>
Proxy-Authorization: Digest realm="theirs"
From: Alice <sip:alice@atlanta.example>;tag=1
To: Bob <sip:bob@biloxi.example>
Call-ID: x
CSeq: 1 INVITE
l: 3

sdp)"));
}

TEST_CASE("forward: the Request-URI stays when none is given" *
          doctest::description("RFC 3261 16.6 step 2")) {
  RequestEdit change = edit();
  change.request_uri = {};
  CHECK(forward(Parsed(kInvite).view(), change)
            .starts_with("INVITE sip:proxy.example;lr SIP/2.0\r\n"));
}

TEST_CASE("forward: Routes are removed across lists and lines" *
          doctest::description("RFC 3261 16.4, 16.6 step 6")) {
  const Parsed request(kInvite);
  RequestEdit change = edit();
  const auto routes = [&] { return lines_of(forward(request.view(), change), HeaderId::Route); };
  CHECK(routes() == "<sip:proxy.example;lr>|<sip:p2;lr>|<sip:p3;lr>|");
  change.routes_removed = 2;
  CHECK(routes() == "<sip:p3;lr>|");
  change.routes_removed = 3;
  CHECK(routes() == "");
  change.routes_removed = 9;
  CHECK(routes() == "");
}

TEST_CASE("forward: Routes for strict routers and from a Path" *
          doctest::description("RFC 3261 16.4, 16.6 step 6; RFC 3327 5.2")) {
  const Parsed request(kInvite);
  RequestEdit change = edit();
  change.last_route_removed = true;
  change.route_appended = "sip:bob@far";
  constexpr std::string_view kPath[] = {"<sip:edge;lr>"};
  change.routes_prepended = kPath;
  CHECK(lines_of(forward(request.view(), change), HeaderId::Route) ==
        "<sip:edge;lr>|<sip:proxy.example;lr>|<sip:p2;lr>|<sip:bob@far>|");
}

TEST_CASE("forward: what is absent is added" *
          doctest::description("RFC 3261 16.6 steps 3, 4 and 9")) {
  const Parsed request(test::request_with("Subject: x\n") + "body");
  RequestEdit change = edit();
  constexpr std::string_view kValue[] = {"<sip:a;lr>"};
  change.record_routes = kValue;
  change.routes_prepended = kValue;
  change.extra_lines = "P-Asserted-Identity: <sip:alice@atlanta.example>\r\n";
  const std::string text = forward(request.view(), change);
  CHECK(lines_of(text, HeaderId::MaxForwards) == "69|");
  CHECK(lines_of(text, HeaderId::RecordRoute) == "<sip:a;lr>|");
  CHECK(lines_of(text, HeaderId::Route) == "<sip:a;lr>|");
  CHECK(lines_of(text, HeaderId::ContentLength) == "4|");
  CHECK(lines_of(text, HeaderId::PAssertedIdentity) == "<sip:alice@atlanta.example>|");
  CHECK(Parsed(text, Framing::Stream).view().body() == "body");
}

TEST_CASE("forward: an empty Via line is passed over" *
          doctest::description("RFC 3261 18.2.1; peers send them")) {
  const Parsed request(wire("OPTIONS sip:a@b SIP/2.0\nVia:\nVia: SIP/2.0/UDP x;branch=1\n\n"));
  RequestEdit change = edit();
  change.top_via = {true, false, {*port::parse_ip("192.0.2.9"), 1}};
  CHECK(
      forward(request.view(), change).find("Via: SIP/2.0/UDP x;branch=1;received=192.0.2.9\r\n") !=
      std::string::npos);
}

TEST_CASE("forward: line feeds of lax peers become CR LF" * doctest::description("RFC 3261 7")) {
  const Parsed request("OPTIONS sip:a@b SIP/2.0\nVia: SIP/2.0/UDP x\nSubject: a\n b\n\n");
  const std::string text = forward(request.view(), edit());
  CHECK(text.find("Subject: a b\r\n") != std::string::npos);
  for (size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1))
    CHECK(text[at - 1] == '\r');
}

TEST_CASE("forward: every buffer too small is told" *
          doctest::description("message_edit.h BufferFull")) {
  const Parsed request(kInvite);
  const size_t needed = forward(request.view(), edit()).size();
  for (size_t size = 0; size < needed; ++size) {
    test::GuardedText buffer(std::string(size, '\0'));
    CHECK(write_forwarded_request(request.view(), edit(), buffer.span()).error() ==
          Error::BufferFull);
  }
}

const std::string kResponse = wire(R"(
SIP/2.0 183 Session  Progress
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKnew, SIP/2.0/UDP 10.0.0.5;branch=z9hG4bKa
Via: SIP/2.0/UDP last;branch=z9hG4bKc
From: Alice <sip:alice@atlanta.example>;tag=1
to: Bob <sip:bob@biloxi.example>;tag=2
Call-ID: x
CSeq: 1 INVITE
X-Extra :  spaced
Content-Length: 3

sdp)");

std::string forward_response(const MessageView& response, const ResponseEdit& edit) {
  std::array<char, 2048> buffer;
  const Result<size_t> size = write_forwarded_response(response, edit, buffer);
  REQUIRE(size);
  return {buffer.data(), *size};
}

TEST_CASE("forward: a response loses its topmost Via value" *
          doctest::description("RFC 3261 16.7 step 3; R2.4")) {
  constexpr std::string_view kTop = "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKnew, ";
  std::string expected = kResponse;
  expected.erase(expected.find(kTop), kTop.size());
  CHECK(forward_response(Parsed(kResponse).view(), {}) == expected);
}

TEST_CASE("forward: a Via line of one value goes away" *
          doctest::description("RFC 3261 16.7 step 3")) {
  const Parsed once(forward_response(Parsed(kResponse).view(), {}));
  const std::string twice = forward_response(once.view(), {});
  CHECK(lines_of(twice, HeaderId::Via) == "SIP/2.0/UDP last;branch=z9hG4bKc|");
  CHECK(lines_of(forward_response(Parsed(twice).view(), {}), HeaderId::Via) == "");
}

TEST_CASE("forward: a response with another status and more lines" *
          doctest::description("RFC 3261 16.7 steps 6, 7; C7")) {
  ResponseEdit change;
  change.status = 500;
  change.extra_lines = "Warning: 399 x \"y\"\r\n";
  const Parsed written(forward_response(Parsed(kResponse).view(), change));
  CHECK(written.view().status() == 500);
  CHECK(written.view().reason() == "Server Internal Error");
  CHECK(written.view().header(HeaderId::Warning) == "399 x \"y\"");
}

TEST_CASE("forward: a response requires one thing more, on a line that is there" *
          doctest::description("RFC 4028 8.2")) {
  const auto require_of = [](std::string_view lines) {
    ResponseEdit change;
    change.required = "timer";
    const Parsed response(wire("SIP/2.0 200 OK\nVia: SIP/2.0/UDP a\n" + std::string(lines) + "\n"));
    return lines_of(forward_response(response.view(), change), HeaderId::Require);
  };
  CHECK(require_of("") == "timer|");
  CHECK(require_of("Require: 100rel\n") == "100rel, timer|");
  CHECK(require_of("REQUIRE: a,\n b\nRequire: c\n") == "a, b, timer|c|");
  CHECK(require_of("Require: a\nRequire: b, TIMER\n") == "a|b, TIMER|");
  CHECK(require_of("Require:\n") == "timer|");
}

TEST_CASE("forward: a response without length gets one" * doctest::description("RFC 3261 20.14")) {
  const Parsed response(wire("SIP/2.0 200 OK\nVia: SIP/2.0/UDP a\n\nxyz"));
  CHECK(Parsed(forward_response(response.view(), {}), Framing::Stream).view().body() == "xyz");
}

}  // namespace
}  // namespace tipring::sip
