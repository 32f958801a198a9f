// A server, its phones, and what must hold between them.
#pragma once

#include <deque>
#include <string>

#include "exchange.h"
#include "phone.h"
#include "port/sim/sim_nat.h"
#include "referee.h"

namespace tipring::sim {

inline constexpr const char* kServer4 = "10.0.0.1";
inline constexpr const char* kServer6 = "2001:db8::1";

class Network {
 public:
  explicit Network(uint64_t seed, const app::Config& config = test_config());

  // A phone with an account, not registered. Its address says how it reaches the server. All phones
  // come before the first of them does anything.
  Phone& add_phone(const std::string& user, const std::string& address,
                   sip::Transport protocol = sip::Transport::Udp);
  // One more phone of a user.
  Phone& add_other_phone(const std::string& user, const std::string& address,
                         sip::Transport protocol = sip::Transport::Udp);
  // As add_phone(), behind a router: the address is a private one.
  Phone& add_phone_behind(port::SimNat& nat, const std::string& user, const std::string& address,
                          sip::Transport protocol = sip::Transport::Udp);
  // Waits until every phone has what it asked for, and all are registered.
  void register_all(uint32_t expires_s = 3600);

  // Runs until no phone has anything to do any more.
  bool settle(Millis limit = Millis(400'000));
  bool idle() const;

  // Both sides of each call know of it what the RFC promises, and nothing else has been found.
  void check_calls();
  // The server follows each call that both of its phones are in, and no other but those that a phone
  // has left without a word, or is leaving.
  void check_standing();
  // The power of the server fails for a while; the disk keeps what it had to.
  void restart_exchange(Millis dark);
  // Past all timers: nothing may be left anywhere. Registrations are removed first.
  void check_empty();
  // The bindings in the store are those that phones were told of.
  void check_bindings();
  void check_findings();

  Millis now() const { return world.now(); }

  // One call, to its end.
  const Call& one_call(Phone& caller, const Phone& callee, const CallPlan& plan = {});

  port::SimWorld world;
  Findings findings;
  Exchange exchange;
  Referee referee;
  std::deque<Phone> phones;

 private:
  Phone& add_phone_on(port::SimHost& host, sip::Transport protocol);
  Phone& start_phone(port::SimHost& host, sip::Transport protocol);
  void check_call(const Call& caller, const Call* callee);
  size_t bindings_of(const Phone& phone);

  Millis exchange_began_{0};
};

}  // namespace tipring::sim
