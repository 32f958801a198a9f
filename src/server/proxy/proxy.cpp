#include "server/proxy/proxy.h"

#include <algorithm>

#include "sip/status.h"

namespace tipring::proxy {

namespace {

using service::DestinationSelection;
using service::DigestServerAuth;
using service::OutputControl;
using service::SessionInterval;
using service::TransactionStatefulProxy;
using Progress = TransactionStatefulProxy::Progress;

constexpr std::string_view kName = "proxy_contexts";
constexpr std::string_view kTransactionsKey = "capacity.transactions";
// An eighth of the contexts. Anyone can send an ACK: many of them must not keep calls away.
constexpr uint32_t kAckShare = 8;
constexpr std::string_view kConnectionsKey = "capacity.tcp_connections";

sip::ResponseParts parts_of(const Plan& refused) {
  sip::ResponseParts parts;
  parts.headers = refused.headers;
  return parts;
}

}  // namespace

void Proxy::plan(const Limits& limits, MemoryPlan& plan) {
  Pool<ProxyContext>::plan(plan, kName, server_transactions_max(limits));
  service::StreamRefusals::plan(plan);
}

Proxy::Proxy(const service::Environment& environment, Location& location, Arena& arena,
             const Limits& limits)
    : environment_(environment),
      location_(location),
      contexts_(kName, arena, server_transactions_max(limits)),
      stream_refusals_(arena, environment.route_key),
      acks_waiting_max_(std::max(server_transactions_max(limits) / kAckShare, 1u)) {}

void Proxy::handle(const Incoming& request, const RouteInfo& routes) {
  if (request.message.method() == sip::Method::Ack) return handle_ack(request, routes);
  ProxyContext* context = contexts_.acquire(*this);
  if (context == nullptr) return refuse_stateless(request, kTransactionsKey);
  context->get<SessionInterval>().configure(routes.request_uri);
  context->get<DigestServerAuth>().configure(facts_of(routes));
  context->get<OutputControl>().configure(environment_);
  if (context->screen_request(environment_, request) == service::Screening::Refused) {
    return release(*context);
  }
  const Plan plan = make_plan(environment_, location_, routes, {});
  // Who has been asked has used up a count of his nonce. When his request comes again, only a
  // transaction knows it; without one it would be challenged after its final answer (17.2.1).
  const bool asked = context->get<DigestServerAuth>().user() != 0;
  if (plan.refusal != 0 && !asked) {
    environment_.transactions.reply_stateless(request, plan.refusal, parts_of(plan));
    return release(*context);
  }
  const uint64_t id = contexts_.handle_of(*context).to_u64();
  const bool trying = plan.refusal == 0;  // an answer that is known needs no 100 before it
  if (!context->get<TransactionStatefulProxy>().open(environment_, request, *this, id, trying)) {
    refuse_stateless(request, kTransactionsKey);
    return release(*context);
  }
  context->call.begin(request.message, environment_.now());
  if (plan.refusal != 0) {
    return settle(*context,
                  context->get<TransactionStatefulProxy>().refuse(plan.refusal, parts_of(plan)));
  }
  forward(*context, request.message, routes, plan);
}

// Nobody is left to try.
void Proxy::give_up(ProxyContext& context, const sip::MessageView& request) {
  if (context.lacks_connection) return refuse(context, request, kConnectionsKey);
  settle(context, context.get<TransactionStatefulProxy>().give_up());
}

void Proxy::refuse(ProxyContext& context, const sip::MessageView& request, std::string_view key) {
  const sip::ResponseParts parts = environment_.overload.refuse(request, key, environment_.now());
  settle(context,
         context.get<TransactionStatefulProxy>().refuse(sip::status::kServiceUnavailable, parts));
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
  switch (progress) {
    case Progress::Pending: return;
    case Progress::TryNext: return try_next(context);
    case Progress::Finished: return release(context);
  }
}

void Proxy::release(ProxyContext& context) {
  const uint64_t id = contexts_.handle_of(context).to_u64();
  context.get<DestinationSelection>().cancel(environment_, *this, id);
  if (context.ack_waits) --acks_waiting_;
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
  std::array<char, SessionInterval::kResponseLineMax> room;
  sip::ResponseEdit edit;
  context->get<SessionInterval>().edit_response(response.message, edit, room);
  settle(*context, context->get<TransactionStatefulProxy>().on_response(
                       client, response, edit, context->get<DestinationSelection>().has_next()));
}

void Proxy::on_client_end(uint64_t id, ClientHandle client, EndReason reason) {
  ProxyContext* context = contexts_.get(Handle::from_u64(id));
  if (context == nullptr) return;
  const Progress progress = context->get<TransactionStatefulProxy>().on_client_end(client, reason);
  if (progress == Progress::TryNext && reason == EndReason::TransportError) {
    context->get<DestinationSelection>().note_unreachable(stream_refusals_, environment_.now());
  }
  settle(*context, progress);
}

}  // namespace tipring::proxy
