#include "auth/safe_sources.h"

#include <doctest/doctest.h>

#include <string>

using namespace tipring;
using namespace tipring::auth;

namespace {

bool is_within(const char* network, const char* address) {
  return holds(*parse_network(network), *port::parse_ip(address));
}

std::string source_text(const char* address) {
  char out[kSourceTextMax];
  return std::string(write_source(source_of(*port::parse_ip(address)), out));
}

}  // namespace

TEST_CASE("network: its hosts and no others" * doctest::description("C6")) {
  CHECK(is_within("192.0.2.0/24", "192.0.2.255"));
  CHECK_FALSE(is_within("192.0.2.0/24", "192.0.3.0"));
  CHECK(is_within("192.0.2.128/25", "192.0.2.200"));
  CHECK_FALSE(is_within("192.0.2.128/25", "192.0.2.127"));
  CHECK(is_within("192.0.2.1", "192.0.2.1"));
  CHECK_FALSE(is_within("192.0.2.1", "192.0.2.2"));
  CHECK(is_within("192.0.2.1", "::ffff:192.0.2.1"));
  CHECK(is_within("0.0.0.0/0", "203.0.113.9"));
  CHECK_FALSE(is_within("0.0.0.0/0", "2001:db8::1"));
  CHECK(is_within("2001:db8::/33", "2001:db8:7fff::1"));
  CHECK_FALSE(is_within("2001:db8::/33", "2001:db8:8000::1"));
  CHECK(is_within("::1/128", "::1"));
  CHECK_FALSE(is_within("::1/128", "::2"));
}

TEST_CASE("network: what is none") {
  for (const char* text : {"", "/", "192.0.2.1/33", "192.0.2.0/", "2001:db8::/129", "example.com",
                           "192.0.2.1/x", "192.0.2.1:5060"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_network(text).has_value());
  }
}

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
