// The tries of one branch: RFC 3261 16.6 steps 7 to 11, RFC 3263 4.3.
#include "server/proxy/proxy.h"
#include "sip/status.h"

namespace tipring::proxy {

namespace {

using service::BranchState;
using service::DialogTracking;
using service::OutputControl;
using service::SessionInterval;
using service::TransactionStatefulProxy;
using service::ViaManagement;

constexpr std::string_view kTransactionsKey = "capacity.transactions";
constexpr std::string_view kMessagesKey = "capacity.messages";
constexpr std::string_view kConnectionsKey = "capacity.tcp_connections";

// What leaves in a forwarded request, as the services of its context decide.
class ForwardedLines final : public sip::LineFilter {
 public:
  explicit ForwardedLines(const ProxyContext& context)
      : output_(context.get<OutputControl>()), interval_(context.get<SessionInterval>()) {}
  bool keep(const sip::HeaderView& line) const override {
    return output_.keep(line) && interval_.keeps(line);
  }

 private:
  const OutputControl& output_;
  const SessionInterval& interval_;
};

}  // namespace

// The first try of a branch, now or when its next hop has been looked up.
void Proxy::locate(const Work& work, Branch& branch, const Plan& plan) {
  const uint64_t id = branches_.handle_of(branch).to_u64();
  service::Destination destination = plan.destination;
  destination.asker = service::asker_of(
      environment_, work.context.get<TransactionStatefulProxy>().received_over().remote);
  const auto state = branch.selection.select(environment_, destination, *this, id);
  if (state) {
    if (*state == transport::LocateState::Done) try_branch(work, branch, plan);
    return;
  }
  if (state.error() == Error::PoolExhausted) {
    work.context.lacks = kTransactionsKey;
  } else {
    work.context.get<TransactionStatefulProxy>().note(status_of_failure(state.error()));
  }
  release_branch(branch);
}

// How its target is reached now; false when it is no member of the target set any more.
bool Proxy::find_plan(const Work& work, const Branch& branch, Plan& plan) {
  const auto find = [&](const TargetSet& targets) {
    const size_t member = targets.find(branch.target);
    if (member == targets.size()) return false;
    plan = targets.plan(member);
    return true;
  };
  if (branch.uri.empty()) return find(TargetSet(environment_, location_, work.routes));
  const sip::ParsedUri uri(branch.uri);
  if (!find(TargetSet(environment_, location_, work.routes, uri))) return false;
  if (branch.from_host) plan.destination.keeps_off_host = false;
  return true;
}

// Goes through the addresses that are left, until the request is on its way. Gives the branch up
// when there are none.
void Proxy::try_branch(const Work& work, Branch& branch, const Plan& plan) {
  TransactionStatefulProxy& proxy = work.context.get<TransactionStatefulProxy>();
  branch.state = BranchState::Locating;
  bool lacks = false;
  while (proxy.may_try() && !branch.cancelled) {
    const std::optional<Flow> flow = branch.selection.next(environment_, plan.destination);
    if (!flow) break;
    if (try_address(work, branch, plan, *flow)) return;
    lacks = true;  // another address may do without
  }
  // As if a 503 had come: 16.9.
  if (!lacks) {
    const bool kept_off = branch.selection.kept_off_host();
    proxy.note(kept_off ? sip::status::kForbidden : sip::status::kServiceUnavailable);
    if (kept_off) environment_.log.info("target_on_own_host", kv("uri", plan.request_uri));
  }
  release_branch(branch);
}

// False for want of a place, a buffer or a connection.
bool Proxy::try_address(const Work& work, Branch& branch, const Plan& plan, Flow flow) {
  ProxyContext& context = work.context;
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  const uint64_t id = branches_.handle_of(branch).to_u64();
  const bool again = proxy.has_tried() && !proxy.any_pending();
  if (!proxy.reserve(branch, *this, id)) {
    context.lacks = kTransactionsKey;
    return false;
  }
  MessageRef message = write_try(work, branch, plan, flow);
  if (!message) context.lacks = kMessagesKey;
  const bool written = static_cast<bool>(message);
  if (!proxy.start(branch, std::move(message), flow)) {
    if (written) context.lacks = kConnectionsKey;
    return false;
  }
  recorder_.on_try(context, branch, plan, flow);
  ++counters_.forwarded;
  if (again) {
    ++counters_.retried;
    std::array<char, port::kAddressTextMax> remote;
    environment_.log.debug("tried_elsewhere",
                           kv("remote", port::write_address(flow.remote, remote)));
  }
  return true;
}

// The request of `branch` over `flow`, or over the TCP connection that takes its place for a large
// one (18.1.1).
MessageRef Proxy::write_try(const Work& work, Branch& branch, const Plan& plan, Flow& flow) {
  const sip::MessageView& request = work.request;
  std::array<char, SessionInterval::kRequestLinesMax> room;
  const std::string_view lines = work.context.get<SessionInterval>().lines(request, room);
  const ForwardedLines filter(work.context);
  const auto write = [&] {
    ViaManagement::Text text;
    const std::string_view via =
        ViaManagement::write(environment_, branch.client, flow, request, text);
    const Flow& in = work.context.get<TransactionStatefulProxy>().received_over();
    const Flow* record_for = is_record_routed(request) ? &flow : nullptr;
    return write_forwarded(
        environment_,
        {request, plan, in, record_for, work.context.get<DialogTracking>().call(), branch.breadth,
         filter, lines},
        via);
  };
  MessageRef message = write();
  const bool switched = message && branch.selection.switch_to_stream(environment_, stream_refusals_,
                                                                     message.size(), flow);
  if (!switched) return message;
  message.reset();
  return write();
}

// Goes on with a request that was left for a while: first with the addresses of `branch`, where
// there is one. The registration may have changed meanwhile.
void Proxy::resume(ProxyContext& context, Branch* branch) {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  const MessageRef kept = proxy.request();
  if (!kept || !proxy.is_open()) {
    if (branch != nullptr) release_branch(*branch);
    return settle(context);
  }
  sip::HeaderIndex room;
  const sip::MessageView request = environment_.transactions.read(kept, room);
  UriRoom uri_room;
  const RouteInfo routes = read_routes(environment_, request, proxy.received_over(), uri_room);
  const Work work{context, request, routes};
  if (branch != nullptr) {
    Plan plan;
    if (find_plan(work, *branch, plan)) {
      try_branch(work, *branch, plan);
    } else {
      proxy.note(sip::status::kServiceUnavailable);
      release_branch(*branch);
    }
  }
  advance(work);
}

void Proxy::on_located(uint64_t tag, const Result<transport::FlowList>& flows) {
  Branch* branch = branches_.get(BranchHandle::from_u64(tag));
  if (branch == nullptr) return;
  ProxyContext& context = context_of(*branch);
  branch->selection.resumed();
  if (flows) {
    branch->selection.located(*flows);
    return resume(context, branch);
  }
  context.get<TransactionStatefulProxy>().note(status_of_failure(flows.error()));
  release_branch(*branch);
  go_on(context);
}

}  // namespace tipring::proxy
