#include <doctest/doctest.h>

#include <vector>

#include "parsed.h"

namespace tipring::sip {
namespace {

using test::Parsed;
using test::request_with;
using test::wire;

const std::string kInvite = wire(R"(
INVITE sip:bob@biloxi.example SIP/2.0
Via: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bK776asdhds
Max-Forwards: 70
From: Alice <sip:alice@atlanta.example>;tag=1928301774
To: Bob <sip:bob@biloxi.example>
Call-ID: a84b4c76e66710
CSeq: 314159 INVITE
Content-Type: application/sdp
Content-Length: 5

v=0
)");

TEST_CASE("message: a request gives its line, headers and body" *
          doctest::description("RFC 3261 7.1, 7.4; R2.1")) {
  const Parsed parsed(kInvite);
  REQUIRE(parsed.complete());
  const MessageView& view = parsed.view();
  CHECK(view.is_request());
  CHECK(view.method() == Method::Invite);
  CHECK(view.method_text() == "INVITE");
  CHECK(view.request_uri() == "sip:bob@biloxi.example");
  CHECK(view.header_count() == 8);
  CHECK(view.header(HeaderId::CallId) == "a84b4c76e66710");
  CHECK(view.body() == "v=0\r\n");
  CHECK(view.head().ends_with("\r\n\r\n"));
  CHECK(view.text() == kInvite);
  CHECK(parsed->used == kInvite.size());
}

TEST_CASE("message: a response gives its code and reason" * doctest::description("RFC 3261 7.2")) {
  const Parsed parsed(wire("SIP/2.0 486 Busy Here\nCall-ID: x\n\n"));
  REQUIRE(parsed.complete());
  CHECK(parsed.view().is_response());
  CHECK(parsed.view().status() == 486);
  CHECK(parsed.view().reason() == "Busy Here");
  CHECK(parsed.view().method() == Method::Other);
}

TEST_CASE("message: a reason may be empty, and its blank missing" *
          doctest::description("RFC 3261 25.1 Status-Line")) {
  CHECK(Parsed(wire("SIP/2.0 200 \nCall-ID: x\n\n")).complete());
  CHECK(Parsed(wire("SIP/2.0 200\nCall-ID: x\n\n")).complete());
  CHECK(Parsed(wire("SIP/2.0 200 Tout va bien: \xc3\xa9t\xc3\xa9\nCall-ID: x\n\n"))
            .view()
            .reason()
            .size() == 19);
}

TEST_CASE("message: an unknown method keeps its text" *
          doctest::description("RFC 3261 7.1; R4.4")) {
  const Parsed parsed(wire("NEWMETHOD sip:a@b SIP/2.0\nCall-ID: x\n\n"));
  REQUIRE(parsed.complete());
  CHECK(parsed.view().method() == Method::Other);
  CHECK(parsed.view().method_text() == "NEWMETHOD");
}

TEST_CASE("message: methods are case-sensitive, the version is not" *
          doctest::description("RFC 3261 7.1")) {
  CHECK(Parsed(wire("invite sip:a@b SIP/2.0\nCall-ID: x\n\n")).view().method() == Method::Other);
  CHECK(Parsed(wire("INVITE sip:a@b sip/2.0\nCall-ID: x\n\n")).complete());
}

TEST_CASE("message: compact names are the long ones" * doctest::description("RFC 3261 7.3.3")) {
  const Parsed parsed(request_with("s: lunch\nk: timer\nM: <sip:a@b>\n"));
  CHECK(parsed.view().header(HeaderId::Subject) == "lunch");
  CHECK(parsed.view().header(HeaderId::Supported) == "timer");
  CHECK(parsed.view().header(HeaderId::Contact) == "<sip:a@b>");
  CHECK(parsed.view().find_header("s") == "lunch");
  CHECK(parsed.view().find_header("subject") == "lunch");
}

TEST_CASE("message: white space around the colon means nothing" *
          doctest::description("RFC 3261 7.3.1; R2.1")) {
  for (const char* line : {"Subject: lunch\n", "Subject:lunch\n", "Subject            :lunch\n",
                           "SUBJECT \t: \t lunch \t\n", "subject:\n   lunch\n"}) {
    CAPTURE(line);
    CHECK(Parsed(request_with(line)).view().header(HeaderId::Subject) == "lunch");
  }
}

TEST_CASE("message: a folded value is one value" * doctest::description("RFC 3261 7.3.1; G2")) {
  const Parsed parsed(request_with(
      "Subject: I know you're there,\n         pick up the phone\n\tand talk to me!\nK: a\n"));
  REQUIRE(parsed.complete());
  CHECK(parsed.view().header(HeaderId::Subject) ==
        "I know you're there,\r\n         pick up the phone\r\n\tand talk to me!");
  CHECK((*parsed.view().headers(HeaderId::Subject).begin()).folded());
  CHECK_FALSE((*parsed.view().headers(HeaderId::Supported).begin()).folded());
}

TEST_CASE("message: an empty value is present" * doctest::description("RFC 3261 7.3.1")) {
  const Parsed parsed(request_with("Subject:\nSupported: \n"));
  CHECK(parsed.view().header(HeaderId::Subject) == "");
  CHECK(parsed.view().header(HeaderId::Supported) == "");
  CHECK_FALSE(parsed.view().header(HeaderId::Organization));
}

TEST_CASE("message: unknown headers keep name, value, line and order" *
          doctest::description("RFC 3261 16.6 step 1")) {
  const Parsed parsed(request_with("X-One: 1\nUnknownHeader : a,b\nX-One: 2\n"));
  std::vector<std::string> lines;
  for (const HeaderView line : parsed.view().headers(HeaderId::Other))
    lines.emplace_back(line.line());
  CHECK(lines == std::vector<std::string>{"X-One: 1", "UnknownHeader : a,b", "X-One: 2"});
  CHECK(parsed.view().find_header("unknownHEADER") == "a,b");
  CHECK(parsed.view().find_header("x-one") == "1");
  CHECK_FALSE(parsed.view().find_header("X-Two"));
}

TEST_CASE("message: lines of one header are found in order among others" *
          doctest::description("RFC 3261 7.3.1")) {
  const Parsed parsed(request_with("Route: <sip:a>\nSubject: x\nRoute: <sip:b>\nroute: <sip:c>\n"));
  std::string all;
  for (const HeaderView line : parsed.view().headers(HeaderId::Route)) all += line.value();
  CHECK(all == "<sip:a><sip:b><sip:c>");
}

TEST_CASE("message: bare line feeds are accepted as line ends" *
          doctest::description("what lax peers send; R2.1")) {
  const Parsed parsed("OPTIONS sip:a@b SIP/2.0\nCall-ID: x\nContent-Length: 2\n\nab");
  REQUIRE(parsed.complete());
  CHECK(parsed.view().header(HeaderId::CallId) == "x");
  CHECK(parsed.view().body() == "ab");
}

TEST_CASE("message: empty lines before the start line are skipped" *
          doctest::description("RFC 3261 7.5")) {
  const Parsed parsed("\r\n\r\n" + kInvite, Framing::Stream);
  REQUIRE(parsed.complete());
  CHECK(parsed.view().text() == kInvite);
  CHECK(parsed->used == kInvite.size() + 4);
}

TEST_CASE("message: a datagram's bytes behind Content-Length are cut" *
          doctest::description("RFC 3261 18.3; R7.2")) {
  const Parsed parsed(kInvite + "garbage");
  REQUIRE(parsed.complete());
  CHECK(parsed.view().body() == "v=0\r\n");
  CHECK(parsed->used == kInvite.size());
}

TEST_CASE("message: without Content-Length the body fills the datagram" *
          doctest::description("RFC 3261 18.3; R7.2")) {
  const Parsed parsed(request_with("Subject: x\n") + "hello");
  REQUIRE(parsed.complete());
  CHECK(parsed.view().body() == "hello");
}

TEST_CASE("message: a length may have blanks and zeros in front" *
          doctest::description("what peers send; RFC 3261 20.14")) {
  CHECK(Parsed(request_with("Content-Length:   3\n") + "abc").view().body() == "abc");
  CHECK(Parsed(request_with("l: 003\n") + "abcd").view().body() == "abc");
}

TEST_CASE("message: a stream gives message after message" *
          doctest::description("RFC 3261 18.3; R13.3")) {
  const std::string text = kInvite + kInvite;
  const test::GuardedText guarded(text);
  HeaderIndex index;
  const ParsedMessage first = parse_message(guarded.view(), index, Framing::Stream);
  REQUIRE(first.status == ParseStatus::Complete);
  CHECK(first.used == kInvite.size());
  const ParsedMessage second =
      parse_message(guarded.view().substr(first.used), index, Framing::Stream);
  CHECK(second.status == ParseStatus::Complete);
  CHECK(second.view.text() == kInvite);
}

TEST_CASE("message: every beginning of a stream message is incomplete" *
          doctest::description("RFC 3261 18.3; R13.3")) {
  for (size_t size = 0; size < kInvite.size(); ++size) {
    CAPTURE(size);
    const Parsed parsed(std::string_view(kInvite).substr(0, size), Framing::Stream);
    CHECK(parsed->status == ParseStatus::Incomplete);
    CHECK(parsed->used == 0);
    const bool headers_there = find_end_of_headers(parsed.text()) != kNotFound;
    CHECK(parsed->needed == (headers_there ? kInvite.size() : 0));
  }
}

TEST_CASE("message: every beginning of a datagram is malformed" *
          doctest::description("RFC 3261 18.3")) {
  for (size_t size = 0; size < kInvite.size(); ++size) {
    CAPTURE(size);
    CHECK(Parsed(std::string_view(kInvite).substr(0, size))->status == ParseStatus::Malformed);
  }
}

TEST_CASE("message: the end of the headers is found whatever the pieces are" *
          doctest::description("R13.3")) {
  const std::string with_gap = "\r\n\r\n" + kInvite;
  const size_t expected = with_gap.size() - 5;
  for (size_t piece = 1; piece < 40; ++piece) {
    CAPTURE(piece);
    size_t searched = 0;
    size_t found = kNotFound;
    for (size_t size = piece; found == kNotFound && size < with_gap.size() + piece; size += piece) {
      const test::GuardedText text(std::string_view(with_gap).substr(0, size));
      found = find_end_of_headers(text.view(), searched);
      searched = text.view().size();
    }
    CHECK(found == expected);
  }
}

TEST_CASE("message: empty lines alone are no end of headers" *
          doctest::description("RFC 3261 7.5")) {
  CHECK(find_end_of_headers("\r\n\r\n\r\n") == kNotFound);
  CHECK(find_end_of_headers("") == kNotFound);
  CHECK(find_end_of_headers("A\n\nB") == 3);
  CHECK(find_end_of_headers("A\r\n\r\nB") == 5);
  CHECK(find_end_of_headers("A\n\r\nB") == 4);
  CHECK(find_end_of_headers("A\r\n\r") == kNotFound);
}

TEST_CASE("message: an index is used again" *
          doctest::description("DESIGN: one index per reader")) {
  HeaderIndex index;
  const std::string first = request_with("Subject: x\nRoute: <sip:a>\n");
  parse_message(first, index, Framing::Datagram);
  const std::string second = wire("SIP/2.0 200 OK\nCall-ID: y\n\n");
  const ParsedMessage parsed = parse_message(second, index, Framing::Datagram);
  CHECK(parsed.view.header_count() == 1);
  CHECK_FALSE(parsed.view.has(HeaderId::Route));
}

TEST_CASE("message: 128 header lines are indexed, and 64 KiB" * doctest::description("G2")) {
  std::string lines;
  for (size_t i = 5; i < kHeadersMax; ++i) lines += "X-H: " + std::to_string(i) + "\n";
  const Parsed many(request_with(lines));
  CHECK(many.complete());
  CHECK(many.view().header_count() == kHeadersMax);
  std::string large = request_with("Subject: x\n");
  large += std::string(kMessageSizeMax - large.size(), 'b');
  CHECK(Parsed(large).complete());
}

TEST_CASE("message: a default view is empty and harmless" * doctest::description("message.h")) {
  const MessageView view;
  CHECK(view.header_count() == 0);
  CHECK_FALSE(view.header(HeaderId::Via));
  CHECK(view.values(HeaderId::Via).empty());
  CHECK(view.body().empty());
}

}  // namespace
}  // namespace tipring::sip
