#include "crowd.h"

#include <algorithm>

namespace tipring::sim {

namespace {

// A call that is to be given up has rung for a while by then, whatever got lost.
constexpr Millis kPatience{6'000};
constexpr uint16_t kAnsweredOrCancelled = 0;
constexpr Millis kSetupMax{40'000};  // a call has got through by then, or never will

std::string address_of(size_t i) {
  const std::string number = std::to_string(i + 10);
  return i % 3 == 2 ? "2001:db8::" + number : "10.0.0." + number;
}

}  // namespace

app::Config crowd_config() {
  app::Config config = test_config();
  config.capacity.calls = 512;
  config.capacity.transactions = 8192;
  config.capacity.tcp_connections = 128;
  config.registrar.min_expires_s = 60;
  return config;
}

CrowdCounts& CrowdCounts::operator+=(const CrowdCounts& other) {
  registrations += other.registrations;
  removals += other.removals;
  calls += other.calls;
  as_wanted += other.as_wanted;
  answered += other.answered;
  busy += other.busy;
  cancelled += other.cancelled;
  not_found += other.not_found;
  return *this;
}

std::string CrowdCounts::text() const {
  return std::to_string(registrations) + " registrations, " + std::to_string(removals) +
         " of them removals; " + std::to_string(calls) + " calls, " + std::to_string(as_wanted) +
         " as wanted: " + std::to_string(answered) + " answered, " + std::to_string(busy) +
         " busy, " + std::to_string(cancelled) + " cancelled, " + std::to_string(not_found) +
         " to nobody";
}

Crowd::Crowd(Network& network, const CrowdOptions& options)
    : network_(network), talk_max_(options.talk_max) {
  port::SimNat& nat = network_.world.make_nat(*port::parse_ip("203.0.113.9"));
  for (size_t i = 0; i < options.phones; ++i) {
    const std::string user = "phone" + std::to_string(i);
    const sip::Transport transport = i % 4 == 1 ? sip::Transport::Tcp : sip::Transport::Udp;
    if (i % 5 == 4) {
      network_.add_phone_behind(nat, user, "192.168.1." + std::to_string(i + 10), transport);
    } else {
      network_.add_phone(user, address_of(i), transport);
    }
  }
  port::SimLink& link = network_.world.default_link();
  link.loss_per_mille = options.loss_per_mille;
  link.duplicate_per_mille = options.duplicate_per_mille;
  link.delay_max = options.delay_max;
  network_.register_all();
}

Phone& Crowd::any_phone() {
  return network_.phones[network_.world.random().below(network_.phones.size())];
}

void Crowd::run(size_t registrations, size_t calls) {
  for (CrowdCounts now = counts(); now.registrations < registrations || now.calls < calls;
       now = counts()) {
    for (int i = 0; i < 200; ++i) {
      act();
      network_.world.run_for(Millis(20));
    }
    network_.check_findings();
    if (!network_.findings.none()) return;
  }
  REQUIRE(network_.settle());
}

void Crowd::act() {
  if (network_.world.random().chance(500)) {
    register_one();
  } else {
    call_one();
  }
}

// Most refresh; some leave, and come back the next time.
void Crowd::register_one() {
  Phone& phone = any_phone();
  if (phone.is_silent() || phone.registration().pending || is_being_called(phone)) return;
  port::SimRandom& random = network_.world.random();
  const bool leaves = phone.is_bound() && random.chance(200);
  phone.send_register(leaves ? 0 : static_cast<uint32_t>(60 + random.below(3000)));
}

void Crowd::call_one() {
  port::SimRandom& random = network_.world.random();
  Phone& caller = any_phone();
  Phone& callee = any_phone();
  if (&caller == &callee || caller.is_silent()) return;
  // A callee whose registration is under way may be there or not.
  const RegistrationView& there = callee.registration();
  const bool bound = callee.is_bound() && callee.bound_until() - network_.now() > kSetupMax;
  if (there.may_be_gone || there.may_be_there || there.bound != bound) return;
  CallPlan plan;
  plan.ring_time = Millis(static_cast<int64_t>(random.below(3000)));
  plan.talk_time =
      Millis(static_cast<int64_t>(random.below(static_cast<uint64_t>(talk_max_.count()))));
  plan.callee_ends = random.chance(500);
  plan.both_end = random.chance(100);
  uint16_t wanted = bound ? 200 : 404;
  if (bound && random.chance(100)) {
    plan.manner = Manner::Busy;
    wanted = 486;
  } else if (bound && random.chance(100)) {
    plan.manner = Manner::LetRing;
    plan.cancel_after = kPatience;
    wanted = 487;
  } else if (bound && random.chance(100)) {
    // The answer and the CANCEL meet somewhere on the way.
    plan.cancel_after = plan.ring_time + Millis(static_cast<int64_t>(random.below(120)));
    wanted = kAnsweredOrCancelled;
  }
  planned_.push_back({&caller, &callee, caller.call(callee.user(), plan), wanted});
}

// Whether a call to it has not got through yet: its registration shall not change meanwhile.
bool Crowd::is_being_called(const Phone& phone) const {
  const size_t recent = std::min<size_t>(planned_.size(), 2000);
  return std::any_of(planned_.end() - static_cast<std::ptrdiff_t>(recent), planned_.end(),
                     [&](const Planned& planned) {
                       const Call& call = planned.caller->calls()[planned.index];
                       return planned.callee == &phone && call.outcome == 0 && !call.ringing;
                     });
}

bool Crowd::as_wanted(const Planned& planned, const Call& call) {
  const bool either = planned.wanted == kAnsweredOrCancelled &&
                      (call.outcome == 200 || call.outcome == 487 || call.outcome == 407);
  if (call.outcome != planned.wanted && !either) return false;
  return call.outcome != 200 || call.bye_received || call.bye_status == 200;
}

CrowdCounts Crowd::counts() const {
  CrowdCounts counts;
  for (const Phone& phone : network_.phones) {
    counts.registrations += phone.registration().done;
    counts.removals += phone.registration().removed;
  }
  for (const Planned& planned : planned_) {
    const Call& call = planned.caller->calls()[planned.index];
    ++counts.calls;
    if (as_wanted(planned, call)) ++counts.as_wanted;
    if (call.outcome == 200) ++counts.answered;
    if (call.outcome == 486) ++counts.busy;
    if (call.outcome == 487) ++counts.cancelled;
    if (call.outcome == 404) ++counts.not_found;
  }
  return counts;
}

}  // namespace tipring::sim
