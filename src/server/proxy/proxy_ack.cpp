// The ACK to a 2xx passes without a transaction: RFC 3261 16.11 and 17. Nothing can be answered to
// it.
#include "server/proxy/proxy.h"

namespace tipring::proxy {

namespace {

using service::DestinationSelection;
using service::DigestServerAuth;
using service::OutputControl;
using service::ViaManagement;

// For the news that a connection which was tried for the ACK alone could not be made.
constexpr Millis kConnectWait{DestinationSelection::kConnectMs + 500};

}  // namespace

void ProxyContext::on_ack_gone(Millis) { proxy.release(*this); }

void Proxy::handle_ack(const Incoming& ack, const RouteInfo& routes) {
  const Plan plan = make_plan(environment_, location_, routes, {});
  ProxyContext* context = plan.refusal == 0 ? contexts_.acquire(*this) : nullptr;
  if (context == nullptr) {
    ++counters_.acks_dropped;
    return;
  }
  context->get<DigestServerAuth>().configure(facts_of(routes));
  context->get<OutputControl>().configure(environment_);
  if (context->screen_request(environment_, ack) == service::Screening::Refused) {
    return drop_ack(*context);
  }
  context->target = plan.target;
  context->ack = ack.buffer;
  context->ack_flow = ack.flow;
  const uint64_t id = contexts_.handle_of(*context).to_u64();
  const auto state =
      context->get<DestinationSelection>().select(environment_, plan.destination, *this, id);
  if (!state) return drop_ack(*context);
  if (*state == transport::LocateState::Done) send_ack(*context, ack.message, plan);
}

void Proxy::on_ack_located(ProxyContext& context, const Result<transport::FlowList>& flows) {
  if (!flows) return drop_ack(context);
  context.get<DestinationSelection>().located(*flows);
  resend_ack(context);
}

// A connection could not be made; what waits for it goes another way.
void Proxy::on_send_failed(uint64_t tag, Error) {
  ProxyContext* context = contexts_.get(Handle::from_u64(tag));
  if (context == nullptr || !context->ack) return;
  context->get<DestinationSelection>().note_unreachable(stream_refusals_, environment_.now());
  resend_ack(*context);
}

void Proxy::resend_ack(ProxyContext& context) {
  sip::HeaderIndex index;
  const sip::ParsedMessage parsed =
      sip::parse_message(context.ack.view(), index, sip::Framing::Datagram);
  UriRoom room;
  const RouteInfo routes = read_routes(environment_, parsed.view, context.ack_flow, room);
  const Plan plan = make_plan(environment_, location_, routes, {context.target});
  if (plan.refusal != 0) return drop_ack(context);
  send_ack(context, parsed.view, plan);
}

void Proxy::send_ack(ProxyContext& context, const sip::MessageView& ack, const Plan& plan) {
  DestinationSelection& selection = context.get<DestinationSelection>();
  std::optional<Flow> flow = selection.next(environment_, plan.destination);
  if (!flow) return drop_ack(context);
  const auto write = [&] {
    ViaManagement::Text text;
    const std::string_view via = ViaManagement::write_stateless(environment_, *flow, ack, text);
    return write_request(context, ack, plan, via, context.ack_flow, nullptr);
  };
  MessageRef message = write();
  if (!message) return drop_ack(context);
  // Where too many wait for connections already, it goes as it is.
  const bool may_wait = context.ack_waits || acks_waiting_ < acks_waiting_max_;
  const bool switched =
      may_wait && selection.switch_to_stream(environment_, stream_refusals_, message.size(), *flow);
  if (switched) message = write();
  const uint64_t id = contexts_.handle_of(context).to_u64();
  const Result<void> sent = environment_.transactions.send_stateless(std::move(message), *flow,
                                                                     switched ? this : nullptr, id);
  if (switched && !sent) return send_ack(context, ack, plan);  // by the way it had before
  ++counters_.forwarded;
  if (!switched) return release(context);
  if (!context.ack_waits) ++acks_waiting_;
  context.ack_waits = true;
  environment_.timers.start(context.ack_timer, environment_.now() + kConnectWait);
}

void Proxy::drop_ack(ProxyContext& context) {
  ++counters_.acks_dropped;
  release(context);
}

}  // namespace tipring::proxy
