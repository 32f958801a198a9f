#include "media/port_range.h"

#include <doctest/doctest.h>

namespace tipring::media {
namespace {

TEST_CASE("port range: pairs of an even port and the next" * doctest::description("RFC 3550 11")) {
  const auto range = parse_port_range("30000-30511");
  REQUIRE(range);
  CHECK(range->first == 30000);
  CHECK(range->last == 30511);
  CHECK(range->pairs() == 256);
  CHECK(range->contains(30000));
  CHECK(range->contains(30511));
  CHECK_FALSE(range->contains(29999));
  CHECK_FALSE(range->contains(30512));
  CHECK(parse_port_range("1024-65535")->pairs() == 32256);
  CHECK(parse_port_range("2000-2001")->pairs() == 1);
}

TEST_CASE("port range: anything else is none" * doctest::description("RFC 3550 11")) {
  for (const char* text :
       {"", "-", "30000", "30000-", "-30511", "30001-30512", "30000-30512", "30001-30511",
        "30512-30001", "30000-30000", "1022-1031", "30000-65537", "a-b", "30000-30511-30513"})
    CHECK_FALSE(parse_port_range(text));
}

}  // namespace
}  // namespace tipring::media
