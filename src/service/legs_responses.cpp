// Responses to the requests of legs: RFC 3261 8.1.3, 12.2.1.2, 13.2.2 and 14.1, RFC 3262 4, RFC 5057.
#include "dialog/route_set.h"
#include "service/leg_texts.h"
#include "service/legs.h"
#include "sip/headers.h"
#include "sip/session_body.h"
#include "sip/status.h"

namespace tipring::service {

using sdp::Carrier;
using sip::Method;
using transaction::EndReason;
using Phase = LegRequest::Phase;
using Purpose = LegRequest::Purpose;

namespace {

// Dialogs of one INVITE: those that ring; and with those that have answered too late, which end at
// once. Who finds no place repeats his 2xx until there is one.
constexpr uint32_t kForksMax = 8;
constexpr uint32_t kAnsweredForksMax = 16;
constexpr Millis kAckWait{20 * 1000};  // the peer gives up after 32 s
// For the answer to an INVITE within the dialog, as a proxy would wait for it (16.6 step 11): nothing else
// can be agreed meanwhile.
constexpr Millis kInviteWait{181 * 1000};

bool has_tag(const sip::MessageView& response) { return !response.to_tag().empty(); }

// RFC 5057 5.3.
bool is_of_call(Method method) {
  return method == Method::Invite || method == Method::Update || method == Method::Info;
}

bool tells_of_usage(uint16_t status) {
  return status == sip::status::kCallOrTransactionDoesNotExist ||
         status == sip::status::kRequestTimeout;
}

// RFC 5057 5.1: whether a failure of this request within the dialog ends the call.
bool ends_dialog(Method method, uint16_t status) {
  switch (status) {
    case sip::status::kNotFound:
    case sip::status::kGone:
    case sip::status::kUnsupportedUriScheme:
    case sip::status::kLoopDetected:
    case sip::status::kTooManyHops:
    case sip::status::kAddressIncomplete:
    case sip::status::kAmbiguous:
    case sip::status::kBadGateway:
    case sip::status::kDoesNotExistAnywhere: return true;
    default: return tells_of_usage(status) && is_of_call(method);
  }
}

// Of a call whose INVITE nobody has answered.
EndCause cause_of(uint16_t status) {
  if (status == sip::status::kRequestTimeout) return EndCause::Refused;
  return status == sip::status::kServerInternalError ? EndCause::Shortage : EndCause::Unreachable;
}

}  // namespace

void Legs::on_response(uint64_t id, ClientHandle client, const Incoming& response) {
  LegRequest* request = requests_.get(LegRequestHandle::from_u64(id));
  if (request == nullptr || request->client != client) return;
  const uint16_t status = response.message.status();
  if (sip::is_provisional(status)) on_provisional(*request, status);
  if (status == sip::status::kTrying) return;
  if (request->purpose == Purpose::Call) {
    return on_call_response(*request, *groups_.get(request->group), response);
  }
  Leg* leg = legs_.get(request->leg);
  if (leg == nullptr) return release(*request);
  const bool changes =
      request->purpose == Purpose::Application || request->purpose == Purpose::Refresh;
  if (changes) return on_dialog_response(*request, *leg, response);
  if (sip::is_provisional(status)) return;
  if (!sip::is_success(status) && goes_on(*request, *leg, response)) return;
  if (request->purpose == Purpose::Prack) {
    const bool success = sip::is_success(status);
    (void)leg->offer_answer.pass(sdp::Side::Remote,
                                 success ? Carrier::PrackSuccess : Carrier::PrackFailure,
                                 has_description(response.message));
  }
  release(*request);
}

// 9.1: what was cancelled before can be now.
void Legs::on_provisional(LegRequest& request, uint16_t status) {
  const bool first = request.phase == Phase::Sent;
  if (!first && request.phase != Phase::Proceeding) return;
  request.phase = Phase::Proceeding;
  const bool counts = first || status != sip::status::kTrying;
  if (counts && request.purpose != Purpose::Call && request.method == Method::Invite)
    environment_.timers.start(request.wait_timer, environment_.now() + kInviteWait);
  if (!first || !request.cancelled) return;
  const MessageRef& lines = request.cancel_lines;
  environment_.transactions.cancel(request.client, lines ? lines.view() : std::string_view());
}

void Legs::on_client_end(uint64_t id, ClientHandle client, EndReason reason) {
  LegRequest* request = requests_.get(LegRequestHandle::from_u64(id));
  if (request == nullptr || request->client != client) return;
  if (request->phase == Phase::Accepted) return on_forks_over(*request);
  if (reason == EndReason::TransportError) {
    request->selection.note_unreachable(stream_refusals_, environment_.now());
  }
  Leg* leg = legs_.get(request->leg);
  const bool may_go_on = request->phase == Phase::Sent && !request->cancelled && leg != nullptr &&
                         request->selection.has_next();
  if (may_go_on && try_next(*request, *leg, nullptr)) return;
  on_not_answered(*request, reason == EndReason::Timeout ? sip::status::kRequestTimeout
                                                         : sip::status::kServiceUnavailable);
}

// Timer M (RFC 6026 8.7): no further 2xx comes. 13.2.2.4: what has only rung is over.
void Legs::on_forks_over(LegRequest& request) {
  LegGroup* group = groups_.get(request.group);
  Leg* leg = group != nullptr ? group->all.front() : nullptr;
  release(request);
  for (; leg != nullptr; leg = group->all.next(*leg)) {
    leg->ack.reset();
    const bool only_rang = leg->state == LegState::Early || leg->state == LegState::Calling;
    if (only_rang) tell_end(*leg, {EndCause::ForkLost});
  }
}

void Legs::on_not_answered(LegRequest& request, uint16_t status) {
  if (request.purpose == Purpose::Call) {
    if (goes_elsewhere(request, *groups_.get(request.group))) return;
    return end_call(request, *groups_.get(request.group), {cause_of(status), status});
  }
  Leg* leg = legs_.get(request.leg);
  const Purpose purpose = request.purpose;
  const LegRequestInfo info = info_of(request);
  if (leg != nullptr) note_failure(*leg, request);
  release(request);
  if (leg == nullptr || !leg->stands()) return;
  if (purpose == Purpose::Ack) return lose_unreachable(*leg);
  if (purpose != Purpose::Application && purpose != Purpose::Refresh) return;
  if (purpose == Purpose::Application)
    leg->user->on_no_response(legs_.handle_of(*leg), leg->name, info, status);
  if (leg->stands()) judge_failure(*leg, purpose, info.method, status);
}

// --- to the INVITE of a call ---------------------------------------------------------------------

void Legs::on_call_response(LegRequest& request, LegGroup& group, const Incoming& response) {
  const uint16_t status = response.message.status();
  if (sip::is_provisional(status)) return on_call_progress(request, group, response);
  if (sip::is_success(status)) return on_call_success(request, group, response);
  if (goes_on_call(request, group, response)) return;
  end_call(request, group, {EndCause::Refused, status, &response.message});
}

// The dialog of a response; a new one where it was forked. Null for want of a place.
Leg* Legs::leg_for(LegGroup& group, const Incoming& response, bool tells) {
  const std::string_view tag = response.message.to_tag();
  uint32_t count = 0;
  for (Leg* leg = group.all.front(); leg != nullptr; leg = group.all.next(*leg)) {
    if (leg->state == LegState::Calling || leg->dialog.remote_tag() == tag) return leg;
    ++count;
  }
  Leg& first = *group.all.front();
  const bool answers = sip::is_success(response.message.status());
  Leg* leg = count < (answers ? kAnsweredForksMax : kForksMax)
                 ? make_leg(group, *first.user, first.name)
                 : nullptr;
  const bool known = leg != nullptr && leg->dialog.fork(environment_.slabs, first.dialog) &&
                     leg->dialog.learn_remote(environment_.slabs, response.message);
  if (!known) {
    if (leg != nullptr) release(*leg);
    ++counters_.refused;
    return nullptr;
  }
  leg->dialog.set_local_cseq(group.cseq);
  leg->is_caller = true;
  configure_session(*leg);
  leg->services.get<LegChallenge>() = first.services.get<LegChallenge>();
  (void)leg->offer_answer.pass(sdp::Side::Local, Carrier::Invite, !group.offerless);
  leg->told_end = !tells;
  leg->state = LegState::Early;
  note_answer_flow(*leg, response);
  group.forked = true;
  ++counters_.forks;
  if (tells) {
    leg->name = leg->user->on_fork(legs_.handle_of(*leg), legs_.handle_of(first), first.name);
  }
  return leg;
}

void Legs::on_call_progress(LegRequest&, LegGroup& group, const Incoming& incoming) {
  if (group.cancelled || group.settled) return;
  const sip::MessageView& response = incoming.message;
  Leg* leg = has_tag(response) ? leg_for(group, incoming, true) : group.all.front();
  if (leg == nullptr || !leg->stands()) return;
  using Verdict = ReliableReceiver::Verdict;
  const Verdict verdict = leg->services.get<ReliableReceiver>().on_provisional(response);
  if (verdict == Verdict::Drop) return;
  if (has_tag(response)) {
    if (!leg->dialog.learn_remote(environment_.slabs, response)) return;
    note_features(leg->peer, response);
    note_answer_flow(*leg, incoming);
    if (leg->state == LegState::Calling) leg->state = LegState::Early;
  }
  const bool reliable = verdict == Verdict::Acknowledge;
  const auto body = leg->offer_answer.pass(
      sdp::Side::Remote, reliable ? Carrier::ReliableProvisional : Carrier::Provisional,
      has_description(response));
  leg->prack_due = reliable;
  leg->user->on_progress(legs_.handle_of(*leg), leg->name, incoming);
  const bool offers = body && *body == sdp::Body::Offer;
  if (leg->prack_due && leg->stands() && !offers) (void)send_prack(*leg, {});
}

void Legs::on_call_success(LegRequest& request, LegGroup& group, const Incoming& incoming) {
  const sip::MessageView& response = incoming.message;
  request.phase = Phase::Accepted;
  const bool lost = group.cancelled || group.settled;
  Leg* leg = leg_for(group, incoming, !lost);
  if (leg == nullptr) return;
  if (leg->had_2xx) {  // 13.2.2.4: once more
    if (leg->ack) (void)environment_.transactions.send_stateless(leg->ack, leg->ack_flow);
    return;
  }
  if (const auto known = leg->dialog.learn_remote(environment_.slabs, response); !known) {
    // Where its texts are beyond what is kept of a dialog, it cannot be acknowledged either.
    group.cancelled = true;
    const bool shortage = known.error() == Error::PoolExhausted;
    if (!lost && leg->stands())
      tell_end(*leg, {shortage ? EndCause::Shortage : EndCause::Unreachable});
    return;
  }
  note_features(leg->peer, response);
  note_answer_flow(*leg, incoming);
  leg->services.get<ReliableReceiver>().close();
  leg->had_2xx = true;
  expect_ack(*leg, request, response, group.offerless);
  if (lost || !leg->stands()) return discard(group, *leg);
  group.settled = true;
  leg->state = LegState::Confirmed;
  ++counters_.answered;
  note_session(*leg, response);
  leg->user->on_answer(legs_.handle_of(*leg), leg->name, incoming);
  for (Leg* other = group.all.front(); other != nullptr; other = group.all.next(*other)) {
    if (other != leg && other->stands()) tell_end(*other, {EndCause::ForkLost});
  }
}

// An ACK is due for this 2xx to an INVITE of ours.
void Legs::expect_ack(Leg& leg, LegRequest& request, const sip::MessageView& response,
                      bool offerless) {
  const bool has_session = has_description(response);
  if (!leg.offer_answer.pass(sdp::Side::Remote, Carrier::Success, has_session)) {
    (void)leg.offer_answer.pass(sdp::Side::Remote, Carrier::Failure, false);
  }
  leg.ack_cseq = request.cseq;
  note_accepted(leg, request);
  leg.ack.reset();
  leg.offer.reset();
  if (offerless && has_session) {
    leg.offer = environment_.slabs.copy(sip::find_session_body(response).text);
  }
  leg.our_ack_due = true;
  environment_.timers.start(leg.wait_timer, environment_.now() + kAckWait);
}

// What the INVITE has said that is needed later; then it is not kept any more.
void Legs::note_accepted(Leg& leg, LegRequest& request) {
  leg.ack_credentials.reset();
  if (!request.sent) return;  // another of its forks was first
  sip::HeaderIndex index;
  const sip::MessageView sent = environment_.transactions.read(request.sent, index);
  HeaderLines lines;
  for (const sip::HeaderId id : {sip::HeaderId::Authorization, sip::HeaderId::ProxyAuthorization}) {
    for (const sip::HeaderView line : sent.headers(id)) lines.writer().header(id, line);
  }
  if (!lines.view().empty()) leg.ack_credentials = environment_.slabs.copy(lines.view());
  const sip::SessionBody offer = sip::find_session_body(sent);
  if (offer.status == sip::SessionBodyStatus::Found) remember(leg, offer.text);
  request.sent.reset();
}

// 13.2.2.4: acknowledged and ended, whoever has asked for it does not want it any more.
void Legs::discard(LegGroup& group, Leg& leg) {
  // One that the application has ended while it rang has had its BYE, and knows why.
  LegEnd end{group.cancelled ? EndCause::Cancelled : EndCause::ForkLost};
  if (!leg.stands()) end = leg.end;
  if (requests_.get(leg.bye) != nullptr) {
    acknowledge_and_reject(leg);
  } else {
    send_bye(leg, group.cancelled ? std::string_view() : kLostForkReason, end);
  }
  tell_end(leg, end);
}

// The application has forgotten it, or it could not be sent.
void Legs::on_ack_missing(Leg& leg) {
  if (!leg.our_ack_due) return;
  const LegEnd end{leg.ack_failed ? EndCause::Unreachable : EndCause::AckMissing};
  send_bye(leg, {}, end);
  tell_end(leg, end);
}

// Nobody has answered, or everybody has refused.
void Legs::end_call(LegRequest& request, LegGroup& group, LegEnd end) {
  if (group.cancelled) end.cause = EndCause::Cancelled;
  release(request);
  for (Leg* leg = group.all.front(); leg != nullptr; leg = group.all.next(*leg)) {
    if (leg->stands()) tell_end(*leg, end);
  }
}

// Of who is called by a flow that was given, and of who answers from elsewhere than his Contact says,
// nothing else is known to lead to him.
void Legs::note_answer_flow(Leg& leg, const Incoming& response) {
  leg.flow = response.flow;
  leg.by_flow = !leg.dialog.has_routes() &&
                (leg.group.by_flow || dialog::is_reached_by_flow(response.message, response.flow));
}

// --- within the dialog ---------------------------------------------------------------------------

LegRequestInfo Legs::info_of(const LegRequest& request) const {
  return {requests_.handle_of(request), request.method, request.tag};
}

// It was not accepted: an offer in it is as if it had not been made. Of one that waits that is known
// already, and what is open by now is another's.
void Legs::note_failure(Leg& leg, const LegRequest& request) {
  if (request.phase == Phase::Waiting) return;
  if (request.method == Method::Invite) {
    (void)leg.offer_answer.pass(sdp::Side::Remote, Carrier::Failure, false);
  }
  if (request.method == Method::Update) {
    (void)leg.offer_answer.pass(sdp::Side::Remote, Carrier::UpdateFailure, false);
  }
}

void Legs::on_dialog_response(LegRequest& request, Leg& leg, const Incoming& incoming) {
  const sip::MessageView& response = incoming.message;
  const uint16_t status = response.status();
  const LegRequestInfo info = info_of(request);
  const LegHandle handle = legs_.handle_of(leg);
  // A refusal may be a proxy's.
  if (!sip::is_failure(status)) note_allowed(leg.peer, response);
  if (sip::is_provisional(status)) {
    if (leg.stands()) leg.user->on_response(handle, leg.name, info, incoming);
    return;
  }
  if (request.method == Method::Invite && sip::is_success(status)) {
    return on_changed(request, leg, incoming);
  }
  if (sip::is_success(status)) {
    note_success(leg, request, response);
  } else {
    if (leg.stands() && goes_on(request, leg, incoming)) return;
    note_failure(leg, request);
  }
  const Purpose purpose = request.purpose;
  const bool refreshes = purpose == Purpose::Refresh;
  release(request);
  if (!leg.stands()) return;
  if (refreshes && sip::is_success(status)) return;
  if (!refreshes) leg.user->on_response(handle, leg.name, info, incoming);
  if (leg.stands()) judge_failure(leg, purpose, info.method, status);
}

// 12.2.1.2 has any 481 or silence end the dialog. RFC 5057 5.3: a request that is no part of the call
// tells nothing of it; so the call itself is asked about, by a refresh of its session.
void Legs::judge_failure(Leg& leg, Purpose purpose, Method method, uint16_t status) {
  if (ends_dialog(method, status)) return lose(leg, status);
  if (purpose == Purpose::Refresh) return on_refresh_failed(leg);
  if (tells_of_usage(status) && leg.state == LegState::Confirmed) refresh(leg);
}

void Legs::note_success(Leg& leg, const LegRequest& request, const sip::MessageView& response) {
  DigestClientAuth& auth = leg.services.get<LegChallenge>().auth;
  if (auth.has_answers()) auth.on_success(environment_.slabs, response);
  if (request.method != Method::Update) return;
  leg.dialog.refresh_target(environment_.slabs, response);
  (void)leg.offer_answer.pass(sdp::Side::Remote, Carrier::UpdateSuccess, has_description(response));
  leg.services.get<LegGlare>().glare.settle();
  note_session(leg, response);
}

// A 2xx to a re-INVITE. RFC 5407 3.2.3: it is acknowledged also where BYE has been sent meanwhile.
void Legs::on_changed(LegRequest& request, Leg& leg, const Incoming& incoming) {
  if (request.phase == Phase::Accepted) {
    if (leg.ack) (void)environment_.transactions.send_stateless(leg.ack, leg.ack_flow);
    return;
  }
  request.phase = Phase::Accepted;
  const LegRequestInfo info = info_of(request);
  leg.dialog.refresh_target(environment_.slabs, incoming.message);
  note_features(leg.peer, incoming.message);
  leg.services.get<LegGlare>().glare.settle();
  expect_ack(leg, request, incoming.message, !request.has_offer);
  if (leg.stands()) {
    note_session(leg, incoming.message);
    if (request.purpose == Purpose::Refresh) return (void)send_ack(leg, {});
    return leg.user->on_response(legs_.handle_of(leg), leg.name, info, incoming);
  }
  acknowledge_and_reject(leg);
  reap_later(leg);
}

// The Contact of his 2xx leads nowhere: he would repeat it until he ends the call by himself.
void Legs::lose_unreachable(Leg& leg) {
  const LegEnd end{EndCause::Unreachable};
  send_bye(leg, {}, end);
  tell_end(leg, end);
}

// RFC 5057: the peer has lost the dialog, or cannot be asked about it. Who says that he knows of none
// needs no BYE; but he may ring.
void Legs::lose(Leg& leg, uint16_t status) {
  const LegEnd end{EndCause::DialogLost, status};
  const bool rings = leg.state == LegState::Early && is_alone(leg);
  if (rings || status != sip::status::kCallOrTransactionDoesNotExist) end_dialog(leg, {}, end);
  tell_end(leg, end);
}

}  // namespace tipring::service
