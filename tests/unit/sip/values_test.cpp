#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "parsed.h"

namespace tipring::sip {
namespace {

using test::Parsed;
using test::request_with;

std::vector<std::string> split(std::string_view list, bool comments = false) {
  const test::GuardedText text(list);
  std::string_view rest = text.view();
  std::string_view value;
  std::vector<std::string> values;
  while (next_list_value(rest, value, comments)) values.emplace_back(value);
  return values;
}

std::vector<std::string> all(const ValueRange& range) {
  std::vector<std::string> values;
  for (const std::string_view value : range) values.emplace_back(value);
  return values;
}

using Strings = std::vector<std::string>;

TEST_CASE("values: lists are cut at commas and trimmed" * doctest::description("RFC 3261 7.3.1")) {
  CHECK(split("a, b ,c") == Strings{"a", "b", "c"});
  CHECK(split("a") == Strings{"a"});
  CHECK(split("").empty());
}

TEST_CASE("values: empty elements are left out" *
          doctest::description("RFC 3261 7.3; peers send them")) {
  CHECK(split(",, a ,\r\n ,b,") == Strings{"a", "b"});
  CHECK(split(" , ,").empty());
}

TEST_CASE("values: commas in quotes and brackets do not cut" *
          doctest::description("RFC 3261 20.10; RFC 4475 3.1.1.1")) {
  CHECK(split("\"A, B\" <sip:a,b@c>;p=\"x,y\", <sip:d>") ==
        Strings{"\"A, B\" <sip:a,b@c>;p=\"x,y\"", "<sip:d>"});
  CHECK(split("\"a\\\",b\", c") == Strings{"\"a\\\",b\"", "c"});
  CHECK(split("\"<\" <sip:a>, b") == Strings{"\"<\" <sip:a>", "b"});
  CHECK(split("a>, b") == Strings{"a>", "b"});
}

TEST_CASE("values: what is not closed runs to the end" *
          doctest::description("bounded reading of foreign bytes")) {
  CHECK(split("\"a, b") == Strings{"\"a, b"});
  CHECK(split("\"a, b\\") == Strings{"\"a, b\\"});
  CHECK(split("<a, b") == Strings{"<a, b"});
  CHECK(split("a (b, c", true) == Strings{"a (b, c"});
  CHECK(split("a (b, c\\", true) == Strings{"a (b, c\\"});
}

TEST_CASE("values: comments nest where they are allowed" *
          doctest::description("RFC 3261 25.1 comment")) {
  CHECK(split("a (x, (y, z), \\), w), b", true) == Strings{"a (x, (y, z), \\), w)", "b"});
  CHECK(split("sip:(a, b", false) == Strings{"sip:(a", "b"});
  CHECK(split("a), b", true) == Strings{"a)", "b"});
}

TEST_CASE("values: all lines of a list are one list" *
          doctest::description("RFC 3261 7.3.1; R2.1")) {
  const Parsed parsed(
      request_with("Route: <sip:a>, <sip:b>\nSubject: x\nRoute:\nRoute: <sip:c>\n"));
  CHECK(all(parsed.view().values(HeaderId::Route)) == Strings{"<sip:a>", "<sip:b>", "<sip:c>"});
  CHECK(parsed.view().values(HeaderId::RecordRoute).empty());
}

TEST_CASE("values: comma-joined Via is several values" *
          doctest::description("RFC 3261 20.42; what peers send")) {
  const Parsed parsed(request_with("v: SIP/2.0/TCP a ;branch=1 , SIP/2.0/UDP b (a, comment)\n"));
  CHECK(all(parsed.view().values(HeaderId::Via)) ==
        Strings{"SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bK776asdhds",
                "SIP/2.0/TCP a ;branch=1", "SIP/2.0/UDP b (a, comment)"});
}

TEST_CASE("values: a header that is no list has one value a line" *
          doctest::description("RFC 3261 7.3.1, 20.7")) {
  const Parsed parsed(request_with(
      "Authorization: Digest a=\"1\", b=2\nAuthorization: Digest c=3\nSubject: a, b\n"));
  CHECK(all(parsed.view().values(HeaderId::Authorization)) ==
        Strings{"Digest a=\"1\", b=2", "Digest c=3"});
  CHECK(all(parsed.view().values(HeaderId::Subject)) == Strings{"a, b"});
}

}  // namespace
}  // namespace tipring::sip
