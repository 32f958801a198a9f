#include "sip/writer.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "parsed.h"

namespace tipring::sip {
namespace {

TEST_CASE("writer: pieces, numbers and lines" * doctest::description("RFC 3261 7.3.1")) {
  std::array<char, 256> buffer;
  Writer out(buffer);
  out.text("a").number(0).number(18446744073709551615ULL).crlf();
  out.header(HeaderId::MaxForwards, uint64_t{70})
      .header("X-Y", "z")
      .header(HeaderId::CallId, "1@2");
  CHECK(out.view() == "a018446744073709551615\r\nMax-Forwards: 70\r\nX-Y: z\r\nCall-ID: 1@2\r\n");
  CHECK(out.finish().value_or(0) == out.size());
}

TEST_CASE("writer: what does not fit is not cut, and nothing follows it" *
          doctest::description("writer.h")) {
  std::array<char, 4> buffer{};
  Writer out(buffer);
  out.text("abc").text("de").text("f");
  CHECK(out.full());
  CHECK(out.view() == "abc");
  CHECK(out.finish().error() == Error::BufferFull);
  Writer exact(buffer);
  exact.text("abcd");
  CHECK_FALSE(exact.full());
}

TEST_CASE("writer: folds become one line" * doctest::description("RFC 3261 7.3.1; C9")) {
  std::array<char, 64> buffer;
  Writer out(buffer);
  out.header(HeaderId::Subject, "a\r\n b\n\tc");
  CHECK(out.view() == "Subject: a b\tc\r\n");
  Writer injected(buffer);
  injected.header(HeaderId::Subject, "a\r\nEvil: b\r\n");
  CHECK(injected.view() == "Subject: a Evil: b \r\n");
}

TEST_CASE("writer: quoted text" * doctest::description("RFC 3261 25.1 quoted-string")) {
  std::array<char, 64> buffer;
  Writer out(buffer);
  out.quoted("a \"b\" \\ c").quoted("");
  CHECK(out.view() == "\"a \\\"b\\\" \\\\ c\"\"\"");
}

port::SocketAddress source_of(std::string_view ip, uint16_t port) {
  return {*port::parse_ip(ip), port};
}

std::string fixed(std::string_view value, const port::SocketAddress& source) {
  const test::GuardedText text(value);
  const auto via = parse_via(text.view());
  REQUIRE(via);
  std::array<char, 256> buffer;
  Writer out(buffer);
  write_fixed_via(out, text.view(), *via, make_via_fix_up(*via, source));
  return std::string(out.view());
}

TEST_CASE("via fix-up: received is added where sent-by is another host" *
          doctest::description("RFC 3261 18.2.1; R7.2")) {
  const auto source = source_of("192.0.2.1", 9988);
  CHECK(fixed("SIP/2.0/UDP pc.example:5060;branch=x", source) ==
        "SIP/2.0/UDP pc.example:5060;branch=x;received=192.0.2.1");
  CHECK(fixed("SIP/2.0/UDP 192.0.2.1;branch=x", source) == "SIP/2.0/UDP 192.0.2.1;branch=x");
  CHECK(fixed("SIP/2.0/UDP 10.0.0.1", source) == "SIP/2.0/UDP 10.0.0.1;received=192.0.2.1");
}

TEST_CASE("via fix-up: rport gets the port, and received stands beside it" *
          doctest::description("RFC 3581 4; R7.2")) {
  const auto source = source_of("192.0.2.1", 9988);
  CHECK(fixed("SIP/2.0/UDP 192.0.2.1:4540;rport;branch=x", source) ==
        "SIP/2.0/UDP 192.0.2.1:4540;branch=x;received=192.0.2.1;rport=9988");
}

TEST_CASE("via fix-up: what the peer claims about itself is replaced" *
          doctest::description("RFC 3261 18.2.1")) {
  CHECK(fixed("SIP/2.0/UDP a;Received=6.6.6.6;rport=1;branch=x;q=\"a;b\"",
              source_of("192.0.2.1", 7)) ==
        "SIP/2.0/UDP a;branch=x;q=\"a;b\";received=192.0.2.1;rport=7");
}

TEST_CASE("via fix-up: one rport and one received, wherever they stood and however often" *
          doctest::description("RFC 3581 4; RFC 3261 7.3.1")) {
  for (const std::string_view params :
       {";rport;branch=x;received=6.6.6.6", ";received=6.6.6.6;branch=x;rport",
        ";received=6.6.6.6;rport;branch=x", ";branch=x;rport;received=6.6.6.6",
        ";rport;branch=x;rport", ";rport;received=a;branch=x;received=b", ";;branch=x;;rport;",
        ";branch=x;rport;", "; branch = x ; rport"}) {
    CAPTURE(params);
    CHECK(fixed("SIP/2.0/UDP a" + std::string(params), source_of("192.0.2.1", 7)) ==
          "SIP/2.0/UDP a;branch=x;received=192.0.2.1;rport=7");
  }
}

TEST_CASE("via fix-up: IPv6 is written without brackets and compared as address" *
          doctest::description("RFC 5118 4.5")) {
  const auto source = source_of("2001:db8::1", 5060);
  CHECK(fixed("SIP/2.0/UDP [2001:DB8:0::1];branch=x", source) ==
        "SIP/2.0/UDP [2001:DB8:0::1];branch=x");
  CHECK(fixed("SIP/2.0/UDP [2001:db8::2];branch=x", source) ==
        "SIP/2.0/UDP [2001:db8::2];branch=x;received=2001:db8::1");
}

TEST_CASE("via fix-up: folds and old comments do not survive" *
          doctest::description("C9; RFC 2543 6.43")) {
  CHECK(fixed("SIP/2.0/UDP\r\n a\r\n ;branch=x (c)", source_of("192.0.2.1", 7)) ==
        "SIP/2.0/UDP a;branch=x;received=192.0.2.1");
}

}  // namespace
}  // namespace tipring::sip
