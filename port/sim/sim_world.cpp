#include "port/sim/sim_world.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "port/sim/sim_host.h"
#include "port/sim/sim_nat.h"

namespace tipring::port {
namespace {

// A turn that makes another turn at the same instant, forever, would stop time. On a real machine
// that is a loop at full load; here it is a fault to be found.
constexpr uint64_t kStepsPerInstantMax = 2'000'000;

}  // namespace

SimWorld::SimWorld(uint64_t seed) : seed_(seed), random_(seed) {
  loopback_link_.delay_min = loopback_link_.delay_max = Millis(0);
}

SimWorld::~SimWorld() { events_.clear(); }

SimHost& SimWorld::make_host(std::string_view name, std::vector<IpAddress> addresses) {
  const size_t number = hosts_.size();
  for (const IpAddress& ip : addresses) hosts_by_ip_[ip] = nullptr;
  const std::vector<IpAddress> own = addresses;
  hosts_.push_back(
      std::make_unique<SimHost>(*this, number, std::string(name), std::move(addresses)));
  for (const IpAddress& ip : own) hosts_by_ip_[ip] = hosts_.back().get();
  return *hosts_.back();
}

SimHost& SimWorld::make_host_behind(SimNat& nat, std::string_view name,
                                    std::vector<IpAddress> addresses) {
  SimHost& host = make_host(name, std::move(addresses));
  host.network().set_nat(&nat);
  return host;
}

SimNat& SimWorld::make_nat(const IpAddress& outside) {
  std::unique_ptr<SimNat>& nat = nats_[outside];
  nat = std::make_unique<SimNat>(outside);
  return *nat;
}

SimNat* SimWorld::nat_of(const IpAddress& outside) const {
  const auto found = nats_.find(outside);
  return found == nats_.end() ? nullptr : found->second.get();
}

SimEventId SimWorld::insert(Millis when, Event event) {
  const SimEventId id{std::max(when, now_), next_sequence_++};
  events_.emplace(id, std::move(event));
  return id;
}

SimEventId SimWorld::at(Millis when, std::function<void()> action) {
  return insert(when, {std::move(action), nullptr, 0, false});
}

SimEventId SimWorld::at_host(Millis when, SimHost& host, bool is_turn,
                             std::function<void()> action) {
  return insert(when, {std::move(action), &host, host.epoch(), is_turn});
}

bool SimWorld::step() {
  if (events_.empty()) return false;
  const auto first = events_.begin();
  if (first->first.first != now_) steps_at_this_instant_ = 0;
  now_ = first->first.first;
  guard_progress();
  if (first->second.is_turn) {
    run_turn(*first->second.host);
    return true;
  }
  const Event event = std::move(first->second);
  events_.erase(first);
  if (event.host == nullptr || event.host->epoch() == event.epoch) event.action();
  return true;
}

// All events that stand in front for this host now, but none that they bring about: those are for
// its next turn.
void SimWorld::run_turn(SimHost& host) {
  const uint64_t end = next_sequence_;
  const uint64_t epoch = host.epoch();
  bool ran = false;
  while (!events_.empty()) {
    const auto first = events_.begin();
    const bool belongs = first->first.first == now_ && first->first.second < end &&
                         first->second.host == &host && first->second.is_turn;
    if (!belongs) break;
    const Event event = std::move(first->second);
    events_.erase(first);
    if (host.epoch() != event.epoch) continue;
    event.action();
    ran = true;
  }
  if (ran && host.epoch() == epoch) host.loop().end_turn();
}

void SimWorld::guard_progress() {
  if (++steps_at_this_instant_ < kStepsPerInstantMax) return;
  std::fprintf(stderr, "sim: time stands still at %lld ms, seed %llu\n",
               static_cast<long long>(now_.count()), static_cast<unsigned long long>(seed_));
  std::abort();
}

void SimWorld::run_until(Millis when) {
  while (!events_.empty() && events_.begin()->first.first <= when) step();
  if (when > now_) {
    now_ = when;
    steps_at_this_instant_ = 0;
  }
}

bool SimWorld::run_until(const std::function<bool()>& condition, Millis limit) {
  const Millis end = now_ + limit;
  while (!condition()) {
    if (events_.empty() || events_.begin()->first.first > end) {
      run_until(end);
      return condition();
    }
    step();
  }
  return true;
}

SimLink& SimWorld::link(const SimHost& from, const SimHost& to) {
  const SimLink& initial = &from == &to ? loopback_link_ : default_link_;
  return links_.try_emplace({from.number(), to.number()}, initial).first->second;
}

const SimLink& SimWorld::conditions(const SimHost& from, const SimHost& to) const {
  const auto found = links_.find({from.number(), to.number()});
  if (found != links_.end()) return found->second;
  return &from == &to ? loopback_link_ : default_link_;
}

void SimWorld::partition(const SimHost& a, const SimHost& b, bool cut) {
  link(a, b).cut = cut;
  link(b, a).cut = cut;
}

SimHost* SimWorld::host_of(const IpAddress& ip) const {
  const auto found = hosts_by_ip_.find(ip);
  return found == hosts_by_ip_.end() ? nullptr : found->second;
}

}  // namespace tipring::port
