#include "sip/via.h"

#include <doctest/doctest.h>

#include <string>

#include "support/guard_page.h"

namespace tipring::sip {
namespace {

using test::GuardedText;

ParseFault fault_of(std::string_view value) {
  const GuardedText text(value);
  const auto via = parse_via(text.view());
  return via ? ParseFault::NotSip : via.error().fault;  // NotSip is no fault of a Via
}

TEST_CASE("via: all parts" * doctest::description("RFC 3261 20.42; RFC 3581 3")) {
  const GuardedText text(
      "SIP/2.0/UDP "
      "erlang.bell-telephone.com:5065;branch=z9hG4bK87asdks7;received=192.0.2.1;maddr=m;ttl=16;"
      "rport=9988");
  const auto via = parse_via(text.view());
  REQUIRE(via);
  CHECK(via->transport == Transport::Udp);
  CHECK(via->host == "erlang.bell-telephone.com");
  CHECK(via->port == 5065);
  CHECK(via->sent_by == "erlang.bell-telephone.com:5065");
  CHECK(via->branch == "z9hG4bK87asdks7");
  CHECK(via->received == "192.0.2.1");
  CHECK(via->maddr == "m");
  CHECK(via->rport == 9988);
  CHECK(via->has_rport_value);
  CHECK(via->params.starts_with(";branch"));
}

TEST_CASE("via: rport is absent, empty or a number" * doctest::description("RFC 3581 3")) {
  CHECK_FALSE(parse_via("SIP/2.0/UDP h;branch=x")->wants_rport);
  const auto empty = parse_via("SIP/2.0/UDP h;rport;branch=x");
  CHECK(empty->wants_rport);
  CHECK_FALSE(empty->has_rport_value);
  CHECK(parse_via("SIP/2.0/UDP h;rport=1")->rport == 1);
  CHECK(fault_of("SIP/2.0/UDP h;rport=x") == ParseFault::BadParameter);
  CHECK(fault_of("SIP/2.0/UDP h;rport=65536") == ParseFault::BadParameter);
}

TEST_CASE("via: blanks around every separator" *
          doctest::description("RFC 3261 20.42; RFC 4475 3.1.1.1")) {
  const auto via =
      parse_via("SIP  / 2.0\r\n /UDP\r\n    192.0.2.2 : 5070 ;branch = 390skdjuw ; rport");
  REQUIRE(via);
  CHECK(via->host == "192.0.2.2");
  CHECK(via->port == 5070);
  CHECK(via->branch == "390skdjuw");
  CHECK(via->wants_rport);
}

TEST_CASE("via: IPv6 in and out of brackets" * doctest::description("RFC 5118 4.5")) {
  const auto via =
      parse_via("SIP/2.0/UDP [2001:db8::9:1]:6050;received=[2001:db8::9:255];branch=z9hG4bKas3");
  REQUIRE(via);
  CHECK(via->is_ipv6);
  CHECK(via->host == "2001:db8::9:1");
  CHECK(via->sent_by == "[2001:db8::9:1]:6050");
  CHECK(via->received == "[2001:db8::9:255]");
  CHECK(parse_via("SIP/2.0/UDP h;received=2001:db8::1")->received == "2001:db8::1");
  CHECK(fault_of("SIP/2.0/UDP [2001:db8::1") == ParseFault::BadHost);
  CHECK(fault_of("SIP/2.0/UDP [nonsense]") == ParseFault::BadHost);
}

TEST_CASE("via: transports" * doctest::description("RFC 3261 20.42; RFC 7118 4.1")) {
  CHECK(parse_via("SIP/2.0/tls h")->transport == Transport::Tls);
  CHECK(parse_via("SIP/2.0/WSS h")->transport == Transport::Wss);
  const auto other = parse_via("SIP/2.0/UNKNOWN h");
  CHECK(other->transport == Transport::Other);
  CHECK(other->transport_text == "UNKNOWN");
  CHECK(other->port_or_default() == 5060);
  CHECK(parse_via("SIP/2.0/TLS h")->port_or_default() == 5061);
  for (int i = 0; i < static_cast<int>(Transport::Other); ++i) {
    const auto transport = static_cast<Transport>(i);
    CHECK(parse_transport(to_text(transport)) == transport);
    CHECK(parse_transport(to_param(transport)) == transport);
  }
  CHECK(parse_transport("") == Transport::Other);
}

TEST_CASE("via: a comment of old ends the value" * doctest::description("RFC 2543 6.43; G1")) {
  const auto via =
      parse_via("SIP/2.0/UDP first.example.com:4000;ttl=16;maddr=224.2.0.1 (Acme server)");
  REQUIRE(via);
  CHECK(via->maddr == "224.2.0.1");
  CHECK(via->params == ";ttl=16;maddr=224.2.0.1");
  CHECK(parse_via("SIP/2.0/UDP h (x)")->params.empty());
}

TEST_CASE("via: the first of two parameters counts" *
          doctest::description("one reading for all layers")) {
  CHECK(parse_via("SIP/2.0/UDP h;branch=a;branch=b")->branch == "a");
  CHECK(parse_via("SIP/2.0/UDP h;rport=1;rport=2")->rport == 1);
}

TEST_CASE("via: faults" * doctest::description("RFC 3261 25.1 Via; R4.5")) {
  CHECK(fault_of("") == ParseFault::BadVia);
  CHECK(fault_of("SIP/2.0/UDP") == ParseFault::BadVia);
  CHECK(fault_of("SIP/2.0/UDP ") == ParseFault::BadHost);
  CHECK(fault_of("SIP/2.0 UDP h") == ParseFault::BadVia);
  CHECK(fault_of("SIP//UDP h") == ParseFault::BadVia);
  CHECK(fault_of("HTTP/2.0/UDP h") == ParseFault::BadVia);
  CHECK(fault_of("SIP/2.0/UDP ;branch=x") == ParseFault::BadHost);
  CHECK(fault_of("SIP/2.0/UDP h:") == ParseFault::BadPort);
  CHECK(fault_of("SIP/2.0/UDP h:0") == ParseFault::BadPort);
  CHECK(fault_of("SIP/2.0/UDP h:99999") == ParseFault::BadPort);
  CHECK(fault_of("SIP/2.0/UDP h x") == ParseFault::BadVia);
  CHECK(fault_of("SIP/2.0/UDP h;branch=a b") == ParseFault::BadParameter);
  CHECK(fault_of("SIP/2.0/UDP h;=") == ParseFault::BadParameter);
  CHECK(fault_of("SIP/2.0/UDP 192.0.2.15;;,;,,") == ParseFault::BadParameter);  // RFC 4475 3.1.2.1
  std::string many = "SIP/2.0/UDP h";
  for (size_t i = 0; i < 64; ++i) many += ";x";
  CHECK(fault_of(many) == ParseFault::NotSip);
  CHECK(fault_of(many + ";y") == ParseFault::TooManyParameters);
}

TEST_CASE("via: another version is read, so that a 505 finds its way" *
          doctest::description("RFC 3261 25.1 protocol-version; RFC 4475 3.1.2.16")) {
  const auto via = parse_via("SIP/7.0/UDP c.example.com;branch=z9hG4bKkdjuw");
  REQUIRE(via);
  CHECK(via->version == "7.0");
  CHECK(via->branch == "z9hG4bKkdjuw");
  CHECK(parse_via("SIP / 2.0 /UDP h")->version == "2.0");
}

TEST_CASE("via: every prefix is read without a step beyond it" *
          doctest::description("guard page")) {
  const std::string whole = "SIP / 2.0/UDP [2001:db8::1] : 5060 ;branch=\"z\\\"\" ;rport=12 (c)";
  for (size_t size = 0; size <= whole.size(); ++size)
    fault_of(std::string_view(whole).substr(0, size));
}

}  // namespace
}  // namespace tipring::sip
