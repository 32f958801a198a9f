// Networks of a configuration, and which addresses are theirs.
#include "core/source_ranges.h"

#include <doctest/doctest.h>

using namespace tipring;

namespace {

bool holds(std::string_view range, std::string_view address) {
  const auto parsed = parse_range(range);
  REQUIRE(parsed);
  return parsed->contains(*port::parse_ip(address));
}

}  // namespace

TEST_CASE("source ranges: a network holds the addresses behind its prefix and no others" *
          doctest::description("C6")) {
  CHECK(holds("192.0.2.0/24", "192.0.2.255"));
  CHECK_FALSE(holds("192.0.2.0/24", "192.0.3.0"));
  CHECK(holds("192.0.2.77/24", "192.0.2.1"));
  CHECK(holds("10.0.0.0/9", "10.127.255.255"));
  CHECK_FALSE(holds("10.0.0.0/9", "10.128.0.0"));
  CHECK(holds("0.0.0.0/0", "203.0.113.9"));
  CHECK(holds("2001:db8:0:8::/61", "2001:db8:0:f:1::1"));
  CHECK_FALSE(holds("2001:db8:0:8::/61", "2001:db8:0:10::1"));
}

TEST_CASE("source ranges: an address alone holds itself, and the families are apart" *
          doctest::description("C6")) {
  CHECK(holds("192.0.2.1", "192.0.2.1"));
  CHECK_FALSE(holds("192.0.2.1", "192.0.2.0"));
  CHECK(holds("::1", "::1"));
  CHECK_FALSE(holds("::/0", "192.0.2.1"));
  CHECK(holds("127.0.0.0/8", "::ffff:127.0.0.1"));
}

TEST_CASE("source ranges: what is no network is not read") {
  for (const char* text :
       {"", "192.0.2.0/33", "::1/129", "192.0.2.0/", "192.0.2/24", "host", "/8"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_range(text));
  }
}

TEST_CASE("source ranges: a full list takes no more, and keeps what it has" *
          doctest::description("R5.5")) {
  SourceRanges ranges;
  for (size_t i = 0; i < SourceRanges::kMax; ++i) CHECK(ranges.add(*parse_range("192.0.2.0/24")));
  CHECK_FALSE(ranges.add(*parse_range("10.0.0.0/8")));
  CHECK(ranges.contains(*port::parse_ip("192.0.2.9")));
  CHECK_FALSE(ranges.contains(*port::parse_ip("10.0.0.1")));
}
