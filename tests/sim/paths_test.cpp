// Calls across address families, transports and routers that translate addresses.
#include <doctest/doctest.h>

#include "network.h"

using namespace tipring;
using namespace tipring::sim;

namespace {

struct End {
  const char* address;
  sip::Transport transport;
};

constexpr End kEnds[] = {
    {"10.0.0.2", sip::Transport::Udp},
    {"10.0.0.3", sip::Transport::Tcp},
    {"2001:db8::2", sip::Transport::Udp},
    {"2001:db8::3", sip::Transport::Tcp},
};

CallPlan ended_by(bool callee) {
  CallPlan plan;
  plan.callee_ends = callee;
  return plan;
}

}  // namespace

TEST_CASE("paths: IPv4 and IPv6, UDP and TCP, each calls each and either hangs up" *
          doctest::description("RFC 3261 16.6, 16.12; RFC 5658; R2.2, R3.2, R7.1-R7.3")) {
  for (const uint64_t seed : seeds({61})) {
    CAPTURE(seed);
    Network network(seed);
    for (size_t i = 0; i < std::size(kEnds); ++i) {
      network.add_phone("caller" + std::to_string(i), kEnds[i].address, kEnds[i].transport);
      network.add_phone("callee" + std::to_string(i), std::string(kEnds[i].address) + "0",
                        kEnds[i].transport);
    }
    network.register_all();
    for (size_t from = 0; from < std::size(kEnds); ++from) {
      for (size_t to = 0; to < std::size(kEnds); ++to) {
        for (const bool callee_ends : {false, true}) {
          CAPTURE(from);
          CAPTURE(to);
          CAPTURE(callee_ends);
          Phone& caller = network.phones[2 * from];
          Phone& callee = network.phones[2 * to + 1];
          const Call& call = network.one_call(caller, callee, ended_by(callee_ends));
          CHECK(call.outcome == 200);
          const Call& by = callee_ends ? callee.calls().back() : call;
          CHECK(by.bye_status == 200);
          // Twice in the route where the two sides find the exchange at different places.
          const auto routes = std::count(call.routes.begin(), call.routes.end(), '\n');
          if (from != to) CHECK(routes == 2);
        }
      }
    }
    network.check_calls();
    network.check_empty();
  }
}

TEST_CASE("paths: a phone behind NAT registers, calls and is called" *
          doctest::description("RFC 3581 4; R1.2, R2.2, R3.2, R7.2, R13.2")) {
  for (const sip::Transport transport : {sip::Transport::Udp, sip::Transport::Tcp}) {
    CAPTURE(sip::to_text(transport));
    Network network(62);
    port::SimNat& nat = network.world.make_nat(*port::parse_ip("203.0.113.9"));
    Phone& inner = network.add_phone_behind(nat, "inner", "192.168.1.2", transport);
    Phone& outer = network.add_phone("outer", "10.0.0.2");
    network.register_all();
    for (const bool callee_ends : {false, true}) {
      CAPTURE(callee_ends);
      const Call& out = network.one_call(inner, outer, ended_by(callee_ends));
      CHECK(out.outcome == 200);
      CHECK((callee_ends ? outer.calls().back() : out).bye_status == 200);
      const Call& in = network.one_call(outer, inner, ended_by(callee_ends));
      CHECK(in.outcome == 200);
      CHECK((callee_ends ? inner.calls().back() : in).bye_status == 200);
    }
    network.check_calls();
    network.check_empty();
  }
}

TEST_CASE("paths: two phones behind one router, and two behind two, call each other" *
          doctest::description("RFC 3581 4; R2.2, R3.2")) {
  Network network(63);
  port::SimNat& home = network.world.make_nat(*port::parse_ip("203.0.113.9"));
  port::SimNat& office = network.world.make_nat(*port::parse_ip("203.0.113.10"));
  network.add_phone_behind(home, "kitchen", "192.168.1.2");
  network.add_phone_behind(home, "garden", "192.168.1.3", sip::Transport::Tcp);
  network.add_phone_behind(office, "desk", "192.168.2.2");
  network.register_all();
  for (Phone& caller : network.phones) {
    for (Phone& callee : network.phones) {
      if (&caller == &callee) continue;
      for (const bool callee_ends : {false, true}) {
        CAPTURE(caller.user());
        CAPTURE(callee.user());
        CAPTURE(callee_ends);
        const Call& call = network.one_call(caller, callee, ended_by(callee_ends));
        CHECK(call.outcome == 200);
        CHECK((callee_ends ? callee.calls().back() : call).bye_status == 200);
      }
    }
  }
  network.check_calls();
  network.check_empty();
}

TEST_CASE("paths: a phone whose router has forgotten it is reached after its next REGISTER" *
          doctest::description("RFC 3261 10.3; R1.2, R2.2")) {
  Network network(64);
  port::SimNat& nat = network.world.make_nat(*port::parse_ip("203.0.113.9"));
  Phone& inner = network.add_phone_behind(nat, "inner", "192.168.1.2");
  Phone& outer = network.add_phone("outer", "10.0.0.2");
  network.register_all();
  nat.reboot();
  CHECK(network.one_call(outer, inner).outcome == 408);
  inner.send_register(600);
  REQUIRE(network.settle());
  CHECK(network.one_call(outer, inner).outcome == 200);
  network.check_bindings();
  network.check_calls();
  network.check_empty();
}
