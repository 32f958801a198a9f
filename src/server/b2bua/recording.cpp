// The records of calls that are led through us: store/call_record.h.
#include <algorithm>

#include "server/b2bua/b2bua.h"
#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::b2bua {

namespace {

using service::EndCause;
using store::CallRecord;
using store::RecordEnd;
using store::RecordOutcome;
using store::RecordSound;

// How a phone came out of it that has not answered, by how the call stands.
RecordOutcome outcome_of_stopped(const Call& call) {
  if (call.is_joined()) {
    return call.state == CallState::Hunting ? RecordOutcome::Elsewhere : RecordOutcome::Failed;
  }
  return call.ended_by == RecordEnd::Caller ? RecordOutcome::Cancelled : RecordOutcome::NoAnswer;
}

}  // namespace

RecordSound B2bua::sound_from(const Call& call, media::Side side) {
  RecordSound sound;
  for (size_t section = 0; section < call.media.sections(); ++section) {
    const media::Reception* heard = call.media.reception(section, side);
    if (heard == nullptr) continue;
    sound.packets += static_cast<uint32_t>(heard->packets);
    sound.lost += static_cast<uint32_t>(std::max<int64_t>(heard->lost, 0));
    sound.jitter_us = std::max(sound.jitter_us, heard->jitter_us);
  }
  return sound;
}

// A side that has sent nothing yet is silent since the answer.
std::optional<Millis> B2bua::silent_for(const Call& call, media::Side side) const {
  if (!call.media.relayed() || !call.is_joined()) return std::nullopt;
  Millis last = call.answered_at;
  for (size_t section = 0; section < call.media.sections(); ++section) {
    const media::Reception* heard = call.media.reception(section, side);
    if (heard != nullptr && heard->last_packet != kNever) last = std::max(last, heard->last_packet);
  }
  return std::max(environment_.now() - last, Millis(0));
}

void B2bua::open_record(Call& call, const Incoming& invite, const store::Extension& callee) {
  if (environment_.book == nullptr) return;
  const bool is_group = callee.group != nullptr;
  call.kind = is_group ? store::RecordKind::Group : store::RecordKind::Led;
  call.record =
      environment_.book->begin(invite, call.kind, call.caller_user.to_u64(), call.to.view(),
                               is_group ? callee.group->name() : std::string_view());
  if (call.record == 0 && environment_.book->is_on()) note(call, transport::Decision::NotRecorded);
}

// Of a phone that rings, or takes the place of another.
void B2bua::open_record(CallLeg& leg, std::string_view uri, std::string_view user) {
  Call& call = leg.call;
  if (call.record == 0) return;
  const auto view = legs_.view(leg.leg);
  service::RungPhone phone;
  phone.call = call.record;
  if (call.legs_recorded < UINT8_MAX) ++call.legs_recorded;
  phone.leg = call.legs_recorded;
  phone.kind = call.kind;
  phone.uri = uri;
  phone.user = user;
  if (view) phone.call_id = view->call_id;
  phone.remote = leg.media.signalling;
  if (view) phone.transport = sip::to_text(view->flow.transport);
  leg.record = environment_.book->begin(phone, environment_.now());
}

// Of one that takes another's place, or is a fork beyond us.
void B2bua::open_record(CallLeg& leg) {
  const auto view = legs_.view(leg.leg);
  const auto address = view ? sip::parse_name_addr(view->remote_address)
                            : Result<sip::NameAddr, sip::ParseError>(sip::ParseError{});
  open_record(leg, address ? address->uri : std::string_view(), {});
}

void B2bua::note_rang(CallLeg& leg) {
  if (leg.rang_at == Millis(0)) leg.rang_at = environment_.now();
  if (leg.call.rang_at == Millis(0)) leg.call.rang_at = environment_.now();
}

void B2bua::record_answer(CallLeg& leg) {
  leg.answered_at = environment_.now();
  if (leg.record == 0) return;
  CallRecord record;
  record.rang = leg.rang_at;
  fill_answered(leg, record);
  environment_.book->update(leg.record, record);
}

void B2bua::fill_answered(const CallLeg& leg, CallRecord& record) const {
  const Call& call = leg.call;
  record.answered = leg.answered_at;
  record.outcome = RecordOutcome::Answered;
  record.status = sip::status::kOk;
  record.media = call.media.relayed() ? store::RecordMedia::Relayed : store::RecordMedia::Direct;
  if (const auto view = legs_.view(leg.leg)) record.session_interval_s = view->session_interval_s;
  record.supervised = record.session_interval_s != 0;
}

void B2bua::record_answer(const Call& call) {
  if (call.record == 0) return;
  CallRecord record;
  record.rang = call.rang_at;
  fill_answered(*call.caller, record);
  record.answered = call.answered_at;
  if (const store::User* user = answered_by(call)) {
    record.text(store::RecordText::AnsweredBy) = user->name();
  }
  environment_.book->update(call.record, record);
}

// A phone that has not answered; `status` 0: it was stopped.
void B2bua::close_record(CallLeg& leg, uint16_t status) {
  if (leg.record == 0) return;
  const Call& call = leg.call;
  CallRecord record;
  record.rang = leg.rang_at;
  record.ended = environment_.now();
  record.status = status;
  record.outcome = status == 0 ? outcome_of_stopped(call) : store::outcome_of(status);
  if (status != 0)
    record.text(store::RecordText::Reason) =
        reason_.empty() ? sip::default_reason(status) : reason_;
  if (leg.answered_at != Millis(0)) {
    fill_answered(leg, record);
    record.ended_by = &leg == call.replaced_of ? RecordEnd::Transferred : call.ended_by;
    record.from_caller = sound_from(call, media::Side::Caller);
    record.from_callee = sound_from(call, media::Side::Callee);
  }
  environment_.book->update(leg.record, record);
  leg.record = 0;
}

// Before its legs and its media go.
void B2bua::close_record(Call& call) {
  if (call.record == 0) return;
  CallRecord record;
  record.rang = call.rang_at;
  record.ended = environment_.now();
  record.ended_by = call.ended_by;
  if (call.state != CallState::Hunting) {
    if (call.caller != nullptr) fill_answered(*call.caller, record);
    record.answered = call.answered_at;
    record.text(store::RecordText::Reason) = reason_;
    record.from_caller = sound_from(call, media::Side::Caller);
    record.from_callee = sound_from(call, media::Side::Callee);
  } else {
    record.status = call.final_status;
    record.text(store::RecordText::Reason) = call.ended_by == RecordEnd::Caller ? reason_
                                             : call.hunt.has_timed_out()
                                                 ? std::string_view("nobody has answered in time")
                                                 : sip::default_reason(call.final_status);
    record.outcome = call.ended_by == RecordEnd::Caller ? RecordOutcome::Cancelled
                                                        : store::outcome_of(call.final_status);
  }
  environment_.book->update(call.record, record);
  call.record = 0;
}

RecordEnd B2bua::end_of(const CallLeg& leg, EndCause cause) {
  switch (cause) {
    case EndCause::PeerBye:
    case EndCause::Cancelled: return leg.is_caller() ? RecordEnd::Caller : RecordEnd::Callee;
    case EndCause::SessionOver: return RecordEnd::SessionOver;
    default: return RecordEnd::Lost;
  }
}

}  // namespace tipring::b2bua
