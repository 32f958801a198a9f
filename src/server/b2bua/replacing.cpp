// An INVITE that names one of our legs in Replaces takes its place: RFC 3891, and SPEC C24, since the
// dialog that is meant is the one with the other side of the call. That side gets a re-INVITE in its
// own dialog, so that it need not know of Replaces at all. This is how an attended transfer comes to
// its end: whoever was told by REFER to call the third one calls us.
//
// The new leg stands in the call's place of the replaced one from its INVITE on, which is then carried
// as any within the call is (carrying.cpp). It leaves it again when that comes to nothing.
#include "server/b2bua/b2bua.h"
#include "service/replaces.h"
#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::b2bua {

namespace {

using service::LegVerdict;

constexpr std::string_view kCallsKey = "capacity.b2bua_calls";
constexpr std::string_view kReplaced = "Reason: SIP;cause=200;text=\"Replaced\"\r\n";
constexpr std::string_view kRetrySoon = "Retry-After: 2\r\n";

}  // namespace

bool B2bua::replaces(const sip::MessageView& request) const {
  return request.method() == sip::Method::Invite && request.to_tag().empty() &&
         request.has(sip::HeaderId::Replaces) && legs_.owns(request);
}

// RFC 3891 3 and 8: whoever knows the Call-ID and both tags has them from one side of the call, but
// is asked who he is as every caller.
void B2bua::handle_replacement(const Incoming& invite, const service::RouteFacts& route) {
  uint64_t user = 0;
  if (!screen(invite, route, user)) return;
  const service::ReplacesHeader header = service::replaces_of(invite.message);
  if (!header.dialog) return refuse_screened(invite, sip::status::kBadRequest);
  const LegHandle named = legs_.replaced_by(header);
  const uint16_t fault =
      service::judge_replaces(legs_.replaced_state(named), header.dialog->early_only);
  if (fault != 0) return refuse_screened(invite, fault);
  const auto view = legs_.view(named);
  CallLeg* replaced = view ? find(view->name) : nullptr;
  if (replaced == nullptr) return refuse_screened(invite, sip::status::kDecline);
  if (replaced->call.is_joined()) return replace(*replaced, invite);
  pick_up(*replaced, invite, Handle<store::User>::from_u64(user));
}

// With a transaction, which knows the request when it comes again: its nonce has been used, and the
// dialog that it names may be another by then.
void B2bua::refuse_screened(const Incoming& invite, uint16_t status, std::string_view lines) {
  const Result<LegHandle> leg = legs_.adopt(invite, left_, 0);
  service::LegReply reply;
  reply.content.lines = lines;
  if (!leg && service::is_answered(leg.error())) return;
  if (!leg || !legs_.respond(*leg, {}, status, reply)) refuse(invite, kCallsKey);
}

// What RFC 3891 3 asks of it has been asked.
void B2bua::replace(CallLeg& replaced, const Incoming& invite) {
  Call& call = replaced.call;
  if (call.state != CallState::Talking || call.replaced != nullptr) {
    return refuse_screened(invite, sip::status::kServerInternalError, kRetrySoon);
  }
  CallLeg* leg = take_in(call, replaced.media.side, invite);
  if (leg == nullptr) return;
  place_of(call, replaced) = leg;
  call.replaced = &replaced;
  open_record(*leg);
  const auto view = legs_.view(leg->leg);
  const service::ServerHandle server = view ? view->invite : service::ServerHandle();
  if (carry(*leg, *call.other(*leg), server, invite.message) == LegVerdict::Unknown)
    (void)legs_.respond(leg->leg, server, sip::status::kServerInternalError, {});
  if (!is_replacing(call, server)) give_place_back(call);
}

// A leg for who takes a place. Null: he has been refused.
CallLeg* B2bua::take_in(Call& call, media::Side side, const Incoming& invite) {
  CallLeg* leg = make_leg(call, side);
  const Result<LegHandle> adopted = leg == nullptr ? Result<LegHandle>(Error::PoolExhausted)
                                                   : legs_.adopt(invite, *this, name_of(*leg));
  if (!adopted) {
    if (leg != nullptr) call_legs_.release(*leg);
    if (!service::is_answered(adopted.error())) refuse(invite, kCallsKey);
    return nullptr;
  }
  leg->leg = *adopted;
  note_flow(*leg, invite.flow);
  return leg;
}

CallLeg*& B2bua::place_of(Call& call, const CallLeg& leg) {
  return leg.is_caller() ? call.caller : call.callee;
}

// Whether the INVITE of the new leg has gone on.
bool B2bua::is_replacing(const Call& call, service::ServerHandle server) {
  for (const Carried& carried : call.carried) {
    if (!carried.is_free && carried.server == server) return true;
  }
  return false;
}

// Whether what has been answered to `leg` is the INVITE that made it.
bool B2bua::is_of_replacement(Call& call, const CallLeg& leg, const Carried& carried) {
  return call.replaced != nullptr && &leg == place_of(call, *call.replaced) &&
         carried.method == sip::Method::Invite;
}

// RFC 3891 3: the 2xx has gone to the new one, and the old one hears BYE.
void B2bua::complete_replacement(Call& call) {
  CallLeg* const old = call.replaced;
  if (old == nullptr) return;
  call.replaced = nullptr;
  const CallLeg& leg = *place_of(call, *old);
  const auto view = legs_.view(leg.leg);
  const auto address = view ? sip::parse_name_addr(view->remote_address)
                            : Result<sip::NameAddr, sip::ParseError>(sip::ParseError{});
  if (address) (leg.is_caller() ? call.from : call.to).set(address->uri);
  record_answer(*place_of(call, *old));
  environment_.log.info("call_transferred", kv("from", call.from.view()), kv("to", call.to.view()));
  call.replaced_of = old;
  leave(*old, kReplaced);
  call.replaced_of = nullptr;
}

// The new one has been refused, or does not want it any more: the call is as it was. Where the
// replaced one has hung up meanwhile there is nothing to go back to, and the call ends with the new
// leg.
void B2bua::give_place_back(Call& call) {
  CallLeg* const old = call.replaced;
  if (old == nullptr) return;
  CallLeg*& place = place_of(call, *old);
  CallLeg* const leg = place;
  place = old;
  call.replaced = nullptr;
  leave(*leg, {});
  if (!call.apart) return;
  call.asks_caller = !old->is_caller();
  realign_when_settled(call);
}

// True where the end of this leg is not the end of the call.
bool B2bua::is_replacement_over(CallLeg& leg) {
  Call& call = leg.call;
  if (call.replaced == nullptr) return false;
  if (&leg == call.replaced) {  // he has hung up already: the new one has his place for good
    call.replaced = nullptr;
    if (call.ack_due == &leg) call.ack_due = nullptr;
    forget_carried(leg);
    close_record(leg);
    call_legs_.release(leg);
    return true;
  }
  if (&leg != place_of(call, *call.replaced)) return false;
  give_place_back(call);
  return true;
}

}  // namespace tipring::b2bua
