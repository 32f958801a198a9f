// Requests that come within the dialogs of legs: RFC 3261 12.2.2, 14.2 and 15.1.2, RFC 3311 5.2.
#include <algorithm>
#include <array>

#include "service/leg_texts.h"
#include "service/legs.h"
#include "service/replaces.h"
#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::service {

using sdp::Carrier;
using sip::Method;

bool Legs::owns(const sip::MessageView& request) const {
  if (tags_.read(request.to_tag())) return true;
  return request.method() == Method::Invite && request.to_tag().empty() &&
         request.has(sip::HeaderId::Replaces) && replaced_by(replaces_of(request));
}

LegHandle Legs::replaced_by(const ReplacesHeader& header) const {
  if (!header.dialog) return {};
  const ReplacedDialog& named = *header.dialog;
  const LegGroup* group = groups_.get(tags_.read(named.local_tag));
  if (group == nullptr) return {};
  LegHandle ended;
  for (Leg* leg = group->all.front(); leg != nullptr; leg = group->all.next(*leg)) {
    const dialog::UaDialog& dialog = leg->dialog;
    if (!named.is(dialog.call_id(), dialog.local_tag(), dialog.remote_tag())) continue;
    if (leg->stands()) return legs_.handle_of(*leg);
    ended = legs_.handle_of(*leg);
  }
  return ended;
}

ReplacedState Legs::replaced_state(LegHandle handle) const {
  const Leg* leg = legs_.get(handle);
  if (leg == nullptr) return ReplacedState::Unknown;
  if (!leg->stands() || leg->group.cancelled) return ReplacedState::Terminated;
  if (leg->state == LegState::Confirmed) return ReplacedState::Confirmed;
  return leg->is_caller ? ReplacedState::EarlyOfOurs : ReplacedState::EarlyOfTheirs;
}

void Legs::handle_replaces(const Incoming& invite) {
  const ReplacesHeader header = replaces_of(invite.message);
  const LegHandle handle = replaced_by(header);
  Leg* leg = legs_.get(handle);
  if (leg == nullptr) return;  // owns() has said otherwise
  const uint16_t status = judge_replaces(replaced_state(handle), header.dialog->early_only);
  if (status != 0) return refuse_stateless(invite, status);
  const LegVerdict verdict = leg->user->on_replaces(handle, leg->name, invite);
  if (verdict == LegVerdict::Unknown) refuse_stateless(invite, sip::status::kDecline);
}

// Call-ID and both tags decide.
Leg* Legs::leg_of(const sip::MessageView& request) const {
  const LegGroup* group = groups_.get(tags_.read(request.to_tag()));
  if (group == nullptr) return nullptr;
  for (Leg* leg = group->all.front(); leg != nullptr; leg = group->all.next(*leg)) {
    if (leg->state != LegState::Calling && leg->dialog.owns(request)) return leg;
  }
  return nullptr;
}

void Legs::handle(const Incoming& incoming) {
  const sip::MessageView& request = incoming.message;
  if (!tags_.read(request.to_tag())) return handle_replaces(incoming);
  Leg* leg = leg_of(request);
  if (request.method() == Method::Ack) {
    if (leg != nullptr) on_ack(*leg, incoming);
    return;
  }
  if (leg == nullptr || (!leg->stands() && request.method() != Method::Bye)) {
    ++counters_.strays;
    return refuse_stateless(incoming, sip::status::kCallOrTransactionDoesNotExist);
  }
  const auto& cseq = request.typed<sip::HeaderId::CSeq>();
  if (!cseq || !leg->dialog.accept_cseq(cseq->number)) {
    ++counters_.disordered;
    return refuse_stateless(incoming, sip::status::kServerInternalError);
  }
  leg->flow = incoming.flow;  // he may have connected anew
  note_allowed(leg->peer, request);
  handle(*leg, incoming);
}

void Legs::handle(Leg& leg, const Incoming& request) {
  const Method method = request.message.method();
  if (method == Method::Bye) return on_bye(leg, request);
  if (is_refused(leg, request)) return;
  if (method == Method::Prack) return on_prack(leg, request);
  if (method == Method::Invite) return on_invite(leg, request);
  on_other(leg, request);
}

// 8.2.2.3, and what crosses ours.
bool Legs::is_refused(Leg& leg, const Incoming& incoming) {
  const sip::MessageView& request = incoming.message;
  std::array<char, 256> room;
  sip::Writer lines(room);
  for (const std::string_view tag : request.values(sip::HeaderId::Require)) {
    if (is_supported_option(tag)) continue;
    lines.header(sip::HeaderId::Unsupported, tag);
  }
  if (lines.size() != 0 || lines.full()) {
    answer(leg, incoming, sip::status::kBadExtension, lines.view());
    return true;
  }
  const Crossing crossing =
      Glare::judge(request.method(), has_description(request), pending_of(leg), entropy_);
  if (crossing.status == 0) return has_short_interval(leg, incoming);
  if (crossing.status == sip::status::kServerInternalError) {
    lines.header(sip::HeaderId::RetryAfter, uint64_t{crossing.retry_after_s});
  }
  answer(leg, incoming, crossing.status, lines.view());
  return true;
}

// RFC 4028 9.
bool Legs::has_short_interval(Leg& leg, const Incoming& request) {
  if (!is_session_refresh(request.message.method())) return false;
  SessionRefresh& refresh = leg.services.get<LegInterval>().refresh;
  const uint16_t status = refresh.on_request(request.message);
  if (status == 0) return false;
  std::array<char, SessionRefresh::kLinesMax> line;
  answer(leg, request, status, refresh.refusal_line(line));
  return true;
}

Pending Legs::pending_of(const Leg& leg) const {
  const auto is_pending = [&](LegRequestHandle handle) {
    const LegRequest* request = requests_.get(handle);
    return request != nullptr && request->phase != LegRequest::Phase::Accepted &&
           request->phase != LegRequest::Phase::Waiting;
  };
  Pending pending;
  pending.our_invite =
      is_pending(leg.our_invite) || (leg.is_caller && is_pending(leg.group.invite));
  pending.their_invite = environment_.transactions.is_open(leg.invite);
  pending.their_update = environment_.transactions.is_open(leg.update);
  pending.our_offer = leg.offer_answer.state() == sdp::OfferAnswer::State::OfferSent;
  pending.their_offer = leg.offer_answer.state() == sdp::OfferAnswer::State::OfferReceived;
  return pending;
}

// 15.1.2. A BYE that has crossed ours gets its 200 too.
void Legs::on_bye(Leg& leg, const Incoming& bye) {
  answer(leg, bye, sip::status::kOk);
  if (leg.bye_waits) leg.bye_waits = leg.ack_due = false;  // ours is not needed any more
  const LegEnd end = leg.stands() ? LegEnd{EndCause::PeerBye, 0, &bye.message} : leg.end;
  // 15: no callee may send one before he has answered. Who does so all the same is to ring no more.
  const bool still_rings = leg.is_caller && leg.state == LegState::Early && is_alone(leg);
  if (still_rings) cancel_call(leg, {});
  tell_end(leg, end);
}

void Legs::on_invite(Leg& leg, const Incoming& invite) {
  const Result<ServerHandle> server =
      environment_.transactions.open(invite, *this, legs_.handle_of(leg).to_u64(), true);
  if (!server) return refuse_for_want(invite, "capacity.transactions");
  if (leg.ack_due) on_acknowledged(leg);  // RFC 5407 3.1.4: he has had our 2xx
  take_invite(leg, invite, *server);
  const LegHandle handle = legs_.handle_of(leg);
  if (leg.user->on_request(handle, leg.name, *server, invite) == LegVerdict::Taken) return;
  (void)respond(handle, *server, sip::status::kNotAcceptableHere, {});
}

void Legs::on_other(Leg& leg, const Incoming& incoming) {
  if (incoming.message.method() == Method::Update) note_features(leg.peer, incoming.message);
  hand_up(leg, incoming);
}

void Legs::hand_up(Leg& leg, const Incoming& incoming) {
  const Method method = incoming.message.method();
  const auto place = std::find(leg.requests.begin(), leg.requests.end(), ServerHandle());
  if (place == leg.requests.end()) {
    ++counters_.refused;
    return answer(leg, incoming, sip::status::kServerInternalError, "Retry-After: 2\r\n");
  }
  const LegHandle handle = legs_.handle_of(leg);
  const Result<ServerHandle> server =
      environment_.transactions.open(incoming, *this, handle.to_u64(), false);
  if (!server) return refuse_for_want(incoming, "capacity.transactions");
  *place = *server;
  if (method == Method::Update) {
    leg.update = *server;
    (void)leg.offer_answer.pass(sdp::Side::Remote, Carrier::Update,
                                has_description(incoming.message));
  }
  if (leg.user->on_request(handle, leg.name, *server, incoming) == LegVerdict::Taken) return;
  LegReply reply;
  const bool refreshes = method == Method::Update && !has_description(incoming.message);
  if (refreshes) return (void)respond(handle, *server, sip::status::kOk, reply);
  const bool known = method != Method::Other;
  if (known) reply.content.lines = kAllowLine;
  (void)respond(handle, *server,
                known ? sip::status::kMethodNotAllowed : sip::status::kNotImplemented, reply);
}

Result<void> Legs::respond_other(Leg& leg, ServerHandle& place, uint16_t status,
                                 const LegReply& reply) {
  const MessageRef kept = environment_.transactions.request_of(place);
  if (!kept) return Error::Stale;
  sip::HeaderIndex room;
  const sip::MessageView request = environment_.transactions.read(kept, room);
  const bool is_update = request.method() == Method::Update;
  const bool is_prack = request.method() == Method::Prack;
  HeaderLines headers;
  if (sip::is_success(status) && is_update) {
    std::array<char, SessionRefresh::kLinesMax> session;
    headers.contact(environment_, leg.flow, leg.dialog.contact_user());
    headers.capabilities(true);
    headers.add(leg.services.get<LegInterval>().refresh.answer_lines(session));
  }
  headers.add(reply.content.lines);
  if (headers.full()) return Error::TooLong;
  sip::ResponseParts parts;
  parts.reason = reply.reason;
  parts.headers = headers.view();
  parts.content_type = reply.content.content_type;
  parts.body = reply.content.body;
  const Result<void> sent = environment_.transactions.respond(place, request, status, parts);
  if (!sent || sip::is_provisional(status)) return sent;
  place = {};
  const bool has_session = is_description(reply.content);
  const bool success = sip::is_success(status);
  if (is_update) {
    leg.update = {};
    if (success) {
      leg.dialog.refresh_target(environment_.slabs, request);
      if (has_session) remember(leg, reply.content.body);
      leg.services.get<LegInterval>().refresh.on_answered(environment_.now());
      schedule(leg);
    }
    (void)leg.offer_answer.pass(
        sdp::Side::Local, success ? Carrier::UpdateSuccess : Carrier::UpdateFailure, has_session);
  }
  if (is_prack) {
    (void)leg.offer_answer.pass(
        sdp::Side::Local, success ? Carrier::PrackSuccess : Carrier::PrackFailure, has_session);
  }
  return {};
}

// 15.1.2: what is pending when a dialog ends gets 487.
void Legs::answer_pending(Leg& leg) {
  transaction::TransactionLayer& transactions = environment_.transactions;
  if (transactions.is_open(leg.invite)) {
    LegTagCodec::Text tag;
    sip::ResponseParts parts;
    parts.to_tag = tags_.write(groups_.handle_of(leg.group), tag);
    (void)transactions.respond(leg.invite, sip::status::kRequestTerminated, parts);
  }
  for (ServerHandle& place : leg.requests) {
    if (place) (void)transactions.respond(place, sip::status::kRequestTerminated, {});
    place = {};
  }
}

// --- answers without the application -------------------------------------------------------------

// With a transaction, since the request's number has been used: what comes again is no other one.
void Legs::answer(Leg& leg, const Incoming& request, uint16_t status, std::string_view lines) {
  const Result<ServerHandle> server =
      environment_.transactions.open(request, *this, legs_.handle_of(leg).to_u64(), false);
  if (!server) return refuse_for_want(request, "capacity.transactions");
  sip::ResponseParts parts;
  parts.headers = lines;
  (void)environment_.transactions.respond(*server, status, parts);
}

void Legs::refuse_stateless(const Incoming& request, uint16_t status) {
  environment_.transactions.reply_stateless(request, status, {});
}

void Legs::refuse_for_want(const Incoming& request, std::string_view key) {
  ++counters_.refused;
  environment_.transactions.reply_stateless(
      request, sip::status::kServiceUnavailable,
      environment_.overload.refuse(request.message, key, environment_.now()));
}

}  // namespace tipring::service
