#include <doctest/doctest.h>

#include <string>

#include "sip/text_headers.h"

using namespace tipring;
using sip::DateTraits;

TEST_CASE("date: as RFC 3261 writes it" * doctest::description("RFC 3261 20.17; U8")) {
  char out[sip::kDateSize];
  const auto date = [&](int64_t seconds) {
    return std::string(sip::write_date(Millis(seconds * 1000 + 999), out));
  };
  CHECK(date(1'289'690'940) == "Sat, 13 Nov 2010 23:29:00 GMT");
  CHECK(date(951'782'399) == "Mon, 28 Feb 2000 23:59:59 GMT");
  CHECK(date(951'782'400) == "Tue, 29 Feb 2000 00:00:00 GMT");
  CHECK(date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST_CASE("date: what is written can be read" * doctest::description("RFC 3261 20.17")) {
  CHECK(*DateTraits::parse("Sat, 13 Nov 2010 23:29:00 GMT") == Millis(1'289'690'940'000));
  char out[sip::kDateSize];
  for (const int64_t seconds : {0LL, 951'782'399LL, 951'782'400LL, 4'102'444'800LL}) {
    CHECK(*DateTraits::parse(sip::write_date(Millis(seconds * 1000), out)) ==
          Millis(seconds * 1000));
  }
}

TEST_CASE("date: faults" * doctest::description("RFC 3261 20.17, 25.1; RFC 4475 3.1.2.12")) {
  for (const char* bad : {"", "Fri, 01 Jan 2010 16:00:00 EST", "Fri, 01 Jan 2010 16:00:00 UTC",
                          "Fri, 1 Jan 2010 16:00:00 GMT", "Fri, 30 Feb 2010 16:00:00 GMT",
                          "Fri, 01 Foo 2010 16:00:00 GMT", "Fry, 01 Jan 2010 16:00:00 GMT",
                          "Fri, 01 Jan 2010 24:00:00 GMT", "Fri, 01 Jan 2010 16:60:00 GMT",
                          "Fri, 01 Jan 2010 16:00:00 GMT ", "Fri, 01 Jan 2010 16.00.00 GMT",
                          "Fri, 01 Jan 201x 16:00:00 GMT", "Fri, 00 Jan 2010 16:00:00 GMT"}) {
    CAPTURE(bad);
    CHECK_FALSE(DateTraits::parse(bad));
  }
}
