#include "server/proxy/routes.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "support/service_bench.h"

using namespace tipring;
using proxy::RouteInfo;

namespace {

// Reads requests that came to 10.0.0.1:5060.
struct Bench {
  explicit Bench(port::SimWorld& world) : services(world) { REQUIRE(services.start()); }

  RouteInfo read(const std::string& uri, const std::string& lines = "",
                 sip::Transport transport = sip::Transport::Udp) {
    const sip::MessageView& request = services.parse_request("INVITE", uri, lines);
    const auto flow = services.transport.flow_to(transport, {*port::parse_ip("10.0.0.2"), 5060});
    REQUIRE(flow);
    return proxy::read_routes(services.environment, request, *flow, room);
  }
  std::string uri(const std::string& uri, sip::Transport transport = sip::Transport::Udp) {
    return std::string(read(uri, "", transport).request_uri.text);
  }

  sim::ServiceBench services;
  proxy::UriRoom room;
};

}  // namespace

TEST_CASE("routes: a maddr that is ours is taken out where the request came as it says" *
          doctest::description("RFC 3261 16.4")) {
  port::SimWorld world(1);
  Bench bench(world);
  CHECK(bench.uri("sip:x@other;maddr=10.0.0.1") == "sip:x@other");
  CHECK(bench.uri("sip:x@other:5060;maddr=tipring") == "sip:x@other");
  CHECK(bench.uri("sip:x@other;transport=udp;maddr=10.0.0.1;ttl=1;user=phone") ==
        "sip:x@other;user=phone");
  CHECK(bench.uri("sip:x:y@other;MADDR=10.0.0.1;a=b?Subject=z") == "sip:x:y@other;a=b?Subject=z");
  // A long request takes TCP, whatever the URI says by default.
  CHECK(bench.uri("sip:x@other;maddr=10.0.0.1", sip::Transport::Tcp) == "sip:x@other");
}

TEST_CASE("routes: a maddr stays where it is not ours, or the request came otherwise" *
          doctest::description("RFC 3261 16.4, 16.5")) {
  port::SimWorld world(1);
  Bench bench(world);
  for (const std::string uri :
       {"sip:x@tipring;maddr=10.0.0.9", "sip:x@other:5070;maddr=10.0.0.1",
        "sip:x@other;maddr=10.0.0.1;transport=tcp", "sip:x@other;maddr=10.0.0.1;transport=sctp"}) {
    CAPTURE(uri);
    CHECK(bench.uri(uri) == uri);
  }
}

TEST_CASE("routes: what does not fit when it is rewritten is told, not cut" *
          doctest::description("RFC 3261 21.4.12")) {
  port::SimWorld world(1);
  Bench bench(world);
  const std::string user(2000, 'x');
  CHECK(bench.read("sip:" + user + "@other;maddr=10.0.0.1").uri_too_long);
  CHECK_FALSE(bench.read("sip:" + user + "@other").uri_too_long);
}

TEST_CASE("routes: a telephone number stands for a user of the caller's domain or of ours" *
          doctest::description("RFC 3261 19.1.6; RFC 3966")) {
  port::SimWorld world(1);
  Bench bench(world);
  CHECK(bench.uri("tel:+49-30-123") == "sip:+49-30-123@10.0.0.1:5060;user=phone");
  CHECK(bench.uri("TEL:7#42;phone-context=tipring;x=[]") ==
        "sip:7#42;phone-context=tipring;x=%5B%5D@10.0.0.1:5060;user=phone");
  CHECK(bench.uri("tel:x") == "tel:x");
  // Where a Route leads on, the number is somebody else's.
  const RouteInfo routed = bench.read("tel:+4930123", "Route: <sip:gateway;lr>\r\n");
  CHECK(routed.request_uri.text == "tel:+4930123");
  CHECK(bench.read("tel:+4930123", "Route: <sip:tipring;lr>\r\n").request_uri.text ==
        "sip:+4930123@10.0.0.1:5060;user=phone");
}

TEST_CASE("routes: a Route is ours by any of our names, by its maddr, with and without lr" *
          doctest::description("RFC 3261 16.4")) {
  port::SimWorld world(1);
  Bench bench(world);
  const auto own = [&](const std::string& routes) {
    return bench.read("sip:x@other", "Route: " + routes + "\r\n").own_routes;
  };
  CHECK(own("<sip:tipring>") == 1);
  CHECK(own("<sip:10.0.0.1;lr>, <sip:tipring:5060;lr>, \"x\" <sip:proxy@tipring;lr=on>") == 3);
  CHECK(own("<sip:other;maddr=10.0.0.1;lr>") == 1);
  CHECK(own("<sip:tipring;maddr=10.0.0.9;lr>") == 0);
  CHECK(own("<sip:tipring:5070;lr>") == 0);
  CHECK(own("<sip:other;lr>, <sip:tipring;lr>") == 0);
}

TEST_CASE("routes: behind a strict router the last Route is the Request-URI" *
          doctest::description("RFC 3261 16.4; 16.12.1.2")) {
  port::SimWorld world(1);
  Bench bench(world);
  const RouteInfo one = bench.read("sip:10.0.0.1;lr;tc=1", "Route: <sip:bob@phone>\r\n");
  CHECK(one.strict);
  CHECK(one.request_uri.text == "sip:bob@phone");
  CHECK(one.next_route.text.empty());
  const RouteInfo two =
      bench.read("sip:10.0.0.1;lr;tc=1", "Route: <sip:bob@phone>, <sip:bob@phone>\r\n");
  CHECK(two.next_route.text == "sip:bob@phone");
  CHECK(two.request_uri.text == "sip:bob@phone");
  // Only we write the cookie: anybody else's Request-URI means us.
  CHECK_FALSE(bench.read("sip:10.0.0.1;lr", "Route: <sip:bob@phone>\r\n").strict);
}

TEST_CASE("routes: many cookies beside a long Call-ID cost little more than one" *
          doctest::description("RFC 3261 16.4; R5.5")) {
  port::SimWorld world(1);
  Bench bench(world);
  const std::string call_id = "Call-ID: " + std::string(30'000, 'c') + "\r\n";
  const auto cost = [&](size_t cookies) {
    std::string lines = call_id + "To: <sip:b@h>;tag=2\r\nRoute: <sip:tipring;lr;tc=1;ft=00>";
    for (size_t i = 1; i < 900; ++i)
      lines += i < cookies ? ",<sip:tipring;lr;tc=1>" : ",<sip:tipring;lr;no=1>";
    lines += "\r\n";
    auto best = std::chrono::nanoseconds::max();
    for (int i = 0; i < 10; ++i) {
      const auto began = std::chrono::steady_clock::now();
      CHECK(bench.read("sip:x@other", lines).own_routes == 900);
      best = std::min<std::chrono::nanoseconds>(best, std::chrono::steady_clock::now() - began);
    }
    return best;
  };
  const auto few = cost(1);
  CHECK(cost(900) < 4 * few);
}
