// Two phones in a call whose session is watched.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "byes.h"
#include "network.h"

namespace tipring::sim {

inline constexpr Millis kHour{3'600'000};
inline constexpr Millis kSecond{1000};
inline constexpr uint32_t kInterval = 120;
inline constexpr Millis kInviteOver{33'000};  // RFC 6026 7.2: another 2xx may come until then
inline constexpr Millis kTransactionsOver{240'000};

struct Ends {
  sip::Transport alice = sip::Transport::Udp;
  sip::Transport bob = sip::Transport::Udp;
  bool behind_nat = false;
  bool other_bob = false;  // he has one more phone, which only rings
};

inline app::Config config_with(const std::string& mode, const std::string& on_expiry = "bye") {
  app::Config config = test_config();
  config.session_timer.mode = mode;
  config.session_timer.on_expiry = on_expiry;
  config.session_timer.default_s = kInterval;
  return config;
}

// Two phones; alice calls bob, for as long as nobody dies.
struct Pair : Network {
  explicit Pair(uint64_t seed, const app::Config& config = config_with("mandatory"),
                const Ends& ends = Ends())
      : Network(seed, config),
        alice(add(ends, "alice", "192.168.1.2", "10.0.0.2", ends.alice)),
        bob(add(ends, "bob", "192.168.1.3", "10.0.0.3", ends.bob)),
        byes(world, referee) {
    if (ends.other_bob) add_other_phone("bob", "10.0.0.4").habits.lets_ring = true;
    register_all();
  }

  void begin(Millis talk_time = 1000 * kHour) {
    CallPlan plan;
    plan.talk_time = talk_time;
    index = alice.call("bob", plan);
    world.run_for(5 * kSecond);
    REQUIRE(alice.calls()[index].outcome == 200);
  }
  const Call& caller() const { return alice.calls()[index]; }
  const Call& callee() const { return bob.calls().back(); }
  uint32_t standing() const { return exchange.pool("dialogs").in_use; }
  const dialog::Session& session() {
    const dialog::Dialog* found = nullptr;
    exchange.server().calls().for_each([&](const dialog::Dialog& dialog) { found = &dialog; });
    REQUIRE(found != nullptr);
    return found->session;
  }
  // Nothing of it is left once its transactions are over.
  void check_over() {
    CHECK(standing() == 0);
    CHECK(exchange.pool("calls").in_use == 0);
    world.run_for(kTransactionsOver + kHour);  // the bindings end too
    CHECK_MESSAGE(exchange.leftovers().empty(), exchange.leftovers());
    check_findings();
  }

  // Until the instant at which nobody may have refreshed it, and the answers are there.
  void wait_for_expiry() { world.run_for(Millis(kInterval * 1000) + 5 * kSecond); }

  Phone& alice;
  Phone& bob;
  ByeWatch byes;
  size_t index = 0;

 private:
  Phone& add(const Ends& ends, const std::string& user, const std::string& inner,
             const std::string& address, sip::Transport transport) {
    if (!ends.behind_nat) return add_phone(user, address, transport);
    // A router for each.
    const bool first = phones.empty();
    port::SimNat& nat = world.make_nat(*port::parse_ip(first ? "203.0.113.9" : "203.0.113.10"));
    return add_phone_behind(nat, user, inner, transport);
  }
};

}  // namespace tipring::sim
