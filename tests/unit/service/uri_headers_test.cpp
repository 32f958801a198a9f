#include "service/uri_headers.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

using namespace tipring;
using sip::HeaderId;

namespace {

std::string lines_of(const std::string& uri, HeaderId without = HeaderId::Other) {
  const sip::ParsedUri parsed(uri);
  REQUIRE(parsed);
  std::array<char, 256> room;
  const auto lines = service::write_lines_of_uri(*parsed, without, room);
  REQUIRE(lines);
  return std::string(*lines);
}

std::string value_of(const std::string& uri, HeaderId id) {
  const sip::ParsedUri parsed(uri);
  REQUIRE(parsed);
  std::array<char, 64> room;
  return std::string(service::uri_header(*parsed, id, room));
}

}  // namespace

TEST_CASE("uri headers: harmless ones become lines without their escapes" *
          doctest::description("RFC 3261 19.1.5, 8.1.3.4; F30")) {
  CHECK(lines_of("sip:a@h") == "");
  CHECK(lines_of("sip:a@h?subject=Project%20X&Priority=urgent") ==
        "Subject: Project X\r\nPriority: urgent\r\n");
  CHECK(lines_of("sip:a@h?Call-Info=%3chttp://www.foo.com%3e") ==
        "Call-Info: <http://www.foo.com>\r\n");
}

TEST_CASE("uri headers: those that would speak for us are not honoured" *
          doctest::description("RFC 3261 19.1.5; F30")) {
  for (const char* name : {"From",
                           "Call-ID",
                           "CSeq",
                           "Via",
                           "Record-Route",
                           "Route",
                           "Accept",
                           "Allow",
                           "Contact",
                           "Organization",
                           "Supported",
                           "User-Agent",
                           "Content-Length",
                           "Content-Type",
                           "Date",
                           "Max-Forwards",
                           "To",
                           "body",
                           "Require",
                           "Authorization",
                           "P-Asserted-Identity",
                           "X-Unknown",
                           "i",
                           "%66"}) {
    CAPTURE(name);
    CHECK(lines_of("sip:a@h?" + std::string(name) + "=1") == "");
  }
}

TEST_CASE("uri headers: a value cannot become two lines" *
          doctest::description("RFC 3261 19.1.5; F30")) {
  CHECK(lines_of("sip:a@h?Subject=x%0d%0aRoute:%20y&Priority=normal") == "Priority: normal\r\n");
  CHECK(lines_of("sip:a@h?Subject=1&s=2") == "Subject: 1\r\n");
  CHECK(value_of("sip:a@h?Replaces=1%0a", HeaderId::Replaces) == "");
}

TEST_CASE("uri headers: one is read by its name in any form, and two of it are none" *
          doctest::description("RFC 3261 19.1.1; F22")) {
  CHECK(value_of("sip:a@h?x=1&REPLACES=b%40h%3Bto-tag%3D1", HeaderId::Replaces) == "b@h;to-tag=1");
  CHECK(value_of("sip:a@h?Re%70laces=b", HeaderId::Replaces) == "b");
  CHECK(value_of("sip:a@h?Replaces=1&Replaces=2", HeaderId::Replaces) == "");
  CHECK(value_of("sip:a@h?Replaces=" + std::string(65, '1'), HeaderId::Replaces) == "");
  CHECK(lines_of("sip:a@h?Replaces=1&Subject=2", HeaderId::Replaces) == "Subject: 2\r\n");
}

TEST_CASE("uri headers: a value is written so that it comes back" *
          doctest::description("RFC 3261 25.1 hvalue; F21")) {
  std::array<char, 256> room;
  sip::Writer out(room);
  service::write_uri_header_value(out, "a84b@h;to-tag=1;x=\"100%\" \x01&?");
  CHECK(out.view() == "a84b%40h%3Bto-tag%3D1%3Bx%3D%22100%25%22%20%01%26?");
  CHECK(value_of("sip:a@h?Subject=" + std::string("50%25%26"), HeaderId::Subject) == "50%&");
}

TEST_CASE("uri headers: lines that do not fit are an error" *
          doctest::description("DESIGN Memory")) {
  const sip::ParsedUri parsed("sip:a@h?Subject=1");
  std::array<char, 8> room;
  const auto lines = service::write_lines_of_uri(*parsed, HeaderId::Other, room);
  REQUIRE_FALSE(lines);
  CHECK(lines.error() == Error::BufferFull);
}
