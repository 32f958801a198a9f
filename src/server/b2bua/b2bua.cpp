#include "server/b2bua/b2bua.h"

#include <algorithm>
#include <utility>

#include "service/replaces.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/writer.h"

namespace tipring::b2bua {

namespace {

using service::EndCause;

constexpr std::string_view kCallsName = "b2bua_calls";
constexpr std::string_view kLegsName = "b2bua_legs";
constexpr std::string_view kInvitesName = "b2bua_calls_by_invite";
constexpr std::string_view kBodyName = "b2bua_texts";
constexpr std::string_view kCallsKey = "capacity.b2bua_calls";
constexpr size_t kBodyMax = 8 * 1024;
constexpr size_t kLinesMax = 4 * 1024;

// RFC 3326; each a whole line.
constexpr std::string_view kSilent = "Reason: SIP;cause=408;text=\"No media\"\r\n";
constexpr std::string_view kExpired = "Reason: SIP;cause=408;text=\"Session expired\"\r\n";
constexpr std::string_view kNotAcknowledged = "Reason: SIP;cause=408;text=\"No ACK\"\r\n";
constexpr std::string_view kLost = "Reason: SIP;cause=481;text=\"Other side lost\"\r\n";
constexpr std::string_view kShortage = "Reason: SIP;cause=503\r\n";
// Q.850: normal call clearing. No status of SIP says it.
constexpr std::string_view kByOperator =
    "Reason: Q.850;cause=16;text=\"Ended by the operator\"\r\n";
constexpr std::string_view kStopping = "Reason: Q.850;cause=16;text=\"Server stops\"\r\n";

// 1 to 5 s, so that those who are refused do not come back together (RFC 3261 21.5.4).
std::string_view retry_after(Millis now) {
  constexpr std::array<std::string_view, 5> kLines = {"Retry-After: 1\r\n", "Retry-After: 2\r\n",
                                                      "Retry-After: 3\r\n", "Retry-After: 4\r\n",
                                                      "Retry-After: 5\r\n"};
  return kLines[static_cast<size_t>(now.count()) % kLines.size()];
}

// What the calls are told apart by that one caller makes.
uint64_t name_of_call(const HashKey& key, const sip::MessageView& invite) {
  TableHasher64 hasher(key);
  hasher.add(invite.header(sip::HeaderId::CallId).value_or(""));
  hasher.add("\n");
  hasher.add(invite.from_tag());
  return hasher.finish();
}

// What the message that ends a leg says of it: a response its phrase, a BYE or CANCEL its Reason.
std::string_view text_of(const service::LegEnd& end) {
  if (end.message == nullptr) return {};
  if (!end.message->is_request()) return end.message->reason();
  return end.message->header(sip::HeaderId::Reason).value_or("");
}

// What the caller has been told by his leg, when that has ended before the answer.
uint16_t status_told(EndCause cause) {
  switch (cause) {
    case EndCause::Cancelled:
    case EndCause::PeerBye: return sip::status::kRequestTerminated;  // as CANCEL: RFC 3261 15
    case EndCause::SessionOver:
    case EndCause::DialogLost: return sip::status::kTemporarilyUnavailable;
    case EndCause::NoPrack: return sip::status::kServerTimeout;
    case EndCause::LocalEnd:
    case EndCause::Refused:
    case EndCause::Rejected:
    case EndCause::ForkLost:
    case EndCause::NoAck:
    case EndCause::AckMissing:
    case EndCause::Unreachable:
    case EndCause::Shortage: break;
  }
  return sip::status::kRequestTimeout;
}

}  // namespace

void ShownAddress::set(std::string_view uri) {
  size_ = static_cast<uint8_t>(std::min(uri.size(), text_.size()));
  std::copy_n(uri.begin(), size_, text_.begin());
}

void Call::on_time(Millis) { b2bua.on_time(*this); }

void Call::on_turn(Millis) { b2bua.on_turn(*this); }

void Call::on_silence(media::CallMedia&, media::Side) { b2bua.on_silence(*this); }

void B2bua::LeftLegs::on_answer(LegHandle leg, uint64_t, const Incoming&) { (void)legs_.ack(leg); }

void B2bua::plan(const Limits& limits, MemoryPlan& plan) {
  Pool<Call>::plan(plan, kCallsName, b2bua_calls_max(limits));
  KnownPlans::plan(limits, plan);
  Pool<CallLeg>::plan(plan, kLegsName, legs_max(limits));
  HashTable<Call, &Call::invite_node>::plan(plan, kInvitesName, b2bua_calls_max(limits));
  plan.add(kBodyName, 1, kBodyMax + kLinesMax);
}

B2bua::B2bua(const service::Environment& environment, service::Legs& legs, media::Relay& relay,
             const Directory& directory, port::Entropy& entropy, Arena& arena, const Limits& limits)
    : environment_(environment),
      legs_(legs),
      relay_(relay),
      directory_(directory),
      entropy_(entropy),
      left_(legs),
      calls_kept_back_(emergency_b2bua_calls_max(limits)),
      legs_kept_back_(emergency_legs_max(limits)),
      calls_(kCallsName, arena, b2bua_calls_max(limits)),
      known_plans_(arena, limits),
      call_legs_(kLegsName, arena, legs_max(limits)),
      by_invite_(arena, b2bua_calls_max(limits)) {
  const std::span<char> texts = arena.take<char>(kBodyMax + kLinesMax);
  body_ = texts.first(kBodyMax);
  lines_ = texts.subspan(kBodyMax);
}

// As far as the adoption of the leg everything is refused without being kept; afterwards the nonce
// of the caller has been used, and only a transaction knows the request when it comes again.
void B2bua::handle(const Incoming& invite, const service::RouteFacts& route) {
  const store::Extension callee = directory_.find(**route.request_uri);
  if (invite.message.method() != sip::Method::Invite) {
    return answer_here(invite, route, *callee.group);
  }
  const service::ReplacesHeader named = service::replaces_of(invite.message);
  if (named.status != 0) {
    return environment_.transactions.reply_stateless(invite, named.status, {});
  }
  // Before the sender is asked: another copy of this one would find its nonce used.
  if (is_merged(invite.message) || goes_round(invite.message, callee)) {
    return environment_.transactions.reply_stateless(invite, sip::status::kLoopDetected, {});
  }
  uint64_t user = 0;
  if (!screen(invite, route, user)) return;
  if (wants_tls(route)) {
    return refuse_screened(invite, sip::status::kTemporarilyUnavailable, sip::kSipsNotAllowedLine);
  }
  // RFC 3891 3: it names no leg of ours. A user may know the dialog, but a group has none.
  if (named.dialog && callee.group != nullptr) {
    return refuse_screened(invite, sip::status::kCallOrTransactionDoesNotExist);
  }
  const dialog::Terms terms = terms_of(invite, *route.request_uri, user);
  Call* call = calls_.acquire_leaving(terms.emergency ? 0 : calls_kept_back_, *this, relay_);
  if (call == nullptr) return refuse(invite, kCallsKey);
  call->is_for_help = terms.emergency;
  if (terms.emergency) call->media.open_reserve();
  call->caller = make_leg(*call, media::Side::Caller);
  if (call->caller == nullptr) {
    calls_.release(*call);
    return refuse(invite, kCallsKey);
  }
  const Result<LegHandle> leg = legs_.adopt(invite, *this, name_of(*call->caller));
  if (!leg) {
    release(*call);
    if (service::is_answered(leg.error())) return;
    if (leg.error() != Error::TooLong) return refuse(invite, kCallsKey);
    return environment_.transactions.reply_stateless(invite, sip::status::kMessageTooLarge, {});
  }
  call->caller->leg = *leg;
  call->caller_user = Handle<store::User>::from_u64(user);
  call->known_as = name_of_call(environment_.route_key, invite.message);
  call->to.set(route.request_uri->text);
  by_invite_.insert(hash_of(invite.message), *call);
  open_record(*call, invite, callee);
  if (take_share(*call, invite, terms, user)) begin(*call, invite, callee);
}

// Whether a leg of ours has sent it, for a call that calls the same one already: a phone may be
// registered at one of our own extensions. Via tells nothing of that, since each leg is another call.
bool B2bua::goes_round(const sip::MessageView& invite, const store::Extension& callee) const {
  std::string_view tag = invite.from_tag();
  for (size_t depth = 0; depth < store::kGroupDepthMax; ++depth) {
    const auto name = legs_.name_of(tag);
    const CallLeg* leg = name ? find(*name) : nullptr;
    if (leg == nullptr) return false;
    if (is_calling(leg->call, callee)) return true;
    const auto view = legs_.view(leg->call.caller->leg);
    if (!view) return false;
    tag = view->remote_tag;
  }
  return true;
}

bool B2bua::is_calling(const Call& call, const store::Extension& callee) const {
  if (callee.group != nullptr) return call.group == directory_.handle_of(*callee.group);
  return !call.group && call.user == directory_.handle_of(*callee.user);
}

void B2bua::refuse(const Incoming& invite, std::string_view key) {
  const sip::ResponseParts parts =
      environment_.overload.refuse(invite.message, key, environment_.now());
  environment_.transactions.reply_stateless(invite, sip::status::kServiceUnavailable, parts);
}

void B2bua::begin(Call& call, const Incoming& invite, const store::Extension& callee) {
  ++counters_.calls;
  environment_.calls.figures().on_begun();
  call.is_settled = false;
  call.begun = environment_.now();
  if (const auto& from = invite.message.typed<sip::HeaderId::From>()) call.from.set(from->uri);
  note_flow(*call.caller, invite.flow);
  call.caller->media.behind_nat = false;
  const uint16_t fault = find_fault(call, invite.message);
  if (fault != 0) return refuse_caller(call, fault);
  ring_extension(call, callee);
}

// A description that nobody could be sent, before anybody is rung with it.
uint16_t B2bua::find_fault(Call& call, const sip::MessageView& invite) {
  const sip::SessionBody body = sip::find_session_body(invite);
  switch (body.status) {
    case sip::SessionBodyStatus::None: return 0;
    case sip::SessionBodyStatus::Malformed: return sip::status::kBadRequest;
    case sip::SessionBodyStatus::Encoded: return sip::status::kUnsupportedMediaType;
    case sip::SessionBodyStatus::Found: break;
  }
  call.has_offer = true;
  const auto description = sdp::parse_description(body.text);
  return description ? uint16_t{0} : sdp::status_for(description.error().fault);
}

CallLeg* B2bua::make_leg(Call& call, media::Side side) {
  CallLeg* leg = call_legs_.acquire_leaving(call.is_for_help ? 0 : legs_kept_back_, call, side);
  if (leg != nullptr) leg->media.origin = relay_.new_origin();
  return leg;
}

void B2bua::note_flow(CallLeg& leg, const transport::Flow& flow) {
  leg.media.local = flow.local.ip;
  leg.media.signalling = flow.remote;
}

// --- how it ends ---------------------------------------------------------------------------------

// The leg goes on by itself, as far as it has to.
void B2bua::leave(CallLeg& leg, std::string_view lines) {
  if (leg.call.ack_due == &leg) leg.call.ack_due = nullptr;
  hush(leg);
  forget_carried(leg);
  close_record(leg);
  legs_.hand_over(leg.leg, left_, 0);
  legs_.end(leg.leg, lines);
  call_legs_.release(leg);
}

void B2bua::leave_ringing(Call& call, std::string_view lines) {
  while (CallLeg* leg = call.ringing.pop_front()) leave(*leg, lines);
}

void B2bua::refuse_caller(Call& call, uint16_t status, std::string_view lines) {
  leave_ringing(call, {});
  service::LegReply reply;
  reply.content.lines = lines;
  if (status == sip::status::kServiceUnavailable && lines.empty())
    reply.content.lines = retry_after(call.begun);
  (void)legs_.respond(call.caller->leg, {}, status, reply);
  log_answer(call, status);
  call.final_status = status;
  finish(call, {}, {});
}

void B2bua::finish(Call& call, std::string_view to_caller, std::string_view to_callee) {
  close_record(call);
  call.carried = {};  // each leg answers for itself
  leave_ringing(call, to_callee);
  if (call.replaced != nullptr) leave(*call.replaced, {});
  call.replaced = nullptr;
  if (call.callee != nullptr) leave(*call.callee, to_callee);
  if (call.caller != nullptr) leave(*call.caller, to_caller);
  call.callee = call.caller = nullptr;
  if (call.state != CallState::Hunting) {
    count_end(call);
    environment_.log.info("call_ended", kv("from", call.from.view()), kv("to", call.to.view()));
  }
  release(call);
}

void B2bua::release(Call& call) {
  by_invite_.erase(call);
  if (!call.is_settled) environment_.calls.figures().on_settled(0);
  environment_.calls.give_share(call.holder);
  if (call.caller != nullptr) call_legs_.release(*call.caller);
  calls_.release(call);
}

// One line when it is answered or comes to nothing.
void B2bua::log_answer(Call& call, uint16_t status) {
  if (!std::exchange(call.is_settled, true)) environment_.calls.figures().on_settled(status);
  const auto from = kv("from", call.from.view());
  const auto to = kv("to", call.to.view());
  const auto after = kv("after_ms", environment_.now() - call.begun);
  if (!sip::is_success(status)) {
    return environment_.log.info("call_failed", from, to, kv("status", status), after);
  }
  const store::User* user = answered_by(call);
  environment_.log.info("call_answered", from, to, kv("status", status), after,
                        kv("by", user == nullptr ? std::string_view() : user->name()));
}

const store::User* B2bua::answered_by(const Call& call) const {
  if (!call.is_joined()) return nullptr;
  return directory_.get(call.answered_by);
}

void B2bua::on_end(LegHandle, uint64_t name, const service::LegEnd& end) {
  CallLeg* leg = find(name);
  if (leg == nullptr) return;
  Call& call = leg->call;
  if (is_replacement_over(*leg)) return;
  note_end(call, end);
  reason_ = text_of(end);
  on_leg_end(*leg, end);
  reason_ = {};
}

void B2bua::on_leg_end(CallLeg& leg, const service::LegEnd& end) {
  Call& call = leg.call;
  if (leg.is_caller()) return on_caller_end(call, end);
  if (&leg == call.callee) {
    call.ended_by = end_of(leg, end.cause);
    finish(call, reason_of(end), {});
  } else {
    on_ringing_end(leg, end);
  }
}

void B2bua::on_caller_end(Call& call, const service::LegEnd& end) {
  const std::string_view lines = reason_of(end);
  call.ended_by = end_of(*call.caller, end.cause);
  if (call.state == CallState::Hunting) {
    call.final_status = status_told(end.cause);
    count_stopped(call, call.hunt.end().stop, Stopped::ByCaller);
    count_abandoned(call);
    log_answer(call, call.final_status);
  }
  finish(call, {}, lines);
}

// What the other side is told of the end of a leg.
std::string_view B2bua::reason_of(const service::LegEnd& end) {
  switch (end.cause) {
    case EndCause::PeerBye:
    case EndCause::Cancelled: {
      if (end.message == nullptr) return {};
      const Result<size_t> size = write_carried(*end.message, Passage::Within, lines_);
      return size ? std::string_view(lines_.data(), *size) : std::string_view();
    }
    case EndCause::SessionOver: return kExpired;
    case EndCause::NoAck:
    case EndCause::NoPrack:
    case EndCause::AckMissing: return kNotAcknowledged;
    case EndCause::DialogLost:
    case EndCause::Unreachable: return kLost;
    case EndCause::Shortage: return kShortage;
    case EndCause::LocalEnd:
    case EndCause::Refused:
    case EndCause::Rejected:
    case EndCause::ForkLost: break;
  }
  return {};
}

void B2bua::on_silence(Call& call) {
  call.ended_by = store::RecordEnd::Silent;
  note(call, transport::Decision::NoMedia);
  finish(call, kSilent, kSilent);
}

bool B2bua::end(Call& call) {
  if (!call.is_joined()) return false;
  environment_.log.info("call_ended_by_operator", kv("from", call.from.view()),
                        kv("to", call.to.view()));
  call.ended_by = store::RecordEnd::Operator;
  note(call, transport::Decision::EndedByOperator);
  finish(call, kByOperator, kByOperator);
  return true;
}

void B2bua::end_all() {
  calls_.for_each([this](Call& call) {
    call.ended_by = store::RecordEnd::Server;
    if (call.is_joined()) return finish(call, kStopping, kStopping);
    count_stopped(call, call.hunt.end().stop, Stopped::ByUs);
    count_abandoned(call);
    refuse_caller(call, sip::status::kServiceUnavailable, service::stopping().headers);
  });
}

}  // namespace tipring::b2bua
