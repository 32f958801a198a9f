// From the answer of a phone to the call that stands: RFC 3261 13.2.2 and 13.3.1, RFC 3264.
#include "server/b2bua/b2bua.h"
#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::b2bua {

namespace {

constexpr std::string_view kElsewhere =
    "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n";
constexpr std::string_view kBroken = "Reason: SIP;cause=488;text=\"Unusable answer\"\r\n";
constexpr std::string_view kCallerGone = "Reason: SIP;cause=487\r\n";

}  // namespace

void B2bua::on_answer(LegHandle, uint64_t name, const Incoming& response) {
  CallLeg* leg = find(name);
  if (leg == nullptr) return;
  Call& call = leg->call;
  HuntOrders orders;
  if (!call.hunt.on_answered(leg->member, orders)) {
    (void)legs_.ack(leg->leg);
    return leave(*leg, kElsewhere);
  }
  // The others first: their phones are to be silent at once.
  call.ringing.remove(*leg);
  call.callee = leg;
  note(call, transport::Decision::MemberAnswered, {name_of_member(call, leg->member)});
  leave_ringing(call, kElsewhere);
  call.timer.cancel();
  by_invite_.erase(call);
  note_flow(*leg, response.flow);
  join(call, *leg, response.message, orders.stop);
}

// The caller gets the 200, with an answer to his offer or with the offer of whom he has called.
// `others` rang beside him.
void B2bua::join(Call& call, CallLeg& leg, const sip::MessageView& response, MemberSet others) {
  const sip::SessionBody body = sip::find_session_body(response);
  const bool found = body.status == sip::SessionBodyStatus::Found;
  Written written;
  if (call.has_offer) {
    written = write_last_answer(leg, found ? body.text : std::string_view());
  } else if (found) {
    written = write_offer(leg, body.text, *call.caller);
  }
  if (written.fault == 0 && written.text.empty()) written.fault = sip::status::kServerInternalError;
  if (written.fault != 0) {
    count_broken(call, others);
    return break_off(call, leg, body.text, written.fault);
  }
  count_answer(call, others);
  service::LegReply reply;
  reply.content = content_of(response, Passage::Answer, written.text);
  if (!legs_.respond(call.caller->leg, {}, response.status(), reply)) {
    acknowledge(leg, call.has_offer ? std::string_view() : body.text);
    call.state = CallState::Answered;  // so that its end is counted too
    call.answered_at = environment_.now();
    return finish(call, kCallerGone, kCallerGone);
  }
  note_answered(call);
  if (call.has_offer) {
    (void)legs_.ack(leg.leg);
  } else {
    call.ack_due = &leg;
  }
  call.early_answer.reset();
}

void B2bua::note_answered(Call& call) {
  ++counters_.answered;
  environment_.calls.figures().on_confirmed();
  call.state = CallState::Answered;
  call.answered_at = environment_.now();
  log_answer(call, sip::status::kOk);
  record_answer(*call.callee);
  record_answer(call);
}

// R18.5: an answer that cannot be carried ends the callee's leg, and the caller is told.
void B2bua::break_off(Call& call, CallLeg& leg, std::string_view description, uint16_t status) {
  ++counters_.broken;
  acknowledge(leg, call.has_offer ? std::string_view() : description);
  call.media.abandon();
  call.callee = nullptr;
  close_record(leg, status);
  leave(leg, kBroken);
  refuse_caller(call, status);
}

// The ACK to a 2xx that comes to nothing. An offer in it gets its answer all the same: all streams
// are rejected.
void B2bua::acknowledge(CallLeg& leg, std::string_view offer) {
  service::LegContent content;
  const Written written = offer.empty() ? Written{} : write_rejection(leg, offer);
  if (written.fault == 0 && !written.text.empty()) {
    content.content_type = kSdpType;
    content.body = written.text;
  }
  (void)legs_.ack(leg.leg, content);
}

// --- the ACK -------------------------------------------------------------------------------------

// RFC 5407 3.1.4: who asks anew has had our 200, though his ACK was lost. It is not waited for any more.
void B2bua::note_answer_heard(Call& call) {
  if (call.state != CallState::Answered || call.ack_due != nullptr) return;
  call.state = CallState::Talking;
  call.media.settle();
  if (call.apart) await_turn(call, kLater);  // unless what he asks for settles it
}

// Of the caller to our 200, and of either side to one within the call. It brings the answer where our
// 2xx brought the offer.
void B2bua::on_ack(LegHandle, uint64_t name, const Incoming& ack) {
  CallLeg* from = find(name);
  if (from == nullptr) return;
  Call& call = from->call;
  if (from == call.replaced && call.ack_due == nullptr) return;
  note_flow(*from, ack.flow);
  if (from->is_caller() && call.state == CallState::Answered) call.state = CallState::Talking;
  CallLeg* to = call.ack_due;
  if (to == nullptr || to == from) {
    call.media.settle();
    return realign_when_settled(call);
  }
  call.ack_due = nullptr;
  const sip::SessionBody body = sip::find_session_body(ack.message);
  const auto view = legs_.view(to->leg);
  const bool has_waited = view && view->invite;  // his INVITE, for this answer (picking_up.cpp)
  Written written;
  if (has_waited && to->is_caller()) {
    written = write_last_answer(*from, body.text);
  } else if (body.status == sip::SessionBodyStatus::Found) {
    written = write_answer(*from, body.text, *to);
  }
  if (written.fault != 0 || written.text.empty()) {
    // Whoever offered is not told that anything has been agreed.
    ++counters_.broken;
    (void)legs_.ack(to->leg);
    call.media.abandon();
    return finish(call, kBroken, kBroken);
  }
  service::LegContent content;
  content.content_type = kSdpType;
  content.body = written.text;
  if (has_waited && !answer_with(*to, written.text)) return finish(call, kCallerGone, kCallerGone);
  if (!has_waited) (void)legs_.ack(to->leg, content);
  call.media.settle();
}

}  // namespace tipring::b2bua
