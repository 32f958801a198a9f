// Which members of the target set are tried together, and when: RFC 3261 16.6, RFC 3841 9.1 and RFC
// 5393 5.3.3.
#include <algorithm>

#include "server/proxy/proxy.h"
#include "service/hops.h"

namespace tipring::proxy {

namespace {

using service::BranchState;
using service::TransactionStatefulProxy;
using sip::Wish;

constexpr std::string_view kTransactionsKey = "capacity.transactions";

// The caller's wish goes before the configuration (RFC 3841 7.1).
Fork fork_of(const ProxyContext& context, const ProxyOptions& options) {
  switch (context.wishes.parallel) {
    case Wish::Yes: return Fork::Parallel;
    case Wish::No: return Fork::Serial;
    case Wish::None: break;
  }
  return options.fork;
}

}  // namespace

void Proxy::Candidates::add(const Candidate& candidate) {
  if (count == all.size()) return;
  size_t place = count++;
  for (; place > 0 && all[place - 1].q < candidate.q; --place) all[place] = all[place - 1];
  all[place] = candidate;
}

// Starts what may be started now, and ends the request when nothing is left. `targets` where they
// are known already; the context may be gone afterwards.
void Proxy::advance(const Work& work, const TargetSet* targets) {
  TransactionStatefulProxy& proxy = work.context.get<TransactionStatefulProxy>();
  bool again = proxy.may_branch() && (targets != nullptr || work.context.local);
  if (again && targets != nullptr) again = start_group(work, *targets) && work.context.local;
  while (again && proxy.may_branch()) {
    again = start_group(work, TargetSet(environment_, location_, work.routes));
  }
  if (!proxy.any_open()) finish(work.context);
}

// Whether all that were started have failed at once, so that the next group has its turn.
bool Proxy::start_group(const Work& work, const TargetSet& targets) {
  ProxyContext& context = work.context;
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  const Candidates candidates = find_candidates(context, targets);
  uint32_t breadth = proxy.breadth_left(service::max_breadth_of(work.request));
  // Those for whom no breadth is left have their turn when others have failed.
  const size_t count = std::min<size_t>(group_size(context, candidates), breadth);
  if (count == 0) return false;
  if (!proxy.any_open()) {
    context.group_q = candidates.all[0].q;
    context.step_timer.cancel();
  }
  for (size_t i = 0; i < count; ++i) {
    const auto share = static_cast<uint32_t>(breadth / (count - i));
    if (!start_candidate(work, targets, candidates.all[i], share)) return false;
    breadth -= share;
  }
  if (!proxy.any_open()) return true;
  if (candidates.count > count) start_step_timer(context);
  return false;
}

Proxy::Candidates Proxy::find_candidates(ProxyContext& context, const TargetSet& targets) const {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  Candidates candidates;
  for (size_t member = 0; member < targets.size() && !proxy.is_full(); ++member) {
    if (!proxy.has_target(targets.name(member))) {
      candidates.add({member, nullptr, targets.q(member)});
    }
  }
  for (Branch* branch = proxy.branches().front(); branch != nullptr;
       branch = proxy.branches().next(*branch)) {
    if (branch->state == BranchState::Waiting) candidates.add({0, branch, branch->q});
  }
  return candidates;
}

// How many of them may be tried now, were there breadth enough.
size_t Proxy::group_size(ProxyContext& context, const Candidates& candidates) const {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  if (candidates.count == 0) return 0;
  if (context.wishes.fork == Wish::No) return proxy.has_targets() ? 0 : 1;
  const bool others_ring = proxy.any_open();
  switch (fork_of(context, options_)) {
    case Fork::Parallel: return candidates.count;
    case Fork::Serial: return others_ring ? 0 : 1;
    case Fork::ByQ: break;
  }
  const uint16_t q_min = others_ring ? context.group_q : candidates.all[0].q;
  size_t count = 0;
  while (count < candidates.count && candidates.all[count].q >= q_min) ++count;
  return count;
}

// False where there is no place for a branch: nothing further can be started now.
bool Proxy::start_candidate(const Work& work, const TargetSet& targets, const Candidate& candidate,
                            uint32_t breadth) {
  TransactionStatefulProxy& proxy = work.context.get<TransactionStatefulProxy>();
  const bool beside = proxy.any_open();
  Branch* branch = candidate.waiting;
  Plan plan;
  if (branch == nullptr) {
    const uint64_t name = targets.name(candidate.member);
    const uint64_t id = contexts_.handle_of(work.context).to_u64();
    if (proxy.is_full()) return false;
    branch = branches_.acquire(*this, id, name);
    if (branch == nullptr) {
      work.context.lacks = kTransactionsKey;
      return false;
    }
    proxy.add_target(name);
    proxy.branches().push_back(*branch);
    branch->q = candidate.q;
    plan = targets.plan(candidate.member);
  } else if (!find_plan(work, *branch, plan)) {
    release_branch(*branch);  // it has gone
    return true;
  }
  branch->breadth = static_cast<uint8_t>(breadth);
  branch->state = BranchState::Locating;
  if (beside) ++counters_.forked;
  locate(work, *branch, plan);
  return true;
}

// They have so long before those that wait for a lower q, or for their turn, are tried.
void Proxy::start_step_timer(ProxyContext& context) {
  const bool counts = context.get<TransactionStatefulProxy>().is_invite() &&
                      options_.serial_timeout > Millis(0) && context.wishes.fork != Wish::No;
  if (counts && !context.step_timer.armed()) {
    environment_.timers.start(context.step_timer, environment_.now() + options_.serial_timeout);
  }
}

// Cancels who rings; the next group starts when they have said that they have stopped (16.6: "each
// client transaction to complete before starting the next").
void Proxy::on_step_over(ProxyContext& context) {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  const MessageRef kept = proxy.request();
  if (!kept || !proxy.may_branch()) return;
  sip::HeaderIndex room;
  const sip::MessageView request = environment_.transactions.read(kept, room);
  UriRoom uri_room;
  const RouteInfo routes = read_routes(environment_, request, proxy.received_over(), uri_room);
  const TargetSet targets(environment_, location_, routes);
  if (find_candidates(context, targets).count == 0) return;  // who waited has gone
  environment_.note(request.header(sip::HeaderId::CallId).value_or(""),
                    transport::Decision::NextPhones, {options_.serial_timeout.count() / 1000});
  for (Branch* branch = proxy.branches().front(); branch != nullptr;
       branch = proxy.branches().next(*branch)) {
    branch->stepped_over = true;
    proxy.cancel(*branch);
  }
}

}  // namespace tipring::proxy
