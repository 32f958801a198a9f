#include "sip/headers.h"

#include <doctest/doctest.h>

#include <string>

#include "parsed.h"
#include "sip/auth_params.h"

namespace tipring::sip {
namespace {

using test::GuardedText;
using test::Parsed;
using test::request_with;

template <HeaderId Id>
auto read(std::string_view value) {
  const GuardedText text(value);
  const auto parsed = HeaderTraits<Id>::parse(text.view());
  return parsed ? std::optional(*parsed) : std::nullopt;
}

TEST_CASE("headers: CSeq" * doctest::description("RFC 3261 20.16, 8.1.1.5; RFC 4475 3.1.2.4")) {
  const auto cseq = HeaderTraits<HeaderId::CSeq>::parse("4711 \r\n INVITE");
  REQUIRE(cseq);
  CHECK(cseq->number == 4711);
  CHECK(cseq->method == Method::Invite);
  CHECK(HeaderTraits<HeaderId::CSeq>::parse("0009 NEWMETHOD")->method_text == "NEWMETHOD");
  CHECK(HeaderTraits<HeaderId::CSeq>::parse("2147483647 ACK"));
  for (const char* bad : {"", "INVITE", "1", "1INVITE", "-1 INVITE", "2147483648 INVITE",
                          "36893488147419103232 REGISTER", "1 IN VITE", "1 <"}) {
    CAPTURE(bad);
    const GuardedText text(bad);
    CHECK_FALSE(HeaderTraits<HeaderId::CSeq>::parse(text.view()));
  }
}

TEST_CASE("headers: Max-Forwards is 0 to 255" *
          doctest::description("RFC 3261 20.22; RFC 4475 3.1.2.4")) {
  CHECK(read<HeaderId::MaxForwards>("0") == 0);
  CHECK(read<HeaderId::MaxForwards>("255") == 255);
  CHECK_FALSE(read<HeaderId::MaxForwards>("256"));
  CHECK_FALSE(read<HeaderId::MaxForwards>("-1"));
  CHECK_FALSE(read<HeaderId::MaxForwards>(""));
}

TEST_CASE("headers: numbers of seconds" *
          doctest::description("RFC 3261 20.19, 20.33; RFC 4028 4, 5")) {
  CHECK(read<HeaderId::Expires>("4294967295") == 4294967295U);
  CHECK_FALSE(read<HeaderId::Expires>("4294967296"));
  CHECK_FALSE(read<HeaderId::Expires>("soon"));
  CHECK_FALSE(read<HeaderId::Expires>("3600;x=y"));
  CHECK(DeltaTraits::parse("1800;refresher=uac")->param("refresher")->value == "uac");
  CHECK(DeltaTraits::parse("90")->seconds == 90);
  CHECK(DeltaTraits::parse("18000;duration=3600")->param("duration")->value == "3600");
  CHECK(DeltaTraits::parse("120 (I'm in (a) meeting)")->comment == "(I'm in (a) meeting)");
  CHECK(DeltaTraits::parse("120 (x\\)) ;y")->params == ";y");
  CHECK_FALSE(read<HeaderId::RetryAfter>("120 (x"));
  CHECK_FALSE(read<HeaderId::RetryAfter>("120 x"));
}

TEST_CASE("headers: a typed header that is absent or empty is missing" *
          doctest::description("message.h typed")) {
  const Parsed parsed(request_with("Expires:\n"));
  CHECK(parsed.view().typed<HeaderId::Expires>().error().fault == ParseFault::MissingHeader);
  CHECK(parsed.view().typed<HeaderId::MinSe>().error().header == HeaderId::MinSe);
}

TEST_CASE("headers: a typed list header gives its first value" *
          doctest::description("RFC 3261 20.42, 20.34")) {
  const Parsed parsed(request_with("Route: <sip:a;lr>, <sip:b>\nRoute: <sip:c>\n"));
  CHECK(parsed.view().typed<HeaderId::Route>()->uri == "sip:a;lr");
  CHECK(parsed.view().typed<HeaderId::Via>()->host == "pc33.atlanta.example");
  CHECK(parsed.view().typed<HeaderId::From>()->tag() == "1928301774");
  CHECK(parsed.view().typed<HeaderId::CallId>().value_or("") == "a84b4c76e66710");
}

TEST_CASE("headers: a Call-ID is one word" * doctest::description("RFC 3261 20.8, 25.1 callid")) {
  CHECK(read<HeaderId::CallId>("f81d4fae-7dec-11d0-a765-00a0c91e6bf6@foo.bar.com"));
  CHECK_FALSE(read<HeaderId::CallId>("a b"));
  CHECK_FALSE(read<HeaderId::CallId>(""));
}

TEST_CASE("headers: tokens are looked up over all lines" *
          doctest::description("RFC 3261 20.32, 20.37, 7.3.1")) {
  const Parsed parsed(request_with("Supported: 100rel, Timer\nk: path\nAllow: INVITE,ACK\n"));
  CHECK(contains_token(parsed.view().values(HeaderId::Supported), "timer"));
  CHECK(contains_token(parsed.view().values(HeaderId::Supported), "path"));
  CHECK_FALSE(contains_token(parsed.view().values(HeaderId::Supported), "100"));
  CHECK(contains_token(parsed.view().values(HeaderId::Allow), "ACK"));
  CHECK_FALSE(contains_token(parsed.view().values(HeaderId::Require), "timer"));
}

TEST_CASE("headers: a fault in a typed header is placed in the message" *
          doctest::description("RFC 3261 20; R4.5")) {
  const Parsed parsed(request_with("Contact: \"x\" <sip:a@b>;=y\n"));
  const auto contact = parsed.view().typed<HeaderId::Contact>();
  REQUIRE_FALSE(contact);
  CHECK(contact.error().header == HeaderId::Contact);
  CHECK(parsed.text().substr(contact.error().offset).starts_with("=y"));
}

}  // namespace
}  // namespace tipring::sip
