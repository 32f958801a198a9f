#include "app/store_location.h"

#include <doctest/doctest.h>

#include "sim/node.h"

using namespace tipring;
using namespace tipring::app;

namespace {

// Names over a transport that listens on 10.0.0.1, port 5070.
class Bench final : public sim::Node {
 public:
  explicit Bench(port::SimWorld& world)
      : Node(world, "exchange", "10.0.0.1", kTinyLimits),
        store_({arena, host.loop(), wheel, host.clock(), host.workers(), host.files(), log, {1, 2}},
               kTinyLimits, {"/data/tipring.db", "tipring", Millis(10)}),
        location(transport, store_, emergency,
                 own_domains({"one.example", "two.example", "10.0.0.1", "2001:db8::1"}), 404) {
    const transport::ListenPoint points[] = {
        {sip::Transport::Udp, {*port::parse_ip("10.0.0.1"), 5070}}};
    transport::TransportOptions options;
    options.listen = points;
    transport::ListenPoint failed;
    REQUIRE(transport.start(options, transactions, failed) == 0);
  }

 private:
  store::Store store_;

 public:
  policy::Emergency emergency;
  StoreLocation location;
};

}  // namespace

TEST_CASE("location: a domain is ours without a port, by ours and by the default ones" *
          doctest::description("RFC 3261 16.4, 16.5; C22")) {
  port::SimWorld world(1);
  Bench bench(world);
  for (const uint16_t port : std::initializer_list<uint16_t>{0, 5060, 5061, 5070}) {
    CAPTURE(port);
    CHECK(bench.location.domain_of("one.example", port) == std::string_view());
    CHECK(bench.location.domain_of("TWO.example", port) == std::string_view("two.example"));
    CHECK(bench.location.is_own("one.example", port));
  }
  // Somebody else's server, or a phone, on a host of the same name.
  CHECK_FALSE(bench.location.domain_of("one.example", 5090).has_value());
  CHECK_FALSE(bench.location.is_own("two.example", 5090));
  CHECK_FALSE(bench.location.is_own("three.example", 0));
}

TEST_CASE("location: hosts that are asked for in turn are not taken for each other") {
  LastAddress last;
  CHECK_FALSE(last.read("").has_value());
  CHECK(last.read("10.0.0.1") == port::parse_ip("10.0.0.1"));
  CHECK(last.read("10.0.0.12") == port::parse_ip("10.0.0.12"));
  CHECK(last.read("10.0.0.1") == port::parse_ip("10.0.0.1"));
  CHECK_FALSE(last.read("10.0.0.").has_value());
  CHECK_FALSE(last.read(std::string(200, '1')).has_value());
  CHECK_FALSE(last.read("").has_value());
  CHECK(last.read("[2001:db8::1]") == port::parse_ip("2001:db8::1"));
  CHECK_FALSE(last.read("one.example").has_value());
}

TEST_CASE("location: an address of ours is ours by the ports that we listen on" *
          doctest::description("RFC 3261 16.4; C22")) {
  port::SimWorld world(1);
  Bench bench(world);
  CHECK(bench.location.is_own("10.0.0.1", 5070));
  CHECK_FALSE(bench.location.is_own("10.0.0.1", 5060));
  CHECK_FALSE(bench.location.domain_of("10.0.0.1", 5090).has_value());
  // From and To name it without a port.
  CHECK(bench.location.domain_of("10.0.0.1", 0).has_value());
}

TEST_CASE("location: a domain that is an address is ours in every spelling" *
          doctest::description("RFC 3261 19.1.4; RFC 5118 4.10")) {
  port::SimWorld world(1);
  Bench bench(world);
  CHECK(bench.location.is_own("2001:db8::1", 0));
  CHECK(bench.location.domain_of("2001:DB8:0::0.0.0.1", 0) == std::string_view("2001:db8::1"));
  CHECK(bench.location.is_own("2001:db8::1", 5070));
  CHECK_FALSE(bench.location.is_own("2001:db8::1", 5090));
  CHECK_FALSE(bench.location.is_own("2001:db8::2", 0));
}
