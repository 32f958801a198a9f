#include "service/via_management.h"

#include <doctest/doctest.h>

#include <vector>

#include "support/service_bench.h"

using namespace tipring;

namespace {

struct World {
  port::SimWorld world{1};
};

struct Bench : private World, public sim::ServiceBench {
  Bench() : ServiceBench(world) { REQUIRE(start()); }

  // Whether `second` is a loop when `first` was forwarded and comes back as it.
  bool is_loop(const std::vector<std::string>& first, const std::vector<std::string>& second) {
    const auto flow = transport.flow_to(sip::Transport::Udp, {*port::parse_ip("10.0.0.2"), 5060});
    REQUIRE(flow.has_value());
    service::ViaManagement::Text text;
    const std::string via(service::ViaManagement::write_stateless(
        environment, *flow, parse_request(first[0], first[1], first[2]), text));
    return service::is_loop(
        environment, parse_request(second[0], second[1], "Via: " + via + "\r\n" + second[2]));
  }
};

const std::vector<std::string> kPlain = {"INVITE", "sip:bob@tipring", ""};
const std::string kOurs =
    "Proxy-Authorization: Digest username=\"a\", realm=\"tipring\", nonce=\"1\", uri=\"sip:x\", "
    "response=\"00000000000000000000000000000000\"\r\n";
const std::string kTheirs =
    "Proxy-Authorization: Digest username=\"a\", realm=\"next\", nonce=\"1\", uri=\"sip:x\", "
    "response=\"00000000000000000000000000000000\"\r\n";

}  // namespace

TEST_CASE("via: what comes back as it went out is a loop" *
          doctest::description("RFC 5393 4.2.2, RFC 3261 16.3 step 4")) {
  Bench bench;
  CHECK(bench.is_loop(kPlain, kPlain));
}

TEST_CASE("via: another Request-URI, Route or foreign credentials make it a spiral" *
          doctest::description("RFC 5393 4.2.1, RFC 3261 16.6 step 8")) {
  Bench bench;
  CHECK_FALSE(bench.is_loop(kPlain, {"INVITE", "sip:carol@tipring", ""}));
  CHECK_FALSE(bench.is_loop(kPlain, {"INVITE", "sip:bob@tipring", "Route: <sip:next;lr>\r\n"}));
  CHECK_FALSE(bench.is_loop(kPlain, {"INVITE", "sip:bob@tipring", kTheirs}));
}

TEST_CASE("via: credentials for our realm do not come back, and make no spiral of a loop" *
          doctest::description("RFC 5393 4.2.1, RFC 3261 22.3")) {
  Bench bench;
  CHECK(bench.is_loop({"INVITE", "sip:bob@tipring", kOurs}, kPlain));
  CHECK(bench.is_loop({"INVITE", "sip:bob@tipring", kOurs + kTheirs},
                      {"INVITE", "sip:bob@tipring", kTheirs}));
}

TEST_CASE("via: the method is no part of the branch" *
          doctest::description("RFC 3261 16.6 step 8")) {
  Bench bench;
  CHECK(bench.is_loop(kPlain, {"OPTIONS", "sip:bob@tipring", ""}));
}
