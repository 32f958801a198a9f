#include "server/proxy/acks.h"

#include <algorithm>

#include "service/context.h"
#include "service/digest_server_auth.h"
#include "service/hops.h"
#include "service/output_control.h"
#include "service/via_management.h"

namespace tipring::proxy {

namespace {

using service::DestinationSelection;
using service::DigestServerAuth;
using service::OutputControl;
using service::ViaManagement;

constexpr std::string_view kName = "proxy_acks";
// For the news that a connection which was tried for the ACK alone could not be made.
constexpr Millis kConnectWait{DestinationSelection::kConnectMs + 500};

// An eighth of the requests. Anyone can send an ACK: many of them must not cost much.
uint32_t waiting_max(const Limits& limits) {
  return std::max(server_transactions_max(limits) / 8, 1u);
}

// Those that wait, and the one that is being sent.
uint32_t contexts_max(const Limits& limits) { return waiting_max(limits) + 1; }

}  // namespace

void AckContext::on_gone(Millis) { acks.release(*this); }

void Acks::plan(const Limits& limits, MemoryPlan& plan) {
  Pool<AckContext>::plan(plan, kName, contexts_max(limits));
}

Acks::Acks(const Environment& environment, Location& location,
           service::StreamRefusals& stream_refusals, Arena& arena, const Limits& limits)
    : environment_(environment),
      location_(location),
      stream_refusals_(stream_refusals),
      waiting_max_(waiting_max(limits)),
      contexts_(kName, arena, contexts_max(limits)) {}

void Acks::handle(const Incoming& ack, const RouteInfo& routes) {
  const TargetSet targets(environment_, location_, routes);
  AckContext* context = targets.size() != 0 ? contexts_.acquire(*this) : nullptr;
  if (context == nullptr) {
    ++counters_.dropped;
    return;
  }
  DigestServerAuth access;
  access.configure(facts_of(routes));
  if (access.screen_request(environment_, ack) == service::Screening::Refused) {
    return drop(*context);
  }
  context->target = targets.name(0);
  context->ack = environment_.slabs.keep(ack.buffer);
  if (!context->ack) return drop(*context);
  context->in = ack.flow;
  const Plan plan = targets.plan(0);
  const uint64_t id = contexts_.handle_of(*context).to_u64();
  const auto state = context->selection.select(environment_, plan.destination, *this, id);
  const bool suspended = state && *state == transport::LocateState::Suspended;
  if (!state || (suspended && !may_wait())) return drop(*context);
  if (!suspended) send(*context, ack.message, plan);
}

void Acks::on_located(uint64_t tag, const Result<transport::FlowList>& flows) {
  AckContext* context = contexts_.get(Handle::from_u64(tag));
  if (context == nullptr) return;
  context->selection.resumed();
  if (!flows) return drop(*context);
  context->selection.located(*flows);
  resend(*context);
}

// A connection could not be made; what waits for it goes another way.
void Acks::on_send_failed(uint64_t tag, Error) {
  AckContext* context = contexts_.get(Handle::from_u64(tag));
  if (context == nullptr) return;
  context->selection.note_unreachable(stream_refusals_, environment_.now());
  resend(*context);
}

void Acks::resend(AckContext& context) {
  sip::HeaderIndex index;
  const sip::ParsedMessage parsed =
      sip::parse_message(context.ack.view(), index, sip::Framing::Datagram);
  UriRoom room;
  const RouteInfo routes = read_routes(environment_, parsed.view, context.in, room);
  const TargetSet targets(environment_, location_, routes);
  const size_t member = targets.find(context.target);
  if (member == targets.size()) return drop(context);
  send(context, parsed.view, targets.plan(member));
}

void Acks::send(AckContext& context, const sip::MessageView& ack, const Plan& plan) {
  DestinationSelection& selection = context.selection;
  std::optional<Flow> flow = selection.next(environment_, plan.destination);
  if (!flow) return drop(context);
  MessageRef message = write(context, ack, plan, *flow);
  // Where too many wait for connections already, it goes as it is.
  const bool switched =
      message && may_wait() &&
      selection.switch_to_stream(environment_, stream_refusals_, message.size(), *flow);
  if (switched) message = write(context, ack, plan, *flow);
  if (!message) return drop(context);
  const uint64_t id = contexts_.handle_of(context).to_u64();
  const Result<void> sent = environment_.transactions.send_stateless(std::move(message), *flow,
                                                                     switched ? this : nullptr, id);
  if (switched && !sent) return send(context, ack, plan);  // by the way it had before
  ++counters_.forwarded;
  if (!switched) return release(context);
  environment_.timers.start(context.timer, environment_.now() + kConnectWait);
}

MessageRef Acks::write(const AckContext& context, const sip::MessageView& ack, const Plan& plan,
                       const Flow& out) const {
  ViaManagement::Text text;
  const std::string_view via = ViaManagement::write_stateless(environment_, out, ack, text);
  OutputControl output;
  output.configure(environment_);
  return write_forwarded(
      environment_, {ack, plan, context.in, nullptr, {}, service::max_breadth_of(ack), output, {}},
      via);
}

void Acks::drop(AckContext& context) {
  ++counters_.dropped;
  release(context);
}

void Acks::release(AckContext& context) {
  context.selection.cancel(environment_, *this, contexts_.handle_of(context).to_u64());
  contexts_.release(context);
}

}  // namespace tipring::proxy
