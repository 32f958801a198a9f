// Requests within the call, from one leg to the other: RFC 3261 12.2 and 14, RFC 3311, 6086, 3515,
// 3428. What is answered here is what concerns one leg alone.
#include <algorithm>

#include "core/text.h"
#include "server/b2bua/b2bua.h"
#include "service/session_headers.h"
#include "service/transfer.h"
#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::b2bua {

namespace {

using service::ClientVerdict;
using service::LegVerdict;

constexpr std::string_view kBroken = "Reason: SIP;cause=488;text=\"Unusable answer\"\r\n";
constexpr std::string_view kRetrySoon = "Retry-After: 2\r\n";
constexpr uint8_t kTurnsMax = 15;

// A status that a phone gave to us, as the other one is to hear it. What it asked of us, nobody else
// can give.
uint16_t status_across(uint16_t status) {
  switch (status) {
    case sip::status::kUnauthorized:
    case sip::status::kProxyAuthenticationRequired: return sip::status::kForbidden;
    case sip::status::kBadExtension:
    case sip::status::kExtensionRequired: return sip::status::kNotAcceptableHere;
    default: return status;
  }
}

}  // namespace

LegVerdict B2bua::on_request(LegHandle, uint64_t name, service::ServerHandle server,
                             const Incoming& incoming) {
  CallLeg* from = find(name);
  if (from == nullptr) return LegVerdict::Unknown;
  const sip::MessageView& request = incoming.message;
  Call& call = from->call;
  note_flow(*from, incoming.flow);
  if (request.method() == sip::Method::Invite && from->is_caller()) note_answer_heard(call);
  const sip::SessionBody body = sip::find_session_body(request);
  const bool has_session = body.status != sip::SessionBodyStatus::None;
  // The session timer and the target of this leg are all that it is about: RFC 4028 7.4, RFC 3311.
  if (request.method() == sip::Method::Update && !has_session) {
    (void)legs_.respond(from->leg, server, sip::status::kOk, {});
    return LegVerdict::Taken;
  }
  // An offer in a PRACK would need an answer from a phone that has had no such request.
  if (request.method() == sip::Method::Prack) {
    (void)legs_.respond(from->leg, server,
                        has_session ? sip::status::kNotAcceptableHere : sip::status::kOk, {});
    return LegVerdict::Taken;
  }
  CallLeg* to = call.is_joined() ? call.other(*from) : early_other(*from);
  if (to == nullptr || from == call.replaced) {
    refuse(*from, server, sip::status::kServerInternalError, kRetrySoon);
    return LegVerdict::Taken;
  }
  return carry(*from, *to, server, request);
}

// While it rings a call has another side only where that can be but one.
CallLeg* B2bua::early_other(const CallLeg& from) const {
  const Call& call = from.call;
  if (!is_alone(call)) return nullptr;
  return from.is_caller() ? call.ringing.front() : call.caller;
}

LegVerdict B2bua::carry(CallLeg& from, CallLeg& to, service::ServerHandle server,
                        const sip::MessageView& request) {
  Call& call = from.call;
  Carried* place = free_place(call);
  if (place == nullptr) {
    refuse(from, server, sip::status::kServerInternalError, kRetrySoon);
    return LegVerdict::Taken;
  }
  *place = {};
  place->server = server;
  place->from = call_legs_.handle_of(from);
  place->to = call_legs_.handle_of(to);
  place->method = request.method();
  switch (pass_on(from, to, *place, request)) {
    case Passed::Sent: place->is_free = false; break;
    case Passed::Unknown: return LegVerdict::Unknown;
    case Passed::Refused: break;
    case Passed::Busy:
      place->is_free = false;
      wait_for_turn(call, *place);
      break;
  }
  return LegVerdict::Taken;
}

B2bua::Passed B2bua::pass_on(CallLeg& from, CallLeg& to, Carried& carried,
                             const sip::MessageView& request) {
  Call& call = from.call;
  const auto refused = [&](uint16_t status, std::string_view lines = {}) {
    refuse(from, carried.server, status, lines);
    return Passed::Refused;
  };
  std::string_view description;
  const sip::SessionBody body = sip::find_session_body(request);
  if (service::is_session_refresh(request.method()) &&
      body.status != sip::SessionBodyStatus::None) {
    if (body.status == sip::SessionBodyStatus::Malformed) return refused(sip::status::kBadRequest);
    if (body.status == sip::SessionBodyStatus::Encoded)
      return refused(sip::status::kUnsupportedMediaType);
    // The offer of the other side has no answer yet, or one of ours: RFC 3261 14.1.
    if ((call.media.offer_open() && call.state != CallState::Talking) || is_realigning(call))
      return refused(sip::status::kRequestPending);
    if (has_open_offer(call, carried)) return Passed::Busy;
    const Written written = write_offer(from, body.text, to);
    if (written.fault != 0) return refused(written.fault);
    description = written.text;
    carried.has_offer = true;
  }
  const auto sent = legs_.request(
      to.leg, request.method(),
      name_referral(from, request, content_of(request, Passage::Within, description)));
  if (sent) {
    carried.request = *sent;
    return Passed::Sent;
  }
  if (carried.has_offer) call.media.abandon();
  carried.has_offer = false;
  if (sent.error() == Error::Invalid) return Passed::Unknown;
  if (sent.error() == Error::Busy && service::is_session_refresh(request.method()))
    return Passed::Busy;
  return refused(sip::status::kServerInternalError, kRetrySoon);
}

// Of one whose place another is about to take: each leg alone keeps its own offers apart.
bool B2bua::has_open_offer(const Call& call, const Carried& besides) {
  if (call.ack_due != nullptr) return true;
  for (const Carried& carried : call.carried) {
    if (!carried.is_free && &carried != &besides && carried.has_offer) return true;
  }
  return false;
}

// This leg has no part in the call any more. What it has asked for is answered to nobody, and whoever
// has asked something of it may ask the one in its place.
void B2bua::forget_carried(const CallLeg& leg) {
  Call& call = leg.call;
  const CallLegHandle gone = call_legs_.handle_of(leg);
  for (Carried& carried : call.carried) {
    if (carried.is_free) continue;
    if (carried.own) {
      carried.is_free = carried.to == gone;
      const bool offered = carried.is_free && carried.has_offer && call.ack_due != nullptr;
      if (offered) put_off_realigning(call, kTurn);
    } else if (carried.from == gone) {
      carried.from = {};
      carried.server = {};
      carried.is_free = !carried.request;
      legs_.cancel(carried.request);
    } else if (carried.to == gone) {
      carried.is_free = true;
      if (carried.has_offer) call.media.abandon();
      CallLeg* from = origin_of(carried);
      if (from != nullptr && carried.server)
        refuse(*from, carried.server, sip::status::kServerInternalError, kRetrySoon);
    }
  }
}

void B2bua::refuse(CallLeg& leg, service::ServerHandle server, uint16_t status,
                   std::string_view lines) {
  service::LegReply reply;
  reply.content.lines = lines;
  (void)legs_.respond(leg.leg, server, status, reply);
}

// The other leg keeps its session alive at this moment: both intervals have begun with the same 2xx.
// That takes a round trip, and who has asked would else hear 491 each time.
void B2bua::wait_for_turn(Call& call, Carried& carried) {
  if (++carried.waited <= kTurnsMax) return await_turn(call, kTurn);
  carried.is_free = true;
  CallLeg* from = origin_of(carried);
  if (from != nullptr) refuse(*from, carried.server, sip::status::kRequestPending);
}

void B2bua::await_turn(Call& call, Millis delay) {
  const Millis at = environment_.now() + delay;
  const bool comes_sooner = call.turn_timer.armed() && call.turn_timer.deadline() <= at;
  if (!comes_sooner) environment_.timers.start(call.turn_timer, at);
}

void B2bua::on_turn(Call& call) {
  retry_waiting(call);
  realign_when_settled(call);
}

void B2bua::retry_waiting(Call& call) {
  for (Carried& carried : call.carried) {
    if (!carried.is_free && carried.waited != 0 && !carried.request) retry_waiting(call, carried);
  }
}

void B2bua::retry_waiting(Call& call, Carried& carried) {
  const MessageRef kept = environment_.transactions.request_of(carried.server);
  CallLeg* from = origin_of(carried);
  carried.is_free = !kept || from == nullptr;
  if (carried.is_free) return;
  CallLeg* to = call.is_joined() ? call.other(*from) : early_other(*from);
  if (to == nullptr) {
    carried.is_free = true;
    return refuse(*from, carried.server, sip::status::kServerInternalError, kRetrySoon);
  }
  sip::HeaderIndex room;
  const sip::MessageView request = environment_.transactions.read(kept, room);
  switch (pass_on(*from, *to, carried, request)) {
    case Passed::Sent: break;
    case Passed::Busy: return wait_for_turn(call, carried);
    case Passed::Unknown:
      refuse(*from, carried.server, sip::status::kMethodNotAllowed);
      [[fallthrough]];
    case Passed::Refused: carried.is_free = true; break;
  }
}

// RFC 3515 2.4.6: a NOTIFY may name its REFER by the number that it had, which is another on each leg.
service::LegContent B2bua::name_referral(const CallLeg& from, const sip::MessageView& request,
                                         service::LegContent content) {
  Referral& referral = from.call.referral;
  if (request.method() == sip::Method::Refer) {
    const auto& cseq = request.typed<sip::HeaderId::CSeq>();
    referral = {cseq ? cseq->number : 0, from.is_caller()};
  }
  uint32_t id = 0;
  const bool names_it = request.method() == sip::Method::Notify && referral.cseq != 0 &&
                        referral.from_caller != from.is_caller() &&
                        service::is_refer_event(request, id) && id != 0;
  if (!names_it) return content;
  // The lines of the content lie at the front of `lines_`.
  sip::Writer lines(lines_.subspan(content.lines.size()));
  std::string_view rest = content.lines;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find("\r\n"), rest.size() - 2) + 2;
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end);
    if (!istarts_with(line, "Event:")) lines.text(line);
  }
  lines.text("Event: refer;id=").number(referral.cseq).crlf();
  if (!lines.full()) content.lines = lines.view();
  return content;
}

Carried* B2bua::free_place(Call& call) {
  for (Carried& carried : call.carried) {
    if (carried.is_free) return &carried;
  }
  return nullptr;
}

Carried* B2bua::find_carried(Call& call, service::LegRequestHandle request) {
  for (Carried& carried : call.carried) {
    if (!carried.is_free && carried.request == request) return &carried;
  }
  return nullptr;
}

// What the other side says to it counts even now: a 2xx that was on its way has changed the session
// there, and has to change it here.
LegVerdict B2bua::on_request_cancelled(LegHandle, uint64_t name, service::ServerHandle server) {
  CallLeg* from = find(name);
  if (from == nullptr) return LegVerdict::Unknown;
  for (Carried& carried : from->call.carried) {
    if (carried.is_free || carried.server != server) continue;
    carried.is_free = !carried.request;  // it has waited for its turn
    if (carried.is_free) return LegVerdict::Unknown;
    legs_.cancel(carried.request);
    return LegVerdict::Taken;
  }
  return LegVerdict::Unknown;
}

ClientVerdict B2bua::on_client_event(LegHandle, uint64_t name, service::LegClientEvent event,
                                     const Incoming&) {
  const CallLeg* leg = find(name);
  switch (event) {
    // A raised interval is between us and that phone.
    case service::LegClientEvent::IntervalTooSmall: return ClientVerdict::Reissue;
    // Whoever made the offer that was refused with 491 waits, and makes it again.
    case service::LegClientEvent::RequestPending:
      return leg != nullptr && is_realigning(leg->call) ? ClientVerdict::Reissue
                                                        : ClientVerdict::Next;
    case service::LegClientEvent::Challenge:  // we have no password to give
    case service::LegClientEvent::Redirected: return ClientVerdict::Next;
  }
  return ClientVerdict::Next;
}

// --- what comes back -----------------------------------------------------------------------------

void B2bua::on_response(LegHandle, uint64_t name, const service::LegRequestInfo& info,
                        const Incoming& incoming) {
  CallLeg* leg = find(name);
  if (leg == nullptr || sip::is_provisional(incoming.message.status())) return;
  note_flow(*leg, incoming.flow);
  Carried* place = find_carried(leg->call, info.request);
  if (place == nullptr) return;
  const Carried carried = *place;
  place->is_free = true;
  if (carried.own) {
    on_realigned(*leg, carried, incoming.message);
  } else if (sip::is_success(incoming.message.status()) &&
             service::is_session_refresh(carried.method)) {
    on_agreed(*leg, carried, incoming.message);
  } else {
    answer_carried(*leg, carried, incoming.message);
  }
}

// A response that changes nothing between the two, or a refusal.
void B2bua::answer_carried(CallLeg& leg, const Carried& carried, const sip::MessageView& response) {
  Call& call = leg.call;
  if (carried.has_offer) call.media.abandon();
  CallLeg* to = origin_of(carried);
  if (to == nullptr || !carried.server) return;
  const bool good = sip::is_success(response.status());
  service::LegReply reply;
  reply.content = content_of(response, good ? Passage::Answer : Passage::Refusal, {});
  (void)legs_.respond(to->leg, carried.server, status_across(response.status()), reply);
  if (is_of_replacement(call, *to, carried)) give_place_back(call);
}

// A 2xx to an INVITE or an UPDATE.
void B2bua::on_agreed(CallLeg& leg, const Carried& carried, const sip::MessageView& response) {
  Call& call = leg.call;
  const bool is_invite = carried.method == sip::Method::Invite;
  CallLeg* to = origin_of(carried);
  const sip::SessionBody body = sip::find_session_body(response);
  const bool found = body.status == sip::SessionBodyStatus::Found;
  Written written;
  if (to != nullptr && carried.server && found) {
    written =
        carried.has_offer ? write_answer(leg, body.text, *to) : write_offer(leg, body.text, *to);
  }
  const bool usable = written.fault == 0 && !written.text.empty();
  const bool delayed = is_invite && !carried.has_offer;
  service::LegReply reply;
  if (usable) reply.content = content_of(response, Passage::Answer, written.text);
  const bool told =
      usable && legs_.respond(to->leg, carried.server, response.status(), reply).has_value();
  if (!told && !carried.server) {
    // Who has asked for it has gone meanwhile, and another is in his place, or the one before him again.
    if (is_invite) acknowledge(leg, delayed ? body.text : std::string_view());
    call.media.abandon();
    if (!call.is_joined()) return;
    note_apart(call, true);
    call.asks_caller = !leg.is_caller();
    return realign_when_settled(call);
  }
  if (!told) {
    // One side has agreed to what the other has not heard of, or cannot read: the call is broken.
    ++counters_.broken;
    if (is_invite) acknowledge(leg, delayed ? body.text : std::string_view());
    return finish(call, kBroken, kBroken);
  }
  if (call.state == CallState::Talking) note_together(call);  // this settles it
  if (is_of_replacement(call, *to, carried)) complete_replacement(call);
  if (delayed) {
    call.ack_due = &leg;
  } else if (is_invite) {
    (void)legs_.ack(leg.leg);
  } else {
    call.media.settle();
  }
}

CallLeg* B2bua::origin_of(const Carried& carried) const { return call_legs_.get(carried.from); }

void B2bua::on_no_response(LegHandle, uint64_t name, const service::LegRequestInfo& info,
                           uint16_t status) {
  CallLeg* leg = find(name);
  Carried* place = leg == nullptr ? nullptr : find_carried(leg->call, info.request);
  if (place == nullptr) return;
  const Carried carried = *place;
  place->is_free = true;
  if (carried.own) return give_up_realigning(leg->call, status);
  if (carried.has_offer) leg->call.media.abandon();
  CallLeg* to = origin_of(carried);
  if (to == nullptr || !carried.server) return;
  (void)legs_.respond(to->leg, carried.server, status, {});
  if (is_of_replacement(leg->call, *to, carried)) give_place_back(leg->call);
}

}  // namespace tipring::b2bua
