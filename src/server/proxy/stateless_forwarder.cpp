#include "server/proxy/stateless_forwarder.h"

#include <algorithm>

#include "server/proxy/stateless_via.h"
#include "service/context.h"
#include "service/digest_server_auth.h"
#include "service/hops.h"
#include "service/output_control.h"
#include "service/via_management.h"
#include "sip/status.h"

namespace tipring::proxy {

namespace {

using service::DestinationSelection;
using service::DigestServerAuth;
using service::OutputControl;
using service::ViaManagement;

constexpr std::string_view kName = "proxy_acks";
constexpr std::string_view kTransactionsKey = "capacity.transactions";
// For the news that a connection which was tried for the ACK alone could not be made.
constexpr Millis kConnectWait{DestinationSelection::kConnectMs + 500};

// An eighth of the requests. Anyone can send an ACK: many of them must not cost much.
uint32_t waiting_max(const Limits& limits) {
  return std::max(server_transactions_max(limits) / 8, 1u);
}

// Those that wait, and the one that is being sent.
uint32_t passing_max(const Limits& limits) { return waiting_max(limits) + 1; }

}  // namespace

void PassingRequest::on_gone(Millis) { forwarder.release(*this); }

void StatelessForwarder::plan(const Limits& limits, MemoryPlan& plan) {
  Pool<PassingRequest>::plan(plan, kName, passing_max(limits));
}

StatelessForwarder::StatelessForwarder(const Environment& environment, Location& location,
                                       service::StreamRefusals& stream_refusals, Arena& arena,
                                       const Limits& limits)
    : environment_(environment),
      location_(location),
      stream_refusals_(stream_refusals),
      waiting_max_(waiting_max(limits)),
      passing_(kName, arena, passing_max(limits)) {}

// A CANCEL must find the way of its INVITE, and has none of the headers that choose among phones.
RouteInfo StatelessForwarder::routes_for(const RouteInfo& routes) const {
  RouteInfo plain = routes;
  if (stateless_) plain.request = nullptr;
  return plain;
}

void StatelessForwarder::handle(const Incoming& request, const RouteInfo& given) {
  DigestServerAuth access;
  access.configure(facts_of(given));
  if (access.screen_request(environment_, request) == service::Screening::Refused) {
    if (request.message.method() == sip::Method::Ack) ++counters_.dropped;
    return;
  }
  const RouteInfo routes = routes_for(given);
  const TargetSet targets(environment_, location_, routes);
  if (targets.size() == 0) {
    sip::ResponseParts parts;
    parts.headers = targets.headers();
    parts.reason = targets.reason();
    return refuse(request, targets.refusal(), parts);
  }
  if (service::max_breadth_of(request.message) == 0)
    return refuse(request, sip::status::kMaxBreadthExceeded, {});
  PassingRequest* passing = passing_.acquire(*this);
  if (passing == nullptr) return refuse(request, sip::status::kServiceUnavailable, {});
  passing->target = targets.name(0);
  passing->request = environment_.slabs.keep(request.buffer);
  if (!passing->request) return fail(*passing, request, sip::status::kServiceUnavailable);
  passing->in = request.flow;
  const Plan plan = targets.plan(0);
  const uint64_t id = passing_.handle_of(*passing).to_u64();
  service::Destination destination = plan.destination;
  destination.asker = service::asker_of(environment_, request.flow.remote);
  const auto state = passing->selection.select(environment_, destination, *this, id);
  if (!state) return fail(*passing, request, status_of_failure(state.error()));
  const bool suspended = *state == transport::LocateState::Suspended;
  if (suspended && !may_wait()) return fail(*passing, request, sip::status::kServiceUnavailable);
  if (!suspended) send(*passing, request, plan);
}

// 16.11: whoever it is, it goes where its Via says; there is nothing to choose from.
bool StatelessForwarder::handle_response(const Incoming& response) {
  const std::optional<Flow> flow = read_stateless_via(environment_, response.message);
  const auto vias = response.message.values(sip::HeaderId::Via);
  if (!flow || ++vias.begin() == vias.end()) return false;
  MessageRef message = service::write_message(
      environment_.slabs, response.message.text().size(), [&](std::span<char> out) {
        return sip::write_forwarded_response(response.message, {}, out);
      });
  const bool sent =
      message && environment_.transport.send(std::move(message), *flow, nullptr, 0).has_value();
  ++(sent ? counters_.responses : counters_.dropped);
  return true;
}

void StatelessForwarder::on_located(uint64_t tag, const Result<transport::FlowList>& flows) {
  PassingRequest* passing = passing_.get(Handle::from_u64(tag));
  if (passing == nullptr) return;
  passing->selection.resumed();
  if (flows) {
    passing->selection.located(*flows);
    return resend(*passing);
  }
  sip::HeaderIndex index;
  const sip::ParsedMessage parsed =
      sip::parse_message(passing->request.view(), index, sip::Framing::Datagram);
  fail(*passing, {parsed.view, passing->request, passing->in, environment_.now()},
       status_of_failure(flows.error()));
}

// A connection could not be made; what waits for it goes another way.
void StatelessForwarder::on_send_failed(uint64_t tag, Error) {
  PassingRequest* passing = passing_.get(Handle::from_u64(tag));
  if (passing == nullptr) return;
  passing->selection.note_unreachable(stream_refusals_, environment_.now());
  resend(*passing);
}

void StatelessForwarder::resend(PassingRequest& passing) {
  sip::HeaderIndex index;
  const sip::ParsedMessage parsed =
      sip::parse_message(passing.request.view(), index, sip::Framing::Datagram);
  UriRoom room;
  const RouteInfo routes = routes_for(read_routes(environment_, parsed.view, passing.in, room));
  const TargetSet targets(environment_, location_, routes);
  const size_t member = targets.find(passing.target);
  const Incoming request{parsed.view, passing.request, passing.in, environment_.now()};
  if (member == targets.size()) return fail(passing, request, sip::status::kTemporarilyUnavailable);
  send(passing, request, targets.plan(member));
}

void StatelessForwarder::send(PassingRequest& passing, const Incoming& request, const Plan& plan) {
  DestinationSelection& selection = passing.selection;
  std::optional<Flow> flow = selection.next(environment_, plan.destination);
  if (!flow) {
    const bool kept_off = selection.kept_off_host();
    return fail(passing, request,
                kept_off ? sip::status::kForbidden : sip::status::kServerInternalError);
  }
  MessageRef message = write(request, plan, *flow);
  // Where too many wait for connections already, it goes as it is.
  const bool switched =
      message && may_wait() &&
      selection.switch_to_stream(environment_, stream_refusals_, message.size(), *flow);
  if (switched) message = write(request, plan, *flow);
  if (!message) return fail(passing, request, sip::status::kServiceUnavailable);
  const uint64_t id = passing_.handle_of(passing).to_u64();
  const Result<void> sent = environment_.transactions.send_stateless(std::move(message), *flow,
                                                                     switched ? this : nullptr, id);
  if (switched && !sent) return send(passing, request, plan);  // by the way it had before
  ++counters_.forwarded;
  if (!switched) return release(passing);
  environment_.timers.start(passing.timer, environment_.now() + kConnectWait);
}

MessageRef StatelessForwarder::write(const Incoming& request, const Plan& plan,
                                     const Flow& out) const {
  const sip::MessageView& message = request.message;
  StatelessViaText text;
  ViaManagement::Text plain;
  const std::string_view via =
      stateless_ ? write_stateless_via(environment_, request, out, text)
                 : ViaManagement::write_stateless(environment_, out, message, plain);
  const bool recorded = stateless_ && is_record_routed(message);
  OutputControl output;
  output.configure(environment_);
  return write_forwarded(environment_,
                         {message,
                          plan,
                          request.flow,
                          recorded ? &out : nullptr,
                          {},
                          service::max_breadth_of(message),
                          output,
                          {}},
                         via);
}

void StatelessForwarder::refuse(const Incoming& request, uint16_t status,
                                const sip::ResponseParts& parts) {
  if (request.message.method() == sip::Method::Ack) {
    ++counters_.dropped;
    return;
  }
  // 9.2: where its INVITE cannot have gone.
  if (request.message.method() == sip::Method::Cancel) {
    return environment_.transactions.reply_stateless(
        request, sip::status::kCallOrTransactionDoesNotExist, {});
  }
  if (status != sip::status::kServiceUnavailable)
    return environment_.transactions.reply_stateless(request, status, parts);
  environment_.transactions.reply_stateless(
      request, status,
      environment_.overload.refuse(request.message, kTransactionsKey, environment_.now()));
}

void StatelessForwarder::fail(PassingRequest& passing, const Incoming& request, uint16_t status) {
  refuse(request, status, {});
  release(passing);
}

void StatelessForwarder::release(PassingRequest& passing) {
  passing.selection.cancel(environment_, *this, passing_.handle_of(passing).to_u64());
  passing_.release(passing);
}

}  // namespace tipring::proxy
