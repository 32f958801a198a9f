// INVITEs that a leg has been sent, and what it answers: RFC 3261 13.3 and 14.2, RFC 3262 3.
#include <algorithm>
#include <array>

#include "dialog/route_set.h"
#include "service/leg_texts.h"
#include "service/legs.h"
#include "sip/headers.h"
#include "sip/session_body.h"
#include "sip/status.h"
#include "transaction/timers.h"

namespace tipring::service {

using sdp::Carrier;

void Legs::take_invite(Leg& leg, const Incoming& incoming, ServerHandle server) {
  const sip::MessageView& invite = incoming.message;
  leg.invite = server;
  leg.invite_source = incoming.flow.remote;
  const auto& cseq = invite.typed<sip::HeaderId::CSeq>();
  leg.invite_cseq = cseq ? cseq->number : 0;
  leg.is_initial = false;
  leg.ack_due = false;
  note_features(leg.peer, invite);
  leg.requires_reliable = reliability_of(invite) == Reliability::Required;
  leg.services.get<ReliableSender>() = {};
  leg.flow = incoming.flow;
  leg.by_flow = !leg.dialog.has_routes() && dialog::is_reached_by_flow(invite, incoming.flow);
  (void)leg.offer_answer.pass(sdp::Side::Remote, Carrier::Invite, has_description(invite));
}

Result<void> Legs::respond(LegHandle handle, ServerHandle server, uint16_t status,
                           const LegReply& reply) {
  Leg* leg = legs_.get(handle);
  if (leg == nullptr || !leg->stands()) return Error::Stale;
  if (!server || server == leg->invite) {
    return leg->ack_due || leg->delayed ? Result<void>(Error::Stale)
                                        : respond_invite(*leg, status, reply);
  }
  for (ServerHandle& place : leg->requests) {
    if (place == server) return respond_other(*leg, place, status, reply);
  }
  return Error::Stale;
}

Result<void> Legs::respond_invite(Leg& leg, uint16_t status, const LegReply& reply) {
  if (!environment_.transactions.is_open(leg.invite)) return Error::Stale;
  if (status <= sip::status::kTrying) return {};
  if (sip::is_provisional(status)) return progress(leg, status, reply);
  return sip::is_success(status) ? succeed(leg, status, reply) : fail(leg, status, reply);
}

Result<void> Legs::progress(Leg& leg, uint16_t status, const LegReply& reply) {
  ReliableSender& sender = leg.services.get<ReliableSender>();
  const bool reliable = leg.requires_reliable || (reply.reliable && leg.peer.reliable_provisionals);
  if (reliable && !sender.may_send()) return Error::Busy;
  const bool has_session = is_description(reply.content);
  std::array<char, ReliableSender::kLinesMax> room;
  std::string_view lines;
  if (reliable) {
    sender.begin(has_session, entropy_, environment_.now());
    lines = sender.lines(room);
  }
  MessageRef response = write_response(leg, status, reply, lines);
  if (!response) return Error::PoolExhausted;
  const Result<void> sent = environment_.transactions.respond(leg.invite, response);
  if (!sent) return sent;
  const Carrier carrier = reliable ? Carrier::ReliableProvisional : Carrier::Provisional;
  (void)leg.offer_answer.pass(sdp::Side::Local, carrier, has_session);
  if (leg.state == LegState::Called) leg.state = LegState::Early;
  // What waits for a PRACK is sent again first; its timer sees to both.
  if (!reliable && !sender.may_send()) return {};
  leg.response = std::move(response);
  repeat_after(leg, reliable ? sender.deadline() - environment_.now() : kProgressInterval);
  return {};
}

Result<void> Legs::succeed(Leg& leg, uint16_t status, const LegReply& reply) {
  MessageRef response = write_response(leg, status, reply, {});
  if (!response) return Error::PoolExhausted;
  leg.delayed = std::move(response);
  leg.delayed_has_session = is_description(reply.content);
  if (leg.delayed_has_session) remember(leg, reply.content.body);
  if (leg.services.get<ReliableSender>().delays_success()) return {};
  return send_success(leg);
}

// 13.3.1.4.
Result<void> Legs::send_success(Leg& leg) {
  leg.response = std::move(leg.delayed);
  leg.delayed.reset();
  const Result<void> sent = environment_.transactions.respond(leg.invite, leg.response);
  if (!sent) {
    leg.response.reset();
    return sent;
  }
  using sdp::Side;
  if (!leg.offer_answer.pass(Side::Local, Carrier::Success, leg.delayed_has_session)) {
    (void)leg.offer_answer.pass(Side::Local, Carrier::Failure, false);
  }
  leg.services.get<ReliableSender>().close();
  leg.services.get<LegInterval>().refresh.on_answered(environment_.now());
  schedule(leg);
  leg.ack_due = true;
  if (leg.is_initial) ++counters_.answered;
  leg.state = LegState::Confirmed;
  leg.repeat_until = environment_.now() + transaction::kTransactionTime;
  leg.repeat_interval = transaction::kT1;
  repeat_after(leg, leg.repeat_interval);
  return {};
}

Result<void> Legs::fail(Leg& leg, uint16_t status, const LegReply& reply) {
  LegTagCodec::Text tag;
  sip::ResponseParts parts;
  parts.reason = reply.reason;
  parts.to_tag = tags_.write(groups_.handle_of(leg.group), tag);
  parts.headers = reply.content.lines;
  parts.content_type = reply.content.content_type;
  parts.body = reply.content.body;
  const Result<void> sent = environment_.transactions.respond(leg.invite, status, parts);
  if (!sent) return sent;
  leg.services.get<ReliableSender>().close();
  leg.repeat_timer.cancel();
  leg.response.reset();
  (void)leg.offer_answer.pass(sdp::Side::Local, Carrier::Failure, false);
  leg.invite = {};
  if (leg.is_initial) end_later(leg, {EndCause::Rejected, status});
  return {};
}

// `lines` go before those of the reply.
MessageRef Legs::write_response(Leg& leg, uint16_t status, const LegReply& reply,
                                std::string_view lines) {
  const MessageRef kept = environment_.transactions.request_of(leg.invite);
  if (!kept) return {};
  sip::HeaderIndex room;
  const sip::MessageView invite = environment_.transactions.read(kept, room);
  // 12.2.2: the target is refreshed by what is accepted.
  if (sip::is_success(status) && !leg.is_initial) {
    leg.dialog.refresh_target(environment_.slabs, invite);
  }
  HeaderLines headers;
  headers.contact(environment_, leg.flow, leg.dialog.contact_user());
  std::array<char, SessionRefresh::kLinesMax> session;
  if (sip::is_success(status)) {
    headers.capabilities(true);
    headers.add(leg.services.get<LegInterval>().refresh.answer_lines(session));
  }
  headers.add(lines);
  headers.add(reply.content.lines);
  if (headers.full()) return {};
  LegTagCodec::Text tag;
  sip::ResponseParts parts;
  parts.reason = reply.reason;
  parts.to_tag = tags_.write(groups_.handle_of(leg.group), tag);
  parts.headers = headers.view();
  parts.content_type = reply.content.content_type;
  parts.body = reply.content.body;
  parts.copy_record_route = leg.is_initial;
  if (const auto& via = invite.typed<sip::HeaderId::Via>()) {
    parts.via = sip::make_via_fix_up(*via, leg.invite_source);
  }
  const size_t expected = kept.size() + parts.headers.size() + parts.body.size();
  return write_message(environment_.slabs, expected, [&](std::span<char> out) {
    return sip::write_response(invite, status, parts, out);
  });
}

void Legs::repeat_after(Leg& leg, Millis delay) {
  environment_.timers.start(leg.repeat_timer, environment_.now() + delay);
}

void Legs::on_repeat(Leg& leg, Millis now) {
  transaction::TransactionLayer& transactions = environment_.transactions;
  if (leg.ack_due) {
    if (now >= leg.repeat_until) return on_no_ack(leg);
    (void)transactions.respond(leg.invite, leg.response);
    leg.repeat_interval = transaction::next_g(leg.repeat_interval);
    const Millis left = leg.repeat_until - now;
    return repeat_after(leg, std::min(leg.repeat_interval, left));
  }
  if (!transactions.is_open(leg.invite)) return;
  ReliableSender& sender = leg.services.get<ReliableSender>();
  if (sender.deadline() == kNever) {
    // 13.3.1.1: so that no proxy takes it for dead.
    (void)transactions.respond(leg.invite, leg.response);
    return repeat_after(leg, kProgressInterval);
  }
  switch (sender.on_timer(now)) {
    case ReliableSender::Due::Nothing: break;
    case ReliableSender::Due::Resend: (void)transactions.respond(leg.invite, leg.response); break;
    case ReliableSender::Due::GiveUp: {
      const bool initial = leg.is_initial;
      (void)fail(leg, sip::status::kServerTimeout, {});
      if (initial) tell_end(leg, {EndCause::NoPrack});
      return;
    }
  }
  repeat_after(leg, sender.deadline() - now);
}

// 15: what nobody has answered is refused, whoever wants it to end.
void Legs::refuse_unanswered(Leg& leg, std::string_view lines) {
  LegReply reply;
  reply.content.lines = lines;
  (void)fail(leg, sip::status::kTemporarilyUnavailable, reply);
  leg.end = {EndCause::LocalEnd};
  if (leg.stands()) end_later(leg, leg.end);
}

void Legs::on_ack(Leg& leg, const Incoming& ack) {
  const auto& cseq = ack.message.typed<sip::HeaderId::CSeq>();
  if (!leg.ack_due || !cseq || cseq->number != leg.invite_cseq) return;
  (void)leg.offer_answer.pass(sdp::Side::Remote, Carrier::Ack, has_description(ack.message));
  on_acknowledged(leg);
  if (!leg.bye_waits) return leg.user->on_ack(legs_.handle_of(leg), leg.name, ack);
  const MessageRef lines = std::move(leg.bye_lines);
  leg.bye_lines.reset();
  leg.bye_waits = false;
  send_bye(leg, lines ? lines.view() : std::string_view(), leg.end);
}

void Legs::on_acknowledged(Leg& leg) {
  leg.ack_due = false;
  leg.invite = {};
  leg.response.reset();
  leg.repeat_timer.cancel();
}

// 13.3.1.4: the dialog is confirmed, but the session is to be ended.
void Legs::on_no_ack(Leg& leg) {
  on_acknowledged(leg);
  const MessageRef lines = std::move(leg.bye_lines);
  leg.bye_lines.reset();
  const bool was_ended = leg.bye_waits;
  leg.bye_waits = false;
  const LegEnd end = was_ended ? leg.end : LegEnd{EndCause::NoAck};
  send_bye(leg, lines ? lines.view() : kNoAckReason, end);
  if (!was_ended) tell_end(leg, end);
}

void Legs::on_prack(Leg& leg, const Incoming& prack) {
  const auto rack = prack.message.typed<sip::HeaderId::Rack>();
  if (!rack) return answer(leg, prack, sip::status::kBadRequest);
  const bool has_offer = has_description(prack.message);
  if (!leg.services.get<ReliableSender>().on_prack(*rack, leg.invite_cseq)) {
    return answer(leg, prack, sip::status::kCallOrTransactionDoesNotExist);
  }
  leg.repeat_timer.cancel();
  leg.response.reset();
  const auto passed = leg.offer_answer.pass(sdp::Side::Remote, Carrier::Prack, has_offer);
  const bool for_user = passed && prack.message.body().size() != 0;
  if (!passed) {
    answer(leg, prack, passed.error().status);
  } else if (for_user) {
    hand_up(leg, prack);
  } else {
    answer(leg, prack, sip::status::kOk);
  }
  if (leg.stands()) leg.user->on_prack(legs_.handle_of(leg), leg.name, prack);
  if (leg.stands() && leg.delayed) (void)send_success(leg);
}

// --- what becomes of the transaction -------------------------------------------------------------

// 9.2: it has been answered with 200 already.
void Legs::on_cancel(uint64_t id, ServerHandle server, const Incoming& cancel) {
  Leg* leg = legs_.get(LegHandle::from_u64(id));
  if (leg == nullptr || leg->invite != server || leg->ack_due) return;
  if (leg->is_initial) {
    if (!fail(*leg, sip::status::kRequestTerminated, {})) return;
    return tell_end(*leg, {EndCause::Cancelled, 0, &cancel.message});
  }
  const LegVerdict verdict =
      leg->user->on_request_cancelled(legs_.handle_of(*leg), leg->name, server);
  if (verdict == LegVerdict::Unknown && leg->invite == server)
    (void)fail(*leg, sip::status::kRequestTerminated, {});
}

void Legs::on_server_end(uint64_t id, ServerHandle server, transaction::EndReason reason) {
  Leg* leg = legs_.get(LegHandle::from_u64(id));
  if (leg == nullptr) return;
  for (ServerHandle& place : leg->requests) {
    if (place == server) place = {};
  }
  // Without a final response of ours only where none could be sent.
  if (leg->invite != server || leg->ack_due) return;
  leg->invite = {};
  if (reason == transaction::EndReason::TransportError && leg->is_initial && leg->stands()) {
    tell_end(*leg, {EndCause::Unreachable});
  }
}

}  // namespace tipring::service
