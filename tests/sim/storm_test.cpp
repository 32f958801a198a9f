// More than the pools hold: refused with 503, and over when the storm is over.
#include <doctest/doctest.h>

#include <algorithm>

#include "network.h"

using namespace tipring;
using namespace tipring::sim;

namespace {

// A small exchange with many phones around it.
struct Storm : Network {
  Storm(uint64_t seed, const app::Config& config, size_t count,
        sip::Transport transport = sip::Transport::Udp)
      : Network(seed, config) {
    referee.allow_second_thoughts_after_503();
    for (size_t i = 0; i < count; ++i) {
      add_phone("phone" + std::to_string(i), "10.0.1." + std::to_string(i + 1), transport);
    }
  }

  void register_one_by_one() {
    for (Phone& phone : phones) {
      phone.send_register(3600);
      REQUIRE(settle());
      REQUIRE(phone.is_bound());
    }
  }

  // How many calls ended like that.
  size_t outcomes(uint16_t status) const {
    size_t count = 0;
    for (const Phone& phone : phones) {
      count += static_cast<size_t>(
          std::count_if(phone.calls().begin(), phone.calls().end(),
                        [&](const Call& call) { return call.caller && call.outcome == status; }));
    }
    return count;
  }
};

app::Config tiny(uint32_t transactions) {
  app::Config config = test_config();
  config.capacity = kTinyLimits;
  config.capacity.transactions = transactions;
  return config;
}

}  // namespace

TEST_CASE("storm: more INVITEs than transactions get 503, and then all is well" *
          doctest::description("R5.3, R5.5; RFC 3261 21.5.4; DESIGN: All memory at start")) {
  for (const uint64_t seed : seeds({81, 82})) {
    CAPTURE(seed);
    Storm network(seed, tiny(64), 20);
    network.register_one_by_one();
    CallPlan plan;
    plan.ring_time = Millis(3000);
    for (Phone& caller : network.phones) {
      for (size_t i = 0; i < 10; ++i) {
        Phone& callee = network.phones[(i + 1) % network.phones.size()];
        if (&callee != &caller) caller.call(callee.user(), plan);
      }
    }
    REQUIRE(network.settle());
    const size_t refused = network.outcomes(503);
    MESSAGE(network.outcomes(200), " calls stood, ", refused, " were refused");
    CHECK(refused > 0);
    CHECK(network.outcomes(200) > 0);
    CHECK(network.exchange.server().overload().refused() > 0);
    network.check_calls();
    network.world.run_for(Millis(40'000));
    CHECK(network.one_call(network.phones[0], network.phones[1]).outcome == 200);
    network.check_calls();
    network.check_empty();
  }
}

TEST_CASE("storm: more REGISTERs than can wait for a slow disk get 503 with Retry-After" *
          doctest::description("R5.1, R5.3, R5.5; RFC 3261 21.5.4")) {
  for (const uint64_t seed : seeds({83})) {
    CAPTURE(seed);
    Storm network(seed, tiny(256), 45);
    network.exchange.host.files().faults().sync_latency = Millis(800);
    for (Phone& phone : network.phones) phone.send_register(3600);
    REQUIRE(network.settle());
    size_t refused = 0;
    for (const Phone& phone : network.phones) {
      const RegistrationView& view = phone.registration();
      CHECK((view.last_status == 200 || view.last_status == 503));
      if (view.last_status != 503) continue;
      ++refused;
      CHECK(view.retry_after >= "1");
      CHECK(view.retry_after <= "5");
    }
    MESSAGE(refused, " of ", network.phones.size(), " were refused");
    CHECK(refused > 0);
    CHECK(refused < network.phones.size());
    network.check_bindings();
    network.exchange.host.files().faults() = {};
    network.register_one_by_one();
    network.check_bindings();
    network.check_empty();
  }
}

TEST_CASE("storm: more connections than the exchange holds, and room again when they go" *
          doctest::description("R5.5, R13.4")) {
  app::Config config = tiny(256);
  config.capacity.tcp_connections = 8;
  Storm network(84, config, 20, sip::Transport::Tcp);
  for (Phone& phone : network.phones) phone.send_register(3600);
  REQUIRE(network.settle());
  size_t bound = 0;
  for (const Phone& phone : network.phones) bound += phone.is_bound() ? 1U : 0U;
  MESSAGE(bound, " of ", network.phones.size(), " got a connection");
  CHECK(bound >= 4);
  CHECK(bound < network.phones.size());
  // The phones close their idle connections, and others get a chance.
  network.world.run_for(Millis(200'000));
  CHECK(network.exchange.pool("connections").in_use == 0);
  for (Phone& phone : network.phones) {
    phone.send_register(0);
    REQUIRE(network.settle());
    CHECK(phone.registration().last_status == 200);
    network.world.run_for(Millis(130'000));
  }
  network.check_empty();
}
