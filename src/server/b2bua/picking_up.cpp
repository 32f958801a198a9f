// An INVITE whose Replaces names a phone that rings picks up its call: RFC 3891 3 and 7.1. The one who
// sends it is joined with the caller in place of all that ring, which are cancelled.
//
// The caller's INVITE and the new one meet here, and both may bring an offer. Where only one does, it
// goes to the other one in our 200, and comes back as an answer with the ACK. Where both do, both are
// answered as on hold, and brought together when they have sent their ACKs (realigning.cpp).
#include "sdp/rules.h"
#include "server/b2bua/b2bua.h"
#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::b2bua {

namespace {

constexpr std::string_view kElsewhere =
    "Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n";

}  // namespace

// REQUIRES: judge_replaces() allows it.
void B2bua::pick_up(CallLeg& rung, const Incoming& incoming, Handle<store::User> by) {
  Call& call = rung.call;
  CallLeg* leg = take_in(call, media::Side::Callee, incoming);
  if (leg == nullptr) return;
  const auto view = legs_.view(call.caller->leg);
  const MessageRef kept = view ? environment_.transactions.request_of(view->invite) : MessageRef();
  sip::HeaderIndex room;
  const sip::SessionBody body = sip::find_session_body(incoming.message);
  uint16_t fault = sip::status::kNotAcceptableHere;  // nobody has offered anything
  if (!kept) {
    fault = sip::status::kCallOrTransactionDoesNotExist;
  } else if (body.status == sip::SessionBodyStatus::Malformed) {
    fault = sip::status::kBadRequest;
  } else if (body.status == sip::SessionBodyStatus::Encoded) {
    fault = sip::status::kUnsupportedMediaType;
  } else if (body.status == sip::SessionBodyStatus::Found && call.has_offer) {
    fault = answer_both_held(call, *leg, body.text, environment_.transactions.read(kept, room));
  } else if (body.status == sip::SessionBodyStatus::Found) {
    fault = pass_offer(*leg, body.text, *call.caller);
  } else if (call.has_offer) {
    const sip::MessageView invite = environment_.transactions.read(kept, room);
    fault = pass_offer(*call.caller, sip::find_session_body(invite).text, *leg);
  }
  if (fault == 0) return settle_pick_up(call, *leg, by);
  // The call rings on.
  (void)legs_.respond(leg->leg, {}, fault, {});
  leave(*leg, {});
}

// 0, or why not.
uint16_t B2bua::answer_both_held(Call& call, CallLeg& leg, std::string_view offer,
                                 const sip::MessageView& invite) {
  const std::string_view callers = sip::find_session_body(invite).text;
  const auto one = sdp::parse_description(callers);
  const auto other = sdp::parse_description(offer);
  if (!other) return sdp::status_for(other.error().fault);
  if (!one || !sdp::can_meet(*one, *other)) return sip::status::kNotAcceptableHere;
  const Written written = write_hold(leg, offer);
  if (written.fault != 0) return written.fault;
  if (!answer_with(leg, written.text)) return sip::status::kServerInternalError;
  const Written held =
      call.early_answer ? Written{0, call.early_answer.view()} : write_hold(*call.caller, callers);
  if (held.fault != 0 || !answer_with(*call.caller, held.text))
    return sip::status::kServerInternalError;
  call.media.abandon();
  note_apart(call, true);
  // A later offer has no fewer m= lines than what was agreed before it (RFC 3264 8).
  call.asks_caller = one->media_count > other->media_count;
  return 0;
}

// The offer of the one in the 200 to the other.
uint16_t B2bua::pass_offer(CallLeg& from, std::string_view offer, CallLeg& to) {
  const Written written = write_offer(from, offer, to);
  if (written.fault != 0) return written.fault;
  if (!answer_with(to, written.text)) return sip::status::kServerInternalError;
  from.call.ack_due = &from;
  return 0;
}

bool B2bua::answer_with(CallLeg& leg, std::string_view description) {
  service::LegReply reply;
  reply.content.content_type = kSdpType;
  reply.content.body = description;
  return legs_.respond(leg.leg, {}, sip::status::kOk, reply).has_value();
}

// The new one has the call, and those who ring have not.
void B2bua::settle_pick_up(Call& call, CallLeg& leg, Handle<store::User> by) {
  const HuntOrders orders = call.hunt.end();
  call.callee = &leg;
  leave_ringing(call, kElsewhere);
  call.timer.cancel();
  by_invite_.erase(call);
  count_pick_up(call, orders.stop, by);
  open_record(leg);
  note_answered(call);
}

}  // namespace tipring::b2bua
