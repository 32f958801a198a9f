#include "port/address.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/guard_page.h"

using namespace tipring::port;

namespace {

std::string ip_text(const IpAddress& ip) {
  char out[kAddressTextMax];
  return std::string(write_ip(ip, out));
}

}  // namespace

TEST_CASE("address: literals are read and written in their shortest form" *
          doctest::description("RFC 5952 4; RFC 4291 2.2")) {
  struct Row {
    std::string text;
    std::string expected;
  };
  const std::vector<Row> rows = {
      {"0.0.0.0", "0.0.0.0"},
      {"192.0.2.1", "192.0.2.1"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:DB8::1", "2001:db8::1"},
      {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
      {"0:0:0:1:2:3:4:5", "::1:2:3:4:5"},
      {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"[2001:db8::1]", "2001:db8::1"},
      {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
      {"2001:db8:::192.0.2.1", "2001:db8::c000:201"},  // RFC 5118 4.10
      {":::192.0.2.1", "::c000:201"},
      {"::ffff:192.0.2.1", "192.0.2.1"},
      {"::ffff:c000:201", "192.0.2.1"},
      {"[::ffff:192.0.2.1]", "192.0.2.1"},
      {"fe80::1%3", "fe80::1%3"},
      {"[fe80::1%4294967295]", "fe80::1%4294967295"},
      {"ff02::1%2", "ff02::1%2"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto ip = parse_ip(tipring::test::GuardedText(row.text));
    REQUIRE(ip);
    CHECK(ip_text(*ip) == row.expected);
    CHECK(parse_ip(row.expected) == ip);
  }
}

TEST_CASE("address: what is not a literal is refused") {
  for (const std::string text : {"",
                                 " ",
                                 "1",
                                 "1.2.3",
                                 "1.2.3.4.5",
                                 "1.2.3.256",
                                 "1.2.3.0256",
                                 "1..3.4",
                                 "1.2.3.",
                                 "01.2.3.4",
                                 "1.2.3.04",
                                 "1.2.3.0x4",
                                 "+1.2.3.4",
                                 "1.2.3.-4",
                                 "1.2.3.4 ",
                                 " 1.2.3.4",
                                 "1..2.3",
                                 "1.2.3.",
                                 ".1.2.3",
                                 "1.2.3.4\n",
                                 "example.com",
                                 "localhost",
                                 ":",
                                 ":::",
                                 "2001:db8:::1",
                                 "2001:db8:::1:192.0.2.1",
                                 "2001:db8::::192.0.2.1",
                                 "1:",
                                 ":1",
                                 "1:2",
                                 "1:2:3:4:5:6:7",
                                 "1:2:3:4:5:6:7:8:9",
                                 "1::2::3",
                                 "1:2:3:4:5:6:7:8::",
                                 "::1:2:3:4:5:6:7:8",
                                 "12345::",
                                 "g::",
                                 "1:2:3:4:5:6:7:1.2.3.4",
                                 "1.2.3.4::",
                                 "::1.2.3",
                                 "::1.2.3.4:5",
                                 "[1.2.3.4]",
                                 "[::1",
                                 "::1]",
                                 "[]",
                                 "[::1]:5060",
                                 "fe80::1%eth0",
                                 "fe80::1%",
                                 "fe80::1%03",
                                 "fe80::1%4294967296",
                                 "2001:db8::1%3",
                                 "1.2.3.4%1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_ip(tipring::test::GuardedText(text)));
  }
}

TEST_CASE("address: a NUL inside a literal does not end it") {
  CHECK_FALSE(parse_ip(std::string_view("1.2.3.4\0", 8)));
  CHECK_FALSE(parse_ip(std::string_view("::1\0", 4)));
}

TEST_CASE("address: hosts and sockets are written with brackets where the family needs them" *
          doctest::description("RFC 3261 25.1")) {
  char out[kAddressTextMax];
  CHECK(write_host(*parse_ip("192.0.2.1"), out) == "192.0.2.1");
  CHECK(write_host(*parse_ip("2001:db8::1"), out) == "[2001:db8::1]");
  CHECK(write_address({*parse_ip("192.0.2.1"), 5060}, out) == "192.0.2.1:5060");
  CHECK(write_address({*parse_ip("::"), 0}, out) == "[::]:0");
  CHECK(write_address({*parse_ip("0.9.10.99"), 65535}, out) == "0.9.10.99:65535");
  CHECK(write_address({*parse_ip("100.199.200.255"), 1}, out) == "100.199.200.255:1");
  CHECK(write_ip(IpAddress{}, out).empty());
}

TEST_CASE("address: the longest of all fits the buffer that callers bring") {
  char out[kAddressTextMax];
  const SocketAddress longest{*parse_ip("feb0:1111:2222:3333:4444:5555:6666:7777%4294967295"),
                              65535};
  CHECK(write_address(longest, out) ==
        "[feb0:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535");
}

TEST_CASE("address: kinds are told apart") {
  CHECK(parse_ip("0.0.0.0")->is_unspecified());
  CHECK(parse_ip("::")->is_unspecified());
  CHECK_FALSE(parse_ip("0.0.0.1")->is_unspecified());
  CHECK(parse_ip("127.9.9.9")->is_loopback());
  CHECK(parse_ip("::1")->is_loopback());
  CHECK_FALSE(parse_ip("128.0.0.1")->is_loopback());
  CHECK_FALSE(parse_ip("::2")->is_loopback());
  CHECK(parse_ip("224.0.1.75")->is_multicast());
  CHECK(parse_ip("239.255.255.255")->is_multicast());
  CHECK(parse_ip("ff02::1")->is_multicast());
  CHECK_FALSE(parse_ip("240.0.0.1")->is_multicast());
  CHECK(parse_ip("255.255.255.255")->is_broadcast());
  CHECK_FALSE(parse_ip("255.255.255.254")->is_broadcast());
  CHECK_FALSE(parse_ip("ffff:ffff::")->is_broadcast());
}
