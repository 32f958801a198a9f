// What the two sides believe of the session has come apart: the caller has been given the early answer
// of one phone and another has answered, or a change was agreed to that its maker did not wait for. We
// bring them together: the one is asked for an offer, the other one gets it, and his answer goes back
// in the ACK (RFC 3261 14.1, RFC 3725 7).
#include <utility>

#include "server/b2bua/b2bua.h"
#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::b2bua {

namespace {

constexpr std::string_view kBroken = "Reason: SIP;cause=488;text=\"Unusable answer\"\r\n";

}  // namespace

// REQUIRES: the call is joined.
void B2bua::realign(Call& call, const CallLeg& asked) {
  Carried* place = free_place(call);
  if (place == nullptr || call.other(asked) == nullptr) return;  // it stays as it is
  call.apart = false;
  *place = {};
  place->is_free = false;
  place->own = true;
  place->method = sip::Method::Invite;
  place->from_caller = !asked.is_caller();
  ask_for_offer(call, *place);
}

void B2bua::ask_for_offer(Call& call, Carried& carried) {
  CallLeg* asked = carried.from_caller ? call.callee : call.caller;
  const CallLeg* other = asked == nullptr ? nullptr : call.other(*asked);
  const auto one = legs_.view(asked == nullptr ? LegHandle() : asked->leg);
  const auto two = legs_.view(other == nullptr ? LegHandle() : other->leg);
  carried.is_free = !one || !two;
  if (carried.is_free) return;
  if (!one->is_settled || !two->is_settled) return wait_for_turn(call, carried);
  const auto sent = legs_.request(asked->leg, sip::Method::Invite, {});
  carried.is_free = !sent;
  if (!sent) return;
  carried.request = *sent;
  carried.to = call_legs_.handle_of(*asked);
}

// A final response to what we have asked for by ourselves.
void B2bua::on_realigned(CallLeg& leg, const Carried& carried, const sip::MessageView& response) {
  Call& call = leg.call;
  if (!sip::is_success(response.status())) return give_up_realigning(call);
  const std::string_view text = sip::find_session_body(response).text;
  if (!carried.has_offer) return offer_anew(leg, text);
  (void)legs_.ack(leg.leg);
  CallLeg* asked = call.ack_due;
  if (asked == nullptr) return;
  const Written written = write_answer(leg, text, *asked);
  if (written.fault != 0) return give_up_realigning(call);
  service::LegContent content;
  content.content_type = kSdpType;
  content.body = written.text;
  call.ack_due = nullptr;
  (void)legs_.ack(asked->leg, content);
  call.media.settle();
}

// The offer that was asked for goes to the other side.
void B2bua::offer_anew(CallLeg& asked, std::string_view offer) {
  Call& call = asked.call;
  CallLeg* to = call.other(asked);
  Carried* place = free_place(call);
  call.ack_due = &asked;
  if (to == nullptr || place == nullptr) return give_up_realigning(call);
  if (call.replaced != nullptr) return put_off_realigning(call);
  const Written written = write_offer(asked, offer, *to);
  if (written.fault != 0) return give_up_realigning(call);
  service::LegContent content;
  content.content_type = kSdpType;
  content.body = written.text;
  const auto sent = legs_.request(to->leg, sip::Method::Invite, content);
  if (!sent && sent.error() == Error::Busy) return put_off_realigning(call);
  if (!sent) return give_up_realigning(call);
  *place = {};
  place->is_free = false;
  place->own = true;
  place->method = sip::Method::Invite;
  place->from_caller = asked.is_caller();
  place->has_offer = true;
  place->request = *sent;
  place->to = call_legs_.handle_of(*to);
}

// Nobody can be made the offer that was asked for, since another is about to take a place in the call, or
// has something of his own under way. Its maker gets an answer that takes nothing of it (RFC 3264 6). What
// waits for its turn settles the session; else he is asked once more.
void B2bua::put_off_realigning(Call& call) {
  CallLeg& asked = *std::exchange(call.ack_due, nullptr);
  call.media.abandon();
  const auto view = legs_.view(asked.leg);
  acknowledge(asked, view ? view->offer : std::string_view());
  call.apart = true;
  if (call.replaced == nullptr && !any_waits(call)) realign(call, asked);
}

// Who has refused to make an offer leaves the call as it is. An offer that comes to nothing has been
// made all the same: its maker believes in it, and the call is broken.
void B2bua::give_up_realigning(Call& call) {
  if (call.ack_due == nullptr) return;
  if (call.replaced != nullptr) return put_off_realigning(call);
  ++counters_.broken;
  call.media.abandon();
  finish(call, kBroken, kBroken);
}

bool B2bua::is_realigning(const Call& call) {
  for (const Carried& carried : call.carried) {
    if (!carried.is_free && carried.own) return true;
  }
  return false;
}

}  // namespace tipring::b2bua
