#include <doctest/doctest.h>

#include <algorithm>

#include "parsed.h"
#include "sip/headers.h"

namespace tipring::sip {
namespace {

using test::wire;

const std::string kFirst = wire(R"(
INVITE sip:bob@biloxi.example SIP/2.0
Via: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bKone
Max-Forwards: 70
From: Alice <sip:alice@atlanta.example>;tag=a
To: Bob <sip:bob@biloxi.example>
Call-ID: one
CSeq: 1 INVITE
Content-Length: 0

)");

const std::string kSecond = wire(R"(
BYE sip:carol@chicago.example SIP/2.0
Via: SIP/2.0/UDP pc34.atlanta.example;branch=z9hG4bKtwo
Max-Forwards: 69
From: <tel:+1212>;tag=c
To: <sip:dave@@chicago.example>;tag=d
Call-ID: two
CSeq: 2 BYE
Content-Length: 0

)");

MessageView parse(std::string_view text, HeaderIndex& index) {
  return parse_message(text, index, Framing::Datagram).view;
}

TEST_CASE("message values: one that was read is the same object when it is asked for again" *
          doctest::description("RFC 3261 20; PERF1")) {
  HeaderIndex index;
  const MessageView message = parse(kFirst, index);
  CHECK(&message.typed<HeaderId::Via>() == &message.typed<HeaderId::Via>());
  const MessageView copy = message;
  CHECK(&copy.from_uri() == &message.from_uri());
}

TEST_CASE("message values: the next message in an index has values of its own" *
          doctest::description("RFC 3261 20; PERF1")) {
  HeaderIndex index;
  const MessageView first = parse(kFirst, index);
  CHECK(first.typed<HeaderId::Via>()->branch == "z9hG4bKone");
  CHECK(first.typed<HeaderId::CSeq>()->number == 1);
  CHECK(*first.typed<HeaderId::MaxForwards>() == 70);
  CHECK(first.from_tag() == "a");
  CHECK(first.to_tag().empty());
  CHECK(first.from_uri()->host == "atlanta.example");
  CHECK(first.to_uri()->user == "bob");
  CHECK(first.parsed_request_uri()->user == "bob");

  const MessageView second = parse(kSecond, index);
  CHECK(second.typed<HeaderId::Via>()->branch == "z9hG4bKtwo");
  CHECK(second.typed<HeaderId::CSeq>()->number == 2);
  CHECK(*second.typed<HeaderId::MaxForwards>() == 69);
  CHECK(second.from_tag() == "c");
  CHECK(second.to_tag() == "d");
  CHECK(second.parsed_request_uri()->user == "carol");
  CHECK(second.typed<HeaderId::From>()->uri == "tel:+1212");
  CHECK(second.typed<HeaderId::To>()->in_brackets);
}

TEST_CASE("message values: a message that is copied elsewhere is read where it is now" *
          doctest::description("RFC 3261 7; PERF1")) {
  HeaderIndex index;
  std::string first = kFirst;
  const MessageView message = parse(first, index);
  CHECK(message.typed<HeaderId::Via>()->branch == "z9hG4bKone");
  const std::string copy = first;
  const MessageView moved = message.moved_to(copy);
  std::fill(first.begin(), first.end(), '#');
  CHECK(moved.text() == kFirst);
  CHECK(moved.typed<HeaderId::Via>()->branch == "z9hG4bKone");
  CHECK(moved.from_tag() == "a");
  CHECK(moved.header(HeaderId::CallId) == "one");
  CHECK(moved.request_uri() == "sip:bob@biloxi.example");
}

TEST_CASE("message values: what is wrong with an address counts from the start of the message" *
          doctest::description("RFC 3261 19.1; R1.1")) {
  HeaderIndex index;
  const MessageView message = parse(kSecond, index);
  CHECK(message.from_uri().error().fault == ParseFault::UnknownScheme);
  const ParseError error = message.to_uri().error();
  CHECK(error.header == HeaderId::To);
  CHECK(error.offset >= kSecond.find("sip:dave"));
  CHECK(error.offset < kSecond.find(";tag=d"));
}

TEST_CASE("message values: a header that is not there is missing in all that is asked of it" *
          doctest::description("RFC 3261 8.1.1; R1.1")) {
  HeaderIndex index;
  const MessageView message = parse("OPTIONS sip:x SIP/2.0\r\n\r\n", index);
  CHECK(message.from_uri().error().fault == ParseFault::MissingHeader);
  CHECK(message.to_tag().empty());
}

}  // namespace
}  // namespace tipring::sip
