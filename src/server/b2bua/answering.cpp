// From the first sign of a phone to the call that stands: RFC 3261 13.2.2 and 13.3.1, RFC 3264.
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

// SPEC C24: a description goes to the caller before the answer only where no other phone can answer
// with another one; else he hears once that it rings.
void B2bua::on_progress(LegHandle, uint64_t name, const Incoming& response) {
  CallLeg* leg = find(name);
  if (leg == nullptr || leg->call.state != CallState::Hunting) return;
  Call& call = leg->call;
  note_flow(*leg, response.flow);
  const sip::SessionBody body = sip::find_session_body(response.message);
  const bool has_session = body.status == sip::SessionBodyStatus::Found && call.has_offer;
  if (!call.alone) {
    if (!call.rang) call.rang = tell_ringing(call, {});
    return;
  }
  std::string_view answer;
  if (has_session) {
    const Written written = write_answer(*leg, body.text, *call.caller);
    if (written.fault == 0) answer = written.text;
  }
  service::LegReply reply;
  reply.content = content_of(response.message, Passage::Answer, answer);
  if (answer.empty() && response.message.status() == sip::status::kRinging) {
    if (!call.rang) call.rang = tell_ringing(call, reply.content.lines);
    return;
  }
  if (!answer.empty()) call.early_answer = environment_.slabs.copy(answer);
  (void)legs_.respond(call.caller->leg, {}, response.message.status(), reply);
}

bool B2bua::tell_ringing(Call& call, std::string_view lines) {
  service::LegReply reply;
  reply.content.lines = lines;
  return legs_.respond(call.caller->leg, {}, sip::status::kRinging, reply).has_value();
}

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
  leave_ringing(call, kElsewhere);
  call.timer.cancel();
  by_invite_.erase(call);
  note_flow(*leg, response.flow);
  count_answer(call, orders.stop);
  join(call, *leg, response.message);
}

// The caller gets the 200, with an answer to his offer or with the offer of whom he has called.
void B2bua::join(Call& call, CallLeg& leg, const sip::MessageView& response) {
  const sip::SessionBody body = sip::find_session_body(response);
  const bool found = body.status == sip::SessionBodyStatus::Found;
  Written written;
  if (!found) {
    if (call.early_answer) written.text = call.early_answer.view();
  } else if (call.has_offer) {
    written = write_answer(leg, body.text, *call.caller);
  } else {
    written = write_offer(leg, body.text, *call.caller);
  }
  if (written.fault == 0 && written.text.empty()) written.fault = sip::status::kServerInternalError;
  if (written.fault != 0) return break_off(call, leg, body.text, written.fault);
  service::LegReply reply;
  reply.content = content_of(response, Passage::Answer, written.text);
  if (!legs_.respond(call.caller->leg, {}, response.status(), reply)) {
    acknowledge(leg, call.has_offer ? std::string_view() : body.text);
    return finish(call, kCallerGone, kCallerGone);
  }
  ++counters_.answered;
  call.state = CallState::Answered;
  call.answered_at = environment_.now();
  log_answer(call, sip::status::kOk);
  if (call.has_offer) {
    (void)legs_.ack(leg.leg);
  } else {
    call.ack_due = &leg;
  }
  call.early_answer.reset();
}

// R18.5: an answer that cannot be carried ends the callee's leg, and the caller is told.
void B2bua::break_off(Call& call, CallLeg& leg, std::string_view description, uint16_t status) {
  ++counters_.broken;
  acknowledge(leg, call.has_offer ? std::string_view() : description);
  call.media.abandon();
  call.callee = nullptr;
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
}

// Of the caller to our 200, and of either side to one within the call. It brings the answer where our
// 2xx brought the offer.
void B2bua::on_ack(LegHandle, uint64_t name, const Incoming& ack) {
  CallLeg* from = find(name);
  if (from == nullptr) return;
  Call& call = from->call;
  if (from == call.replaced) return;
  note_flow(*from, ack.flow);
  if (from->is_caller() && call.state == CallState::Answered) call.state = CallState::Talking;
  CallLeg* to = call.ack_due;
  if (to == nullptr || to == from) return call.media.settle();
  call.ack_due = nullptr;
  const sip::SessionBody body = sip::find_session_body(ack.message);
  Written written;
  if (body.status == sip::SessionBodyStatus::Found) written = write_answer(*from, body.text, *to);
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
  (void)legs_.ack(to->leg, content);
  call.media.settle();
}

}  // namespace tipring::b2bua
