#include "server/proxy/proxy.h"

#include "sip/headers.h"
#include "sip/message_edit.h"
#include "sip/status.h"

namespace tipring::proxy {

namespace {

using service::DestinationSelection;
using service::DigestServerAuth;
using service::OutputControl;
using service::SessionInterval;
using service::TransactionStatefulProxy;
using service::ViaManagement;
using Progress = TransactionStatefulProxy::Progress;

constexpr std::string_view kName = "proxy_contexts";
constexpr std::string_view kTransactionsKey = "capacity.transactions";
constexpr std::string_view kConnectionsKey = "capacity.tcp_connections";
constexpr std::string_view kMessagesKey = "capacity.messages";
constexpr uint8_t kMaxForwardsDefault = 70;  // 16.6 step 3

// Requests that may open a dialog carry our Record-Route (16.6 step 4); those within one have their
// route set.
bool is_record_routed(const sip::MessageView& request) {
  const sip::Method method = request.method();
  if (method != sip::Method::Invite && method != sip::Method::Subscribe &&
      method != sip::Method::Refer) {
    return false;
  }
  const auto to = request.typed<sip::HeaderId::To>();
  return !to || to->tag().empty();
}

bool is_loose(std::string_view route_uri) {
  const auto uri = sip::parse_uri(route_uri);
  return uri && uri->param("lr").has_value();
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

service::RouteFacts facts_of(const RouteInfo& routes) {
  return {routes.request_uri, !routes.next_route.empty(), routes.in_dialog};
}

// What of a Contact may stand in a Request-URI: all but its headers (16.6 step 2, 19.1.1).
std::string_view request_uri_of(std::string_view contact) {
  const auto uri = sip::parse_uri(contact);
  const size_t headers = uri ? uri->headers.size() : 0;
  return headers == 0 ? contact : contact.substr(0, contact.size() - headers - 1);
}

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

void Proxy::plan(const Limits& limits, MemoryPlan& plan) {
  Pool<ProxyContext>::plan(plan, kName, server_transactions_max(limits));
}

Proxy::Proxy(const service::Environment& environment, Location& location, Arena& arena,
             const Limits& limits)
    : environment_(environment),
      location_(location),
      contexts_(kName, arena, server_transactions_max(limits)) {}

void Proxy::handle(const Incoming& request, const RouteInfo& routes) {
  if (request.message.method() == sip::Method::Ack) return handle_ack(request, routes);
  ProxyContext* context = contexts_.acquire();
  if (context == nullptr) return refuse_stateless(request, kTransactionsKey);
  context->get<DigestServerAuth>().configure(facts_of(routes));
  context->get<OutputControl>().configure(environment_);
  if (context->screen_request(environment_, request) == service::Screening::Refused) {
    return release(*context);
  }
  const Plan plan = make_plan(routes);
  // Who has been asked has used up a count of his nonce. When his request comes again, only a
  // transaction knows it; without one it would be challenged after its final answer (17.2.1).
  const bool asked = context->get<DigestServerAuth>().user() != 0;
  if (plan.refusal != 0 && !asked) {
    environment_.transactions.reply_stateless(request, plan.refusal, {});
    return release(*context);
  }
  const uint64_t id = contexts_.handle_of(*context).to_u64();
  const bool trying = plan.refusal == 0;  // an answer that is known needs no 100 before it
  if (!context->get<TransactionStatefulProxy>().open(environment_, request, *this, id, trying)) {
    refuse_stateless(request, kTransactionsKey);
    return release(*context);
  }
  context->call.begin(request.message, environment_.now());
  if (plan.refusal != 0) return refuse(*context, plan.refusal);
  transport::FlowList flows;
  const auto state =
      context->get<DestinationSelection>().select(environment_, plan.destination, flows, *this, id);
  if (!state) return refuse(*context, request.message, state.error(), kTransactionsKey);
  if (*state == transport::LocateState::Done) forward(*context, request.message, plan, flows);
}

Proxy::Plan Proxy::make_plan(const RouteInfo& routes) const {
  Plan plan;
  plan.routes_removed = routes.own_routes;
  plan.last_route_removed = routes.strict;
  plan.request_uri = routes.request_uri;
  if (routes.next_route.empty() && routes.flow) {
    // The next hop is a side of the dialog that was reached by its flow before.
    plan.destination.flow = routes.flow;
  } else if (routes.next_route.empty()) {
    plan_target(plan.request_uri, plan);
  } else {
    plan.destination.next_hop = routes.next_route;
    if (!is_loose(routes.next_route)) {
      // 16.6 step 6: a strict router wants to be the Request-URI and finds the real one at the end.
      plan.route_appended = plan.request_uri;
      plan.request_uri = routes.next_route;
      ++plan.routes_removed;
    }
  }
  return plan;
}

// 16.5: the Request-URI itself, or where its user is registered.
void Proxy::plan_target(std::string_view uri_text, Plan& plan) const {
  const auto uri = sip::parse_uri(uri_text);
  if (!uri) {
    plan.refusal = sip::status_for(uri.error().fault);
    return;
  }
  if (!location_.is_local(*uri)) {
    plan.destination.next_hop = uri_text;
    return;
  }
  Target target;
  uint16_t status = sip::status::kNotFound;
  if (location_.find_targets(*uri, std::span(&target, 1), status) == 0) {
    plan.refusal = status;
    return;
  }
  plan.request_uri = request_uri_of(target.uri);
  plan.destination = {plan.request_uri, target.flow};
  if (target.path.empty()) return;
  plan.path = target.path;
  std::string_view rest = target.path;
  std::string_view first;
  const auto hop =
      sip::next_list_value(rest, first) ? sip::parse_name_addr(first) : sip::parse_name_addr("");
  if (hop) plan.destination.next_hop = hop->uri;
}

void Proxy::forward(ProxyContext& context, const sip::MessageView& request, const Plan& plan,
                    const transport::FlowList& flows) {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  const uint64_t id = contexts_.handle_of(context).to_u64();
  const Flow& flow = flows.flows[0];
  const Result<ClientHandle> client = proxy.reserve_branch(*this, id);
  if (!client) return refuse(context, request, client.error(), kTransactionsKey);
  const std::string_view via =
      context.get<ViaManagement>().write(environment_, *client, flow, request);
  const Flow* record_for = is_record_routed(request) ? &flow : nullptr;
  MessageRef message =
      write_request(context, request, plan, via, proxy.received_over(), record_for);
  const std::string_view key = message ? kConnectionsKey : kMessagesKey;
  const Result<void> started = proxy.start_branch(std::move(message), flow);
  if (!started) return refuse(context, request, started.error(), key);
  ++counters_.forwarded;
}

MessageRef Proxy::write_request(ProxyContext& context, const sip::MessageView& request,
                                const Plan& plan, std::string_view via, const Flow& in,
                                const Flow* record_for) const {
  constexpr size_t kGrowth = 768;  // our Via, two Record-Routes, a longer Request-URI
  sip::RequestEdit edit;
  edit.request_uri = plan.request_uri;
  edit.via = via;
  if (const auto top = request.typed<sip::HeaderId::Via>())
    edit.top_via = sip::make_via_fix_up(*top, in.remote);
  const auto hops = request.typed<sip::HeaderId::MaxForwards>();
  edit.max_forwards = hops && *hops != 0 ? static_cast<uint8_t>(*hops - 1) : kMaxForwardsDefault;
  edit.routes_removed = plan.routes_removed;
  edit.last_route_removed = plan.last_route_removed;
  edit.route_appended = plan.route_appended;
  if (!plan.path.empty()) edit.routes_prepended = {&plan.path, 1};
  SessionInterval& interval = context.get<SessionInterval>();
  interval.prepare_request(environment_, request);
  const ForwardedLines filter(context);
  edit.filter = &filter;
  edit.extra_lines = interval.lines();
  std::optional<RecordRoutes> routes;
  if (record_for != nullptr) {
    routes.emplace(environment_, request, in, *record_for, plan.destination.flow.has_value());
    edit.record_routes = routes->values();
  }
  return service::write_message(
      environment_.slabs, request.text().size() + plan.path.size() + kGrowth,
      [&](std::span<char> out) { return sip::write_forwarded_request(request, edit, out); });
}

// RFC 3261 16.11 and 17: an ACK to a 2xx passes without a transaction. Nothing can be answered to
// it.
void Proxy::handle_ack(const Incoming& ack, const RouteInfo& routes) {
  const Plan plan = make_plan(routes);
  ProxyContext* context = plan.refusal == 0 ? contexts_.acquire() : nullptr;
  if (context == nullptr) {
    ++counters_.acks_dropped;
    return;
  }
  context->get<DigestServerAuth>().configure(facts_of(routes));
  context->get<OutputControl>().configure(environment_);
  if (context->screen_request(environment_, ack) == service::Screening::Refused) {
    ++counters_.acks_dropped;
    return release(*context);
  }
  const uint64_t id = contexts_.handle_of(*context).to_u64();
  transport::FlowList flows;
  const auto state =
      context->get<DestinationSelection>().select(environment_, plan.destination, flows, *this, id);
  if (state && *state == transport::LocateState::Suspended) {
    context->ack = ack.buffer;
    context->ack_flow = ack.flow;
    return;
  }
  if (state) {
    send_ack(*context, ack.message, ack.flow, plan, flows.flows[0]);
  } else {
    ++counters_.acks_dropped;
  }
  release(*context);
}

void Proxy::send_ack(ProxyContext& context, const sip::MessageView& ack, const Flow& in,
                     const Plan& plan, const Flow& flow) {
  const std::string_view via =
      context.get<ViaManagement>().write_stateless(environment_, flow, ack);
  MessageRef message = write_request(context, ack, plan, via, in, nullptr);
  if (!message) {
    ++counters_.acks_dropped;
    return;
  }
  environment_.transactions.send_stateless(std::move(message), flow);
  ++counters_.forwarded;
}

// Goes on with a request whose next hop had to be looked up. The registration may have changed
// meanwhile, so the plan is made anew from the kept request.
void Proxy::on_located(uint64_t tag, const Result<transport::FlowList>& flows) {
  ProxyContext* context = contexts_.get(Handle::from_u64(tag));
  if (context == nullptr) return;
  context->get<DestinationSelection>().resumed();
  const bool is_ack = static_cast<bool>(context->ack);
  TransactionStatefulProxy& proxy = context->get<TransactionStatefulProxy>();
  const MessageRef kept = is_ack ? context->ack : proxy.request();
  if (!kept) return release(*context);
  sip::HeaderIndex index;
  const sip::ParsedMessage parsed = sip::parse_message(kept.view(), index, sip::Framing::Datagram);
  const Plan plan = make_plan(read_routes(environment_, parsed.view));
  if (is_ack) {
    if (flows && plan.refusal == 0) {
      send_ack(*context, parsed.view, context->ack_flow, plan, flows->flows[0]);
    } else {
      ++counters_.acks_dropped;
    }
    return release(*context);
  }
  if (!flows) return refuse(*context, parsed.view, flows.error(), kTransactionsKey);
  if (plan.refusal != 0) return refuse(*context, plan.refusal);
  forward(*context, parsed.view, plan, *flows);
}

void Proxy::refuse(ProxyContext& context, const sip::MessageView& request, Error error,
                   std::string_view key) {
  if (error != Error::PoolExhausted) return refuse(context, status_of(error));
  const sip::ResponseParts parts = environment_.overload.refuse(request, key, environment_.now());
  settle(context,
         context.get<TransactionStatefulProxy>().refuse(sip::status::kServiceUnavailable, parts));
}

void Proxy::refuse(ProxyContext& context, uint16_t status) {
  settle(context, context.get<TransactionStatefulProxy>().refuse(status, {}));
}

void Proxy::refuse_stateless(const Incoming& request, std::string_view key) {
  const sip::ResponseParts parts =
      environment_.overload.refuse(request.message, key, environment_.now());
  environment_.transactions.reply_stateless(request, sip::status::kServiceUnavailable, parts);
}

void Proxy::end_all() {
  contexts_.for_each([this](ProxyContext& context) {
    TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
    if (!proxy.is_open()) return;
    settle(context, proxy.refuse(sip::status::kServiceUnavailable, service::stopping()));
  });
}

void Proxy::settle(ProxyContext& context, Progress progress) {
  context.call.end(environment_.log, context.get<TransactionStatefulProxy>().final_status(),
                   environment_.now());
  if (progress == Progress::Finished) release(context);
}

void Proxy::release(ProxyContext& context) {
  const uint64_t id = contexts_.handle_of(context).to_u64();
  context.get<DestinationSelection>().cancel(environment_, *this, id);
  contexts_.release(context);
}

void Proxy::on_cancel(uint64_t id, ServerHandle, const Incoming&) {
  if (ProxyContext* context = contexts_.get(Handle::from_u64(id))) {
    settle(*context, context->get<TransactionStatefulProxy>().on_cancel());
  }
}

void Proxy::on_server_end(uint64_t id, ServerHandle, EndReason) {
  if (ProxyContext* context = contexts_.get(Handle::from_u64(id))) {
    settle(*context, context->get<TransactionStatefulProxy>().on_server_end());
  }
}

void Proxy::on_response(uint64_t id, ClientHandle client, const Incoming& response) {
  ProxyContext* context = contexts_.get(Handle::from_u64(id));
  if (context == nullptr) return;
  std::array<char, SessionInterval::kResponseLinesMax> room;
  const std::string_view lines =
      context->get<SessionInterval>().response_lines(response.message, room);
  settle(*context, context->get<TransactionStatefulProxy>().on_response(client, response, lines));
}

void Proxy::on_client_end(uint64_t id, ClientHandle client, EndReason reason) {
  if (ProxyContext* context = contexts_.get(Handle::from_u64(id))) {
    settle(*context, context->get<TransactionStatefulProxy>().on_client_end(client, reason));
  }
}

}  // namespace tipring::proxy
