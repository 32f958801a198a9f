#include "server/proxy/proxy.h"

#include "service/hops.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/writer.h"

namespace tipring::proxy {

namespace {

using service::DialogTracking;
using service::DigestServerAuth;
using service::OutputControl;
using service::SessionInterval;
using service::TransactionStatefulProxy;
using sip::Wish;
using transaction::Claim;

constexpr std::string_view kName = "proxy_contexts";
constexpr std::string_view kBranchesName = "proxy_branches";
constexpr std::string_view kTransactionsKey = "capacity.transactions";
constexpr std::string_view kCallsKey = "capacity.calls";

bool is_new_call(const sip::MessageView& request) {
  return request.method() == sip::Method::Invite && request.to_tag().empty();
}

// A caller who wants to find his callee himself gets all that we know: RFC 3841 9.1, RFC 3261 8.3.
// Empty when it does not fit; then he is served as if he had not asked.
std::string_view write_contacts(const TargetSet& targets, std::span<char> room) {
  sip::Writer out(room);
  for (size_t member = 0; member < targets.size(); ++member) {
    out.text("Contact: <").text(targets.uri(member).text).text(">;q=");
    const uint64_t q = targets.q(member);
    out.text(q == 1000 ? "1." : "0.");
    out.number(q / 100 % 10).number(q / 10 % 10).number(q % 10).crlf();
  }
  return out.full() ? std::string_view() : out.view();
}

}  // namespace

void ProxyContext::on_step_over(Millis) { proxy.on_step_over(*this); }

void Proxy::plan(const Limits& limits, MemoryPlan& plan) {
  Pool<ProxyContext>::plan(plan, kName, server_transactions_max(limits));
  Pool<Branch>::plan(plan, kBranchesName, proxy_branches_max(limits));
  service::StreamRefusals::plan(plan);
  StatelessForwarder::plan(limits, plan);
}

Proxy::Proxy(const service::Environment& environment, Location& location, Arena& arena,
             const Limits& limits)
    : environment_(environment),
      location_(location),
      recorder_(environment, location),
      contexts_(kName, arena, server_transactions_max(limits)),
      branches_(kBranchesName, arena, proxy_branches_max(limits)),
      stream_refusals_(arena, environment.route_key),
      stateless_forwarder_(environment, location, stream_refusals_, arena, limits) {}

void Proxy::handle(const Incoming& request, const RouteInfo& routes) {
  if (request.message.method() == sip::Method::Ack || is_stateless())
    return stateless_forwarder_.handle(request, routes);
  ProxyContext* context = contexts_.acquire(*this);
  if (context == nullptr) return refuse_stateless(request, kTransactionsKey);
  context->get<SessionInterval>().configure(routes.request_uri);
  context->get<DigestServerAuth>().configure(facts_of(routes));
  context->get<OutputControl>().configure(environment_);
  if (context->screen_request(environment_, request) == service::Screening::Refused) {
    return release(*context);
  }
  const TargetSet targets(environment_, location_, routes);
  context->local = targets.is_local();
  if (context->local) context->wishes = sip::read_disposition(request.message);
  std::array<char, 2048> room;
  Refusal refusal = find_refusal(*context, request.message, targets, room);
  const dialog::Terms terms = terms_of(*context, request, routes);
  if (refusal.status == 0) refusal = track(*context, request, routes, terms);
  const bool refused = refusal.status != 0;
  // Who has been asked has used up a count of his nonce. When his request comes again, only a
  // transaction knows it; without one it would be challenged after its final answer (17.2.1).
  const bool asked = context->get<DigestServerAuth>().user() != 0;
  if (refused && !asked && !sip::is_redirection(refusal.status)) {
    environment_.transactions.reply_stateless(request, refusal.status, refusal.parts);
    return release(*context);
  }
  const uint64_t id = contexts_.handle_of(*context).to_u64();
  const bool trying = !refused;  // an answer that is known needs no 100 before it
  const Claim claim = terms.emergency ? Claim::Standing : Claim::New;
  if (!context->get<TransactionStatefulProxy>().open(environment_, request, *this, id, trying,
                                                     claim)) {
    refuse_stateless(request, kTransactionsKey);
    context->get<DialogTracking>().on_not_reached(environment_);
    return release(*context);
  }
  context->call.begin(request.message, environment_.now(), environment_.calls.figures());
  if (is_new_call(request.message)) recorder_.begin(*context, request);
  if (!refused) {
    note_targets(request.message, routes, targets);
    return advance({*context, request.message, routes}, &targets);
  }
  answer(*context, refusal.status, refusal.parts);
  settle(*context);
}

// For a trace. Within a call its route says all.
void Proxy::note_targets(const sip::MessageView& request, const RouteInfo& routes,
                         const TargetSet& targets) const {
  if (routes.in_dialog || !routes.request_uri) return;
  const std::string_view call_id = request.header(sip::HeaderId::CallId).value_or("");
  if (targets.is_local()) {
    environment_.note(call_id, transport::Decision::PhonesFound,
                      {routes.request_uri->user, targets.size()});
  } else {
    environment_.note(call_id, transport::Decision::GoesElsewhere, {routes.request_uri->host});
  }
}

// `room` holds what the answer says.
Proxy::Refusal Proxy::find_refusal(const ProxyContext& context, const sip::MessageView& request,
                                   const TargetSet& targets, std::span<char> room) const {
  Refusal refusal;
  if (targets.size() == 0) {
    refusal.status = targets.refusal();
    refusal.parts.headers = targets.headers();
    refusal.parts.reason = targets.reason();
  } else if (service::max_breadth_of(request) == 0) {
    refusal.status = sip::status::kMaxBreadthExceeded;
  } else if (context.wishes.queue == Wish::Yes && request.method() == sip::Method::Invite) {
    // RFC 3261 21.5.2: "does not support the functionality required to fulfill the request". Any
    // 4xx would speak of the callee or ask for another try; a caller who can do without a queue
    // leaves the word out.
    refusal.status = sip::status::kNotImplemented;
    refusal.parts.reason = "Not Implemented - Request-Disposition: queue";
  } else if (context.wishes.proxy == Wish::No) {
    refusal.parts.headers = write_contacts(targets, room);
    if (!refusal.parts.headers.empty()) refusal.status = sip::status::kMovedTemporarily;
  }
  return refusal;
}

// Follows the call that the request begins or belongs to. Refuses one for which there is no room.
Proxy::Refusal Proxy::track(ProxyContext& context, const Incoming& request, const RouteInfo& routes,
                            const dialog::Terms& terms) {
  DialogTracking& tracking = context.get<DialogTracking>();
  const sip::MessageView& message = request.message;
  if (routes.dialog && routes.in_dialog) {
    tracking.enter(environment_, routes.dialog, request);
  } else if (is_new_call(message) && environment_.tracks_calls) {
    const Result<void> begun = tracking.begin(environment_, request, terms);
    if (begun) return {};
    if (begun.error() == Error::OverShare) return refuse_over_share(context, request);
    if (begun.error() == Error::TooLong) return {sip::status::kMessageTooLarge, {}};
    return {sip::status::kServiceUnavailable,
            environment_.overload.refuse(message, kCallsKey, environment_.now())};
  }
  return {};
}

dialog::Terms Proxy::terms_of(const ProxyContext& context, const Incoming& request,
                              const RouteInfo& routes) const {
  if (environment_.call_terms == nullptr || !is_new_call(request.message)) return {};
  return environment_.call_terms->terms_of(request, routes.request_uri,
                                           context.get<DigestServerAuth>().user());
}

// Not 503: others can go on, and he too with what stands (RFC 3261 21.5.4 would have him send
// nothing more). 480 is what phones tell as "not now", and has room for the cause (21.4.18).
Proxy::Refusal Proxy::refuse_over_share(const ProxyContext& context,
                                        const Incoming& request) const {
  environment_.call_terms->on_over_share(request, context.get<DigestServerAuth>().user());
  Refusal refusal;
  refusal.status = sip::status::kTemporarilyUnavailable;
  refusal.parts.reason = "Temporarily Unavailable - capacity.calls_per_user";
  refusal.parts.headers = environment_.overload.retry_after(request.message);
  return refusal;
}

void Proxy::refuse_stateless(const Incoming& request, std::string_view key) {
  const sip::ResponseParts parts =
      environment_.overload.refuse(request.message, key, environment_.now());
  environment_.transactions.reply_stateless(request, sip::status::kServiceUnavailable, parts);
}

void Proxy::end_all() {
  contexts_.for_each([this](ProxyContext& context) {
    if (!context.get<TransactionStatefulProxy>().is_open()) return;
    answer(context, sip::status::kServiceUnavailable, service::stopping());
    settle(context);
  });
}

ProxyContext& Proxy::context_of(const Branch& branch) const {
  ProxyContext* context = contexts_.get(Handle::from_u64(branch.context));
  TIPRING_ASSERT(context != nullptr);  // it takes its branches with it
  return *context;
}

void Proxy::release_branch(Branch& branch) {
  if (branch.record != 0) recorder_.on_branch_over(context_of(branch), branch);
  branch.selection.cancel(environment_, *this, branches_.handle_of(branch).to_u64());
  branches_.release(branch);
}

void Proxy::release(ProxyContext& context) {
  while (Branch* branch = context.get<TransactionStatefulProxy>().branches().front()) {
    release_branch(*branch);
  }
  context.get<DialogTracking>().leave(environment_);
  contexts_.release(context);
}

}  // namespace tipring::proxy
