#include "network.h"

#include <algorithm>
#include <map>

namespace tipring::sim {

namespace {

// For one phone: room for many short calls, whose transactions linger for half a minute.
Limits phone_limits() {
  Limits limits = kTinyLimits;
  limits.calls = 64;
  limits.transactions = 512;
  limits.tcp_connections = 8;
  return limits;
}

std::vector<port::IpAddress> server_addresses() {
  return {*port::parse_ip(kServer4), *port::parse_ip(kServer6)};
}

constexpr Millis kPhoneIdle{120'000};  // when a phone closes its connection
constexpr Millis kTimerC{180'000};
// Timer H, I, J, K, L and M, and a proxy's Timer C.
constexpr Millis kAllTimers{240'000};
constexpr Millis kBriefly{40'000};  // a BYE is answered by then, or will not be
constexpr Millis kForgotten = dialog::Calls::kUnsupervisedLimit + Millis(1000);

}  // namespace

Network::Network(uint64_t seed, const app::Config& config)
    : world(seed),
      exchange(world, {kServer4, kServer6}, config),
      referee(world, server_addresses(), findings) {
  INFO(replay(seed));
  const std::string fault = exchange.start();
  REQUIRE_MESSAGE(fault.empty(), fault);
  CHECK_MESSAGE(exchange.plan_fault().empty(), exchange.plan_fault());
}

Phone& Network::add_phone(const std::string& user, const std::string& address,
                          sip::Transport protocol) {
  return add_phone_on(world.make_host(user, {*port::parse_ip(address)}), protocol);
}

Phone& Network::add_phone_behind(port::SimNat& nat, const std::string& user,
                                 const std::string& address, sip::Transport protocol) {
  return add_phone_on(world.make_host_behind(nat, user, {*port::parse_ip(address)}), protocol);
}

Phone& Network::add_other_phone(const std::string& user, const std::string& address,
                                sip::Transport protocol) {
  return start_phone(world.make_host(user, {*port::parse_ip(address)}), protocol);
}

Phone& Network::add_phone_on(port::SimHost& host, sip::Transport protocol) {
  REQUIRE(exchange.add_user(host.name(), "secret of " + host.name()));
  return start_phone(host, protocol);
}

Phone& Network::start_phone(port::SimHost& host, sip::Transport protocol) {
  const std::string& user = host.name();
  const bool is_ipv4 = host.addresses().front().family == port::Family::V4;
  const char* const server = is_ipv4 ? kServer4 : kServer6;
  Phone& phone = phones.emplace_back(host, user, server, protocol, phone_limits(), findings);
  REQUIRE(phone.start(kPhoneIdle));
  exchange.remember_pools();
  return phone;
}

const Call& Network::one_call(Phone& caller, const Phone& callee, const CallPlan& plan) {
  const size_t index = caller.call(callee.user(), plan);
  REQUIRE(settle());
  return caller.calls()[index];
}

void Network::register_all(uint32_t expires_s) {
  for (Phone& phone : phones) phone.send_register(expires_s);
  REQUIRE(settle());
  for (Phone& phone : phones) {
    while (!phone.is_bound()) {  // the network may have lost every try
      phone.send_register(expires_s);
      REQUIRE(settle());
    }
  }
  check_findings();
}

bool Network::idle() const {
  return std::all_of(phones.begin(), phones.end(), [](const Phone& phone) { return phone.idle(); });
}

bool Network::settle(Millis limit) {
  return world.run_until([this] { return idle(); }, limit);
}

void Network::check_findings() {
  CHECK_MESSAGE(findings.none(), findings.text() << "\n" << replay(world.seed()));
}

void Network::check_calls() {
  for (const Phone& phone : phones) {
    for (const Call& call : phone.calls()) {
      if (call.abandoned) continue;
      if (!call.over || call.outcome == 0) findings.add(now(), call.id + " never ended");
      if (!call.caller) continue;
      const Call* callee = nullptr;
      for (const Phone& other : phones) {
        if (&other != &phone && callee == nullptr) callee = other.find_call(call.id);
      }
      if (callee != nullptr && callee->abandoned) continue;
      check_call(call, callee);
    }
  }
  check_findings();
}

// What one side knows, the other knows too, as far as an answer that got lost can tell: RFC 3261
// 13.2.2.4, 13.3.1.4, 15 and 16.7.
void Network::check_call(const Call& caller, const Call* callee) {
  const auto fault = [&](const std::string& text) {
    findings.add(now(), caller.id + ": " + text + "; the caller has " +
                            std::to_string(caller.outcome) + ", the callee " +
                            std::to_string(callee == nullptr ? 0 : callee->outcome));
  };
  const uint16_t answer = callee == nullptr ? 0 : callee->outcome;
  if (caller.outcome == 200 && answer != 200) fault("answered by nobody");
  if (answer == 200 && callee->acked && caller.outcome != 200) fault("an ACK from nowhere");
  const bool told = answer == 200 && (callee->bye_received || callee->refresh_status == 481);
  if (answer == 200 && !callee->bye_sent && !told) fault("no BYE reached it");
  if (caller.outcome == 486 && answer != 486) fault("busy, but nobody said so");
  if (caller.outcome == 404 && callee != nullptr) fault("found nobody and rang somebody");
  // The proxy's own 487 is for a callee who has not answered anything yet.
  if (caller.outcome == 487 && !caller.cancelled && caller.ended_at - caller.began_at < kTimerC) {
    fault("ended by a CANCEL that nobody sent");
  }
  if (caller.outcome == 487 && answer == 200 && callee->acked) fault("cancelled and answered");
}

void Network::restart_exchange(Millis dark) {
  referee.forget();
  exchange.cut_power(port::SimCrashKeeps::Any);
  world.run_for(dark);
  const std::string fault = exchange.start();
  REQUIRE_MESSAGE(fault.empty(), fault);
  exchange_began_ = now();
}

void Network::check_standing() {
  std::map<std::string, int> followed;
  exchange.server().calls().for_each([&](const dialog::Dialog& dialog) {
    if (dialog.is_standing()) ++followed[std::string(dialog.texts.get(dialog::Text::CallId))];
  });
  std::map<std::string, int> sides;
  std::map<std::string, bool> may_stand;
  for (const Phone& phone : phones) {
    for (const Call& call : phone.calls()) {
      const bool in_it = call.outcome == 200 && !call.over && !call.bye_sent;
      if (in_it && call.began_at > exchange_began_) ++sides[call.id];
      const bool leaves = call.over && now() - call.ended_at < kBriefly;
      if (in_it || call.abandoned || call.bye_sent != call.over || leaves)
        may_stand[call.id] = true;
    }
  }
  for (const auto& [id, count] : sides) {
    if (count == 2 && followed[id] != 1) findings.add(now(), id + ": stands and is not followed");
  }
  for (const auto& [id, count] : followed) {
    if (count > 1) findings.add(now(), id + ": is followed twice");
    if (count == 1 && !may_stand[id]) findings.add(now(), id + ": is followed and has ended");
  }
  check_findings();
}

size_t Network::bindings_of(const Phone& phone) {
  const store::User* const user = exchange.server().store().find_user("", phone.user());
  return user == nullptr ? 0 : user->binding_count();
}

void Network::check_bindings() {
  for (const Phone& phone : phones) {
    const RegistrationView& told = phone.registration();
    const size_t found = bindings_of(phone);
    if (found > 1) findings.add(now(), phone.user() + ": it has more than one binding");
    if (phone.is_bound() && !told.may_be_gone && found == 0) {
      findings.add(now(), phone.user() + ": its binding is lost");
    }
    if (!told.bound && !told.may_be_there && found != 0) {
      findings.add(now(), phone.user() + ": its removed binding is back");
    }
  }
  check_findings();
}

void Network::check_empty() {
  world.default_link().loss_per_mille = 0;
  // One after the other: together they may be more than the server takes.
  for (Phone& phone : phones) {
    const RegistrationView& view = phone.registration();
    // The first try may find a connection that died with an earlier life of the server.
    for (int i = 0; i < 2 && (view.bound || view.may_be_there); ++i) {
      phone.send_register(0);
      REQUIRE(settle());
    }
    CHECK_FALSE(view.bound);
  }
  world.run_for(kAllTimers);
  // A BYE may have reached nobody: those calls are forgotten in time.
  if (exchange.pool("calls").in_use != 0) world.run_for(kForgotten);
  for (const Phone& phone : phones) CHECK_MESSAGE(phone.leftovers().empty(), phone.leftovers());
  CHECK_MESSAGE(exchange.leftovers().empty(), exchange.leftovers() << "\n" << replay(world.seed()));
  check_findings();
}

}  // namespace tipring::sim
