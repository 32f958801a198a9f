// What the two sides believe of the session has come apart: the caller has been given the early answer
// of one phone and another has answered, or a change was agreed to that its maker did not wait for. We
// bring them together: the one is asked for an offer, the other one gets it, and his answer goes back
// in the ACK (RFC 3261 14.1, RFC 3725 7).
#include <algorithm>
#include <utility>

#include "server/b2bua/b2bua.h"
#include "service/session_headers.h"
#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::b2bua {

namespace {

constexpr std::string_view kBroken = "Reason: SIP;cause=488;text=\"Unusable answer\"\r\n";
constexpr uint8_t kRealigningsMax = 4;

}  // namespace

void B2bua::note_apart(Call& call, bool is_mute) {
  call.apart = true;
  if (is_mute && !call.is_mute) call.realignings = 0;  // who were left to it hear nothing now
  call.is_mute = call.is_mute || is_mute;
}

void B2bua::note_together(Call& call) {
  call.apart = call.is_mute = false;
  call.realignings = 0;
}

// Whether a request is under way that changes the session, or may yet.
bool B2bua::is_changing(const Call& call) {
  if (call.state != CallState::Talking || call.replaced != nullptr || call.ack_due != nullptr)
    return true;
  return std::any_of(call.carried.begin(), call.carried.end(), [](const Carried& carried) {
    return !carried.is_free && service::is_session_refresh(carried.method);
  });
}

// What is under way may settle the session; where it does not, they are brought together after it.
void B2bua::realign_when_settled(Call& call) {
  if (!call.apart || !call.is_joined() || call.realignings == kRealigningsMax) return;
  if (is_changing(call)) return await_turn(call, kLater);
  realign(call, call.asks_caller ? *call.caller : *call.callee);
}

void B2bua::realign(Call& call, const CallLeg& asked) {
  Carried* place = free_place(call);
  if (place == nullptr) return await_turn(call, kLater);
  const auto one = legs_.view(asked.leg);
  const auto two = legs_.view(call.other(asked)->leg);
  if (!one || !two) return;
  if (!one->is_settled || !two->is_settled) return await_turn(call, kTurn);
  const auto sent = legs_.request(asked.leg, sip::Method::Invite, {});
  if (!sent) return await_turn(call, kLater);
  *place = {};
  place->is_free = false;
  place->own = true;
  place->method = sip::Method::Invite;
  place->request = *sent;
  place->to = call_legs_.handle_of(asked);
}

// A final response to what we have asked for by ourselves.
void B2bua::on_realigned(CallLeg& leg, const Carried& carried, const sip::MessageView& response) {
  Call& call = leg.call;
  if (!sip::is_success(response.status())) return give_up_realigning(call, response.status());
  const sip::SessionBody body = sip::find_session_body(response);
  const bool has_session = body.status != sip::SessionBodyStatus::None;
  if (!carried.has_offer && has_session) return offer_anew(leg, body.text);
  (void)legs_.ack(leg.leg);
  if (!carried.has_offer) return on_realigning_failed(call, sip::status::kNotAcceptableHere);
  CallLeg* asked = call.ack_due;
  if (asked == nullptr) {  // another has his place
    call.media.abandon();
    return realign_when_settled(call);
  }
  const Written written = write_answer(leg, body.text, *asked);
  if (written.fault != 0) return give_up_realigning(call, written.fault);
  service::LegContent content;
  content.content_type = kSdpType;
  content.body = written.text;
  call.ack_due = nullptr;
  (void)legs_.ack(asked->leg, content);
  call.media.settle();
  note_together(call);
}

// The offer that was asked for goes to the other side.
void B2bua::offer_anew(CallLeg& asked, std::string_view offer) {
  Call& call = asked.call;
  CallLeg* to = call.other(asked);
  Carried* place = free_place(call);
  call.ack_due = &asked;
  if (to == nullptr || place == nullptr)
    return give_up_realigning(call, sip::status::kServerInternalError);
  if (call.replaced != nullptr) return put_off_realigning(call, kTurn);
  const Written written = write_offer(asked, offer, *to);
  if (written.fault != 0) return give_up_realigning(call, written.fault);
  service::LegContent content;
  content.content_type = kSdpType;
  content.body = written.text;
  const auto sent = legs_.request(to->leg, sip::Method::Invite, content);
  if (!sent && sent.error() == Error::Busy) return put_off_realigning(call, kTurn);
  if (!sent) return give_up_realigning(call, sip::status::kServerInternalError);
  *place = {};
  place->is_free = false;
  place->own = true;
  place->method = sip::Method::Invite;
  place->has_offer = true;
  place->request = *sent;
  place->to = call_legs_.handle_of(*to);
}

// Nobody can be made the offer that was asked for, since another is about to take a place in the call, or
// has something of his own under way. Its maker gets an answer that takes nothing of it (RFC 3264 6), and
// is asked once more, unless what is under way settles the session.
void B2bua::put_off_realigning(Call& call, Millis delay) {
  CallLeg& asked = *std::exchange(call.ack_due, nullptr);
  call.media.abandon();
  const auto view = legs_.view(asked.leg);
  acknowledge(asked, view ? view->offer : std::string_view());
  note_apart(call, true);
  await_turn(call, delay);
}

// An offer that comes to nothing has been made all the same: its maker believes in it, and the call is
// broken. A 491 says nothing of the offer (14.1).
void B2bua::give_up_realigning(Call& call, uint16_t status) {
  if (call.ack_due == nullptr) return on_realigning_failed(call, status);
  if (call.replaced != nullptr) return put_off_realigning(call, kTurn);
  if (status == sip::status::kRequestPending) {
    put_off_realigning(call, kLater);
    return on_realigning_failed(call, status);
  }
  ++counters_.broken;
  call.media.abandon();
  finish(call, kBroken, kBroken);
}

// Who makes no offer leaves the session as it is (14.1), and the other one is asked. Where both refuse
// again and again, those who may still hear each other are left to it; a call in which nobody ever hears
// anything is of use to none.
void B2bua::on_realigning_failed(Call& call, uint16_t status) {
  const bool is_pending = status == sip::status::kRequestPending;
  if (!is_pending) call.asks_caller = !call.asks_caller;
  if (++call.realignings < kRealigningsMax) {
    const bool is_others_turn = !is_pending && call.realignings % 2 != 0;
    return await_turn(call, is_others_turn ? kTurn : kLater);
  }
  if (!call.is_mute) return;
  ++counters_.broken;
  finish(call, kBroken, kBroken);
}

bool B2bua::is_realigning(const Call& call) {
  for (const Carried& carried : call.carried) {
    if (!carried.is_free && carried.own) return true;
  }
  return false;
}

}  // namespace tipring::b2bua
