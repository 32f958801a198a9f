#include "server/registrar/date.h"

#include <doctest/doctest.h>

#include <string>

using namespace tipring;

TEST_CASE("date: as RFC 3261 writes it" * doctest::description("RFC 3261 20.17; U8")) {
  char out[registrar::kDateSize];
  const auto date = [&](int64_t seconds) {
    return std::string(registrar::write_date(Millis(seconds * 1000 + 999), out));
  };
  CHECK(date(1'289'690'940) == "Sat, 13 Nov 2010 23:29:00 GMT");
  CHECK(date(951'782'399) == "Mon, 28 Feb 2000 23:59:59 GMT");
  CHECK(date(951'782'400) == "Tue, 29 Feb 2000 00:00:00 GMT");
  CHECK(date(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
}
