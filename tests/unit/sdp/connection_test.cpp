#include "sdp/connection.h"

#include <doctest/doctest.h>

namespace tipring::sdp {
namespace {

AddressKind kind_of(std::string_view value) {
  const auto connection = parse_connection(value);
  REQUIRE(connection);
  return connection->kind;
}

TEST_CASE("connection: unicast addresses of both families" *
          doctest::description("RFC 8866 5.7; R18.2")) {
  const auto v4 = parse_connection("IN IP4 192.0.2.1");
  REQUIRE(v4);
  CHECK(v4->kind == AddressKind::Ip);
  CHECK(v4->ip.family == port::Family::V4);
  CHECK(v4->host == "192.0.2.1");
  const auto v6 = parse_connection("IN IP6 2001:db8::1");
  REQUIRE(v6);
  CHECK(v6->kind == AddressKind::Ip);
  CHECK(v6->ip.family == port::Family::V6);
  CHECK(kind_of("IN IP6 ::ffff:192.0.2.1") == AddressKind::Ip);
}

TEST_CASE("connection: names" * doctest::description("RFC 8866 9 FQDN")) {
  CHECK(kind_of("IN IP4 host.anywhere.com") == AddressKind::Name);
  CHECK(kind_of("IN IP6 a_b-c.example.") == AddressKind::Name);
  for (const char* bad : {"IN IP4 192.0.2", "IN IP4 192.168.001.001", "IN IP4 192.0.2.256",
                          "IN IP4 a..b", "IN IP4 .a", "IN IP4 -a", "IN IP4 a/127/0", "IN IP4 ä.de",
                          "IN IP4 a,b", "IN IP4 1", "IN IP4 ."}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_connection(bad));
  }
}

TEST_CASE("connection: an address is of the family it says" *
          doctest::description("RFC 8866 5.7")) {
  CHECK_FALSE(parse_connection("IN IP4 2001:db8::1"));
  CHECK_FALSE(parse_connection("IN IP6 192.0.2.1"));
  CHECK_FALSE(parse_connection("IN IP6 [2001:db8::1]"));
  CHECK_FALSE(parse_connection("IN IP4 ::ffff:192.0.2.1"));
}

TEST_CASE("connection: fields are missing or too many" * doctest::description("RFC 8866 5.7")) {
  for (const char* bad : {"", "IN", "IN IP4", "IN IP4 ", "IN IP4 192.0.2.1 127"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_connection(bad));
  }
}

TEST_CASE("connection: multicast with time to live and count" *
          doctest::description("RFC 8866 5.7; R18.2")) {
  for (const char* good :
       {"IN IP4 233.252.0.1/127", "IN IP4 233.252.0.1/127/3", "IN IP4 233.252.0.1",
        "IN IP6 ff00::db8:0:101", "IN IP6 ff00::db8:0:101/3", "IN IP4 group.example/127"}) {
    CAPTURE(good);
    CHECK(kind_of(good) == AddressKind::Multicast);
  }
  CHECK(parse_connection("IN IP4 233.252.0.1/127/3")->host == "233.252.0.1");
  for (const char* bad : {"IN IP4 233.252.0.1/256", "IN IP4 233.252.0.1/1/0", "IN IP4 233.252.0.1/",
                          "IN IP6 ff00::1/1/1", "IN IP6 ff00::1/0", "IN IP4 192.0.2.1/127/3",
                          "IN IP4 192.0.2.1/x", "IN IP6 2001:db8::1/3"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_connection(bad));
  }
}

TEST_CASE("connection: other networks are known to be others" *
          doctest::description("RFC 8866 5.7")) {
  CHECK(kind_of("PSTN E164 +15551234") == AddressKind::Other);
  CHECK(kind_of("ATM NSAP 47.0091 x") == AddressKind::Other);
  CHECK(kind_of("IN X25 1234") == AddressKind::Other);
}

TEST_CASE("connection: addresses that ask for silence" *
          doctest::description("RFC 3264 8.4; RFC 3725 5")) {
  CHECK(parse_connection("IN IP4 0.0.0.0")->is_silent());
  CHECK(parse_connection("IN IP6 ::")->is_silent());
  CHECK(parse_connection("IN IP4 hold.INVALID")->is_silent());
  CHECK_FALSE(parse_connection("IN IP4 notinvalid")->is_silent());
  CHECK_FALSE(parse_connection("IN IP4 192.0.2.1")->is_silent());
  CHECK_FALSE(parse_connection("PSTN E164 a.invalid")->is_silent());
}

}  // namespace
}  // namespace tipring::sdp
