#include "auth/source.h"

#include <doctest/doctest.h>

#include <string>

using namespace tipring;
using namespace tipring::auth;

namespace {

std::string source_text(const char* address) {
  char out[kSourceTextMax];
  return std::string(write_source(source_of(*port::parse_ip(address)), out));
}

}  // namespace

TEST_CASE("source: an IPv4 address, or the 64 bits that stand for an IPv6 host" *
          doctest::description("C6")) {
  CHECK(source_text("192.0.2.1") == "192.0.2.1");
  CHECK(source_text("::ffff:192.0.2.1") == "192.0.2.1");
  CHECK(source_text("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64");
  CHECK(parse_source("2001:db8:1:2::/64") == source_of(*port::parse_ip("2001:db8:1:2::99")));
  CHECK(parse_source("2001:db8:1:2::99") == parse_source("2001:db8:1:2::/64"));
  CHECK(parse_source("192.0.2.1") == port::parse_ip("192.0.2.1"));
  CHECK_FALSE(parse_source("192.0.2.0/24").has_value());
}
