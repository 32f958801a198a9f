// The same request once more, as the services of the leg have changed it: RFC 3261 8.1.3.5, 14.1 and
// 22, RFC 4028 7.4.
#include "service/legs.h"
#include "sip/status.h"

namespace tipring::service {

using sdp::Carrier;
using sip::Method;
using Phase = LegRequest::Phase;
using Purpose = LegRequest::Purpose;

namespace {

// What it counts as that a request could not be sent again.
uint16_t status_of(Error error) {
  return error == Error::PoolExhausted ? sip::status::kServerInternalError
                                       : sip::status::kServiceUnavailable;
}

}  // namespace

// Whether a failure is not the last word on its request. The leg's own requests ask nobody.
bool Legs::goes_on(LegRequest& request, Leg& leg, const Incoming& response) {
  if (request.cancelled) return false;
  LegExchange exchange{response.message, request.method, request.tries, entropy_, leg.is_caller};
  sip::HeaderIndex index;
  if (request.purpose == Purpose::Call && request.sent) {
    exchange.request_uri = environment_.transactions.read(request.sent, index).request_uri();
  }
  const bool asks = request.purpose == Purpose::Call || request.purpose == Purpose::Application;
  const LegRequestHandle handle = requests_.handle_of(request);
  const ClientVerdict verdict =
      leg.services.pass_response(environment_, exchange, [&]<class Service>(Service&) {
        return asks ? leg.user->on_client_event(legs_.handle_of(leg), leg.name, Service::kEvent,
                                                response)
                    : ClientVerdict::Reissue;
      });
  if (requests_.get(handle) == nullptr) return true;  // it has gone with its call
  const bool wanted = !request.cancelled && (leg.stands() || request.purpose == Purpose::Bye);
  if (verdict == ClientVerdict::Next || !wanted) return false;
  if (verdict == ClientVerdict::Done) {
    if (request.purpose == Purpose::Call) return false;
    note_failure(leg, request);
    release(request);
    return true;
  }
  note_failure(leg, request);
  request.other_interval = exchange.other_lines;
  request.redirected = request.redirected || exchange.elsewhere;
  request.phase = Phase::Waiting;
  request.client = {};
  if (exchange.wait > Millis(0)) {
    environment_.timers.start(request.wait_timer, environment_.now() + exchange.wait);
    return true;
  }
  const Result<void> again = reissue(request, leg);
  if (!again) on_not_answered(request, status_of(again.error()));
  return true;
}

// What has only rung was of the INVITE that was refused.
bool Legs::goes_on_call(LegRequest& request, LegGroup& group, const Incoming& response) {
  Leg* leg = take_call(request, group);
  return leg != nullptr && goes_on(request, *leg, response);
}

// Who is silent, or not to be reached, leaves the call to the next address of a redirection (8.1.3.4).
// The application has agreed to that one.
bool Legs::goes_elsewhere(LegRequest& request, LegGroup& group) {
  Leg* leg = take_call(request, group);
  if (leg == nullptr || leg->services.get<LegRedirection>().targets.next().empty()) return false;
  request.redirected = true;
  return reissue(request, *leg).has_value();
}

// The leg that goes on with the INVITE of its group; null where nobody wants that.
Leg* Legs::take_call(LegRequest& request, LegGroup& group) {
  if (group.cancelled) return nullptr;
  Leg* leg = group.all.front();
  while (leg != nullptr && !leg->stands()) leg = group.all.next(*leg);
  if (leg != nullptr) request.leg = legs_.handle_of(*leg);
  return leg;
}

void Legs::on_wait_over(LegRequest& request) {
  if (request.phase == Phase::Waiting) return on_retry(request);
  if (request.phase == Phase::Proceeding && !request.cancelled) cancel_request(request, {});
}

void Legs::on_retry(LegRequest& request) {
  Leg* leg = legs_.get(request.leg);
  if (leg == nullptr || !leg->stands()) return release(request);
  if (request.cancelled) return on_not_answered(request, sip::status::kRequestTerminated);
  const bool waits_for_turn = request.purpose != Purpose::Call &&
                              !may_send(*leg, request.method, request.has_offer, &request);
  if (waits_for_turn) return on_not_answered(request, sip::status::kRequestPending);
  const Result<void> again = reissue(request, *leg);
  if (!again) on_not_answered(request, status_of(again.error()));
}

// On failure the request stands.
Result<void> Legs::reissue(LegRequest& request, Leg& leg) {
  if (!leg.dialog.has_cseq()) return Error::OutOfRange;
  request.phase = Phase::Locating;
  request.cseq = leg.dialog.next_cseq();
  if (request.purpose == Purpose::Call) {
    const Result<void> begun = begin_call_anew(request, leg);
    if (!begun) return begun;
  }
  if (request.method == Method::Invite || request.method == Method::Update) {
    const Carrier carrier = request.method == Method::Invite ? Carrier::Invite : Carrier::Update;
    // While it waited another one may have come and gone.
    const LegRequestHandle self = requests_.handle_of(request);
    const bool is_invite = request.method == Method::Invite;
    if (request.purpose != Purpose::Call) (is_invite ? leg.our_invite : leg.our_update) = self;
    (void)leg.offer_answer.pass(sdp::Side::Local, carrier, request.has_offer);
  }
  return begin_again(request, leg);
}

Result<void> Legs::begin_call_anew(LegRequest& request, Leg& leg) {
  LegGroup& group = leg.group;
  for (Leg* other = group.all.front(); other != nullptr; other = group.all.next(*other)) {
    if (other != &leg && other->stands()) tell_end(*other, {EndCause::ForkLost});
  }
  group.cseq = request.cseq;
  sip::HeaderIndex index;
  leg.dialog.begin_again(environment_.slabs, environment_.transactions.read(request.sent, index));
  leg.state = LegState::Calling;
  leg.services.get<ReliableReceiver>() = {};
  leg.offer_answer = {};
  if (!request.redirected) return {};
  leg.by_flow = group.by_flow = false;
  return leg.dialog.retarget(environment_.slabs, redirected_to(request, leg));
}

}  // namespace tipring::service
