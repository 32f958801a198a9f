// The tries of a request: RFC 3261 16.6 steps 7 to 11, RFC 3263 4.3.
#include "server/proxy/proxy.h"
#include "sip/headers.h"
#include "sip/message_edit.h"
#include "sip/status.h"

namespace tipring::proxy {

namespace {

using service::DestinationSelection;
using service::OutputControl;
using service::SessionInterval;
using service::TransactionStatefulProxy;
using service::ViaManagement;

constexpr std::string_view kTransactionsKey = "capacity.transactions";
constexpr std::string_view kMessagesKey = "capacity.messages";
constexpr uint8_t kMaxForwardsDefault = 70;  // 16.6 step 3

// Requests that may open a dialog carry our Record-Route, and so do those of whose methods we do
// not know it (16.6 step 4); those within one have their route set.
bool is_record_routed(const sip::MessageView& request) {
  const sip::Method method = request.method();
  if (method != sip::Method::Invite && method != sip::Method::Subscribe &&
      method != sip::Method::Refer && method != sip::Method::Other) {
    return false;
  }
  return request.to_tag().empty();
}

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

uint16_t status_of(Error error) {
  switch (error) {
    // The phone's connection has gone, and it cannot be called back.
    case Error::Closed: return sip::status::kTemporarilyUnavailable;
    case Error::NotFound:
    case Error::TimedOut: return sip::status::kBadGateway;
    case Error::Invalid: return sip::status::kBadRequest;
    default: return sip::status::kServerInternalError;
  }
}

}  // namespace

// Goes through the targets from that of `plan` on, until the request is on its way or a name is
// being asked for. Answers it when nobody is left.
void Proxy::forward(ProxyContext& context, const sip::MessageView& request, const RouteInfo& routes,
                    Plan plan) {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  DestinationSelection& selection = context.get<DestinationSelection>();
  const uint64_t id = contexts_.handle_of(context).to_u64();
  while (plan.refusal == 0 && proxy.may_try()) {
    if (context.target != plan.target) {
      context.target = plan.target;
      const auto state = selection.select(environment_, plan.destination, *this, id);
      if (!state && state.error() == Error::PoolExhausted) {
        return refuse(context, request, kTransactionsKey);
      }
      if (state && *state == transport::LocateState::Suspended) return;
      if (!state) proxy.note_failed(plan.target, status_of(state.error()));
    }
    if (try_addresses(context, request, plan) != Outcome::Failed) return;
    if (!proxy.branches().has_tried(plan.target)) {  // each target ends the loop sooner
      proxy.note_failed(plan.target, sip::status::kServerInternalError);
    }
    plan = make_plan(environment_, location_, routes, {0, &proxy.branches()});
  }
  give_up(context, request);
}

// The target was not reached at the address that was tried last.
void Proxy::try_next(ProxyContext& context) {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  DestinationSelection& selection = context.get<DestinationSelection>();
  const MessageRef kept = proxy.request();
  if (!kept) return release(context);
  sip::HeaderIndex room;
  const sip::MessageView request = environment_.transactions.read(kept, room);
  UriRoom uri_room;
  const RouteInfo routes = read_routes(environment_, request, proxy.received_over(), uri_room);
  if (selection.has_next()) {
    const Plan same = make_plan(environment_, location_, routes, {context.target});
    if (same.refusal == 0) return forward(context, request, routes, same);
    selection.forget_rest();  // the binding has gone
  }
  forward(context, request, routes,
          make_plan(environment_, location_, routes, {0, &proxy.branches()}));
}

Proxy::Outcome Proxy::try_addresses(ProxyContext& context, const sip::MessageView& request,
                                    const Plan& plan) {
  DestinationSelection& selection = context.get<DestinationSelection>();
  while (context.get<TransactionStatefulProxy>().may_try()) {
    const std::optional<Flow> flow = selection.next(environment_, plan.destination);
    if (!flow) break;
    const Outcome outcome = try_address(context, request, plan, *flow);
    if (outcome != Outcome::Failed) return outcome;
  }
  return Outcome::Failed;
}

Proxy::Outcome Proxy::try_address(ProxyContext& context, const sip::MessageView& request,
                                  const Plan& plan, Flow flow) {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  const uint64_t id = contexts_.handle_of(context).to_u64();
  const bool again = proxy.branches().begin() != proxy.branches().end();
  const auto lacks = [&](std::string_view key) {
    refuse(context, request, key);
    return Outcome::Answered;
  };
  const Result<ClientHandle> client = proxy.reserve_branch(*this, id, plan.target);
  if (!client) return lacks(kTransactionsKey);
  MessageRef message = write_try(context, request, plan, *client, flow);
  if (!message) return lacks(kMessagesKey);
  const Result<void> started = proxy.start_branch(std::move(message), flow);
  if (!started) {
    // All our connections are taken; another address may do without one.
    context.lacks_connection = true;
    return Outcome::Failed;
  }
  ++counters_.forwarded;
  if (again) {
    ++counters_.retried;
    std::array<char, port::kAddressTextMax> remote;
    environment_.log.debug("tried_elsewhere",
                           kv("remote", port::write_address(flow.remote, remote)));
  }
  return Outcome::Sent;
}

// The request for `client` over `flow`, or over the TCP connection that takes its place for a large
// one (18.1.1).
MessageRef Proxy::write_try(ProxyContext& context, const sip::MessageView& request,
                            const Plan& plan, ClientHandle client, Flow& flow) {
  const Flow& in = context.get<TransactionStatefulProxy>().received_over();
  const auto write = [&] {
    ViaManagement::Text text;
    const std::string_view via = ViaManagement::write(environment_, client, flow, request, text);
    return write_request(context, request, plan, via, in,
                         is_record_routed(request) ? &flow : nullptr);
  };
  MessageRef message = write();
  const bool switched = message && context.get<DestinationSelection>().switch_to_stream(
                                       environment_, stream_refusals_, message.size(), flow);
  if (!switched) return message;
  message.reset();
  return write();
}

MessageRef Proxy::write_request(ProxyContext& context, const sip::MessageView& request,
                                const Plan& plan, std::string_view via, const Flow& in,
                                const Flow* record_for) const {
  constexpr size_t kGrowth = 768;  // our Via, two Record-Routes, a longer Request-URI
  sip::RequestEdit edit;
  edit.request_uri = plan.request_uri;
  edit.via = via;
  if (const auto& top = request.typed<sip::HeaderId::Via>())
    edit.top_via = sip::make_via_fix_up(*top, in.remote);
  const auto& hops = request.typed<sip::HeaderId::MaxForwards>();
  edit.max_forwards = hops && *hops != 0 ? static_cast<uint8_t>(*hops - 1) : kMaxForwardsDefault;
  edit.routes_removed = plan.routes_removed;
  edit.last_route_removed = plan.last_route_removed;
  edit.route_appended = plan.route_appended;
  if (!plan.path.empty()) edit.routes_prepended = {&plan.path, 1};
  const ForwardedLines filter(context);
  edit.filter = &filter;
  std::array<char, SessionInterval::kRequestLinesMax> room;
  edit.extra_lines = context.get<SessionInterval>().lines(request, room);
  std::optional<RecordRoutes> routes;
  if (record_for != nullptr) {
    routes.emplace(environment_, request, in, *record_for, plan.destination.flow.has_value());
    edit.record_routes = routes->values();
  }
  return service::write_message(
      environment_.slabs, request.text().size() + plan.path.size() + kGrowth,
      [&](std::span<char> out) { return sip::write_forwarded_request(request, edit, out); });
}

// Goes on with a request whose next hop had to be looked up. The registration may have changed
// meanwhile, so the plan is made anew from the kept request.
void Proxy::on_located(uint64_t tag, const Result<transport::FlowList>& flows) {
  ProxyContext* context = contexts_.get(Handle::from_u64(tag));
  if (context == nullptr) return;
  DestinationSelection& selection = context->get<DestinationSelection>();
  selection.resumed();
  if (context->ack) return on_ack_located(*context, flows);
  if (flows) {
    selection.located(*flows);
  } else {
    context->get<TransactionStatefulProxy>().note_failed(context->target, status_of(flows.error()));
  }
  try_next(*context);
}

}  // namespace tipring::proxy
