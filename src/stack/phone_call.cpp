#include "stack/phone_call.h"

#include <cstring>

#include "sip/headers.h"
#include "sip/session_body.h"
#include "sip/status.h"
#include "stack/phone_account.h"

namespace tipring::stack {

using service::EndCause;
using service::Incoming;
using service::LegHandle;

namespace {

constexpr std::string_view kSdp = "application/sdp";

// The description of a message; empty where there is none, or none that can be read.
std::string_view description_of(const sip::MessageView& message) {
  const sip::SessionBody body = sip::find_session_body(message);
  return body.status == sip::SessionBodyStatus::Found ? body.text : std::string_view();
}

}  // namespace

PhoneCall::PhoneCall(PhoneCalls& calls, Layers& layers, const StackOptions& options)
    : calls_(calls), layers_(layers), media_(layers, options, *this) {}

// --- beginning -------------------------------------------------------------------------------------

std::string PhoneCall::begin(uint64_t id, PhoneAccount& account, CallEvents& events,
                             const Outgoing& outgoing) {
  const int error = media_.open(outgoing.local);
  if (error != 0) return std::string("no port for sound: ") + std::strerror(error);
  PhoneMedia::Text room;
  const std::string to = "<" + std::string(outgoing.target) + ">";
  service::LegCall call;
  call.request_uri = outgoing.target;
  call.from = account.address();
  call.to = to;
  call.contact_user = account.contact_user();
  call.routes = outgoing.routes;
  call.content.lines = outgoing.lines;
  call.credentials = account.credentials();
  call.content.content_type = kSdp;
  call.content.body = media_.write_offer(room);
  const Result<LegHandle> leg = layers_.legs.call(call, *this, id);
  if (!leg) {
    media_.close();
    return "the call cannot be sent: " + std::string(to_text(leg.error()));
  }
  id_ = id;
  account_ = &account;
  events_ = &events;
  leg_ = *leg;
  legs_ = 1;
  state_ = CallState::Calling;
  peer_ = to;
  calls_.kick();
  return {};
}

bool PhoneCall::take(uint64_t id, PhoneAccount& account, const Incoming& invite) {
  const Result<LegHandle> leg = layers_.legs.adopt(invite, *this, id);
  if (!leg) {
    if (service::is_answered(leg.error())) return false;
    const bool too_long = leg.error() == Error::TooLong;
    layers_.transactions.reply_stateless(
        invite, too_long ? sip::status::kMessageTooLarge : sip::status::kServiceUnavailable, {});
    return false;
  }
  id_ = id;
  account_ = &account;
  leg_ = *leg;
  legs_ = 1;
  incoming_ = true;
  state_ = CallState::Incoming;
  layers_.legs.set_credentials(leg_, account.credentials_toward_callers());
  const auto view = layers_.legs.view(leg_);
  if (view) {
    invite_ = view->invite;
    peer_ = view->remote_address;
  }
  return true;
}

void PhoneCall::show(CallEvents* events) {
  if (over_ || state_ != CallState::Incoming) {
    events_ = events;
    return;
  }
  if (events == nullptr) {
    reject(sip::status::kBusyHere);
    return;
  }
  events_ = events;
  if (account_->rings()) ring();
}

std::string PhoneCall::peer() const {
  const sip::NameAddr* found = nullptr;
  const auto parsed = sip::parse_name_addr(peer_);
  if (parsed) found = &*parsed;
  if (found == nullptr) return peer_;
  std::string text(found->display);
  if (!text.empty()) text += ' ';
  return text + "<" + std::string(found->uri) + ">";
}

bool PhoneCall::ring() {
  if (state_ != CallState::Incoming || over_) return false;
  calls_.kick();
  return layers_.legs.respond(leg_, {}, sip::status::kRinging, {}).has_value();
}

bool PhoneCall::accept() {
  if (state_ != CallState::Incoming || over_ || ends_by_us_) return false;
  calls_.kick();
  const MessageRef kept = layers_.transactions.request_of(invite_);
  if (!kept) return false;
  sip::HeaderIndex room;
  return answer_invite(layers_.transactions.read(kept, room));
}

// With the answer to his offer, or with an offer where he has made none: RFC 3261 13.2.1.
bool PhoneCall::answer_invite(const sip::MessageView& invite) {
  const int error = media_.is_open() ? 0 : media_.open(layers_.legs.local_address(leg_).ip);
  if (error != 0) {
    fail(CallEnd::Failed, sip::status::kServiceUnavailable, "no port for sound");
    return false;
  }
  PhoneMedia::Text text;
  const std::string_view offer = description_of(invite);
  awaits_answer_ = offer.empty();
  service::LegReply reply;
  reply.content.content_type = kSdp;
  reply.content.body = awaits_answer_ ? media_.write_offer(text) : media_.answer_offer(offer, text);
  if (reply.content.body.empty()) {
    fail(CallEnd::Failed, sip::status::kNotAcceptableHere, "nothing in common");
    return false;
  }
  if (!layers_.legs.respond(leg_, {}, sip::status::kOk, reply)) return false;
  state_ = CallState::Answered;
  note_held_by_peer();
  return true;
}

bool PhoneCall::reject(int status) {
  if (state_ != CallState::Incoming || over_ || ends_by_us_) return false;
  if (status < 300 || status > 699) return false;
  ends_by_us_ = true;
  wanted_end_ = CallEnd::Rejected;
  calls_.kick();
  return layers_.legs.respond(leg_, {}, static_cast<uint16_t>(status), {}).has_value();
}

void PhoneCall::hang_up() {
  if (over_ || ends_by_us_) return;
  if (state_ == CallState::Incoming) {
    reject(sip::status::kDecline);
    return;
  }
  ends_by_us_ = true;
  wanted_end_ = is_answered() ? CallEnd::HungUp : CallEnd::Cancelled;
  calls_.kick();
  layers_.legs.end(leg_);
}

// --- what becomes of it ----------------------------------------------------------------------------

void PhoneCall::on_progress(LegHandle leg, uint64_t name, const Incoming& response) {
  if (!is_mine(name) || state_ != CallState::Calling) return;
  leg_ = leg;
  const std::string_view description = description_of(response.message);
  if (!description.empty() && !early_sound_) early_sound_ = media_.take_answer(description);
  const uint16_t status = response.message.status();
  tell_referrer(status);
  const bool rings = status == sip::status::kRinging;
  if (rings || !description.empty()) events_->on_ringing(*this, early_sound_);
}

uint64_t PhoneCall::on_fork(LegHandle, LegHandle, uint64_t name) {
  if (is_mine(name)) ++legs_;
  return name;
}

void PhoneCall::on_answer(LegHandle leg, uint64_t name, const Incoming& response) {
  if (!is_mine(name)) return;
  (void)layers_.legs.ack(leg);
  leg_ = leg;
  const std::string_view description = description_of(response.message);
  // RFC 6337 3.1.1: what a provisional response has brought holds where the 2xx brings nothing.
  const bool good = description.empty() ? early_sound_ : media_.take_answer(description);
  state_ = CallState::Answered;
  if (!good) return fail(CallEnd::Failed, 0, "no sound in common");
  const auto view = layers_.legs.view(leg_);
  if (view) peer_ = view->remote_address;
  told_answered_ = true;
  tell_referrer(response.message.status());
  events_->on_answered(*this);
  note_held_by_peer();
}

void PhoneCall::on_ack(LegHandle, uint64_t name, const Incoming& ack) {
  if (!is_mine(name)) return;
  if (awaits_answer_) {
    awaits_answer_ = false;
    const std::string_view answer = description_of(ack.message);
    if (answer.empty() || !media_.take_answer(answer)) {
      return fail(CallEnd::Failed, 0, "no sound in common");
    }
    note_held_by_peer();
  }
  if (told_answered_) return;
  told_answered_ = true;
  if (events_ != nullptr) events_->on_answered(*this);
}

// Of our own accord, with words of our own.
void PhoneCall::fail(CallEnd why, int status, std::string_view reason) {
  const bool rings = state_ == CallState::Incoming;
  ends_by_us_ = true;
  if (rings && status != 0) {
    (void)layers_.legs.respond(leg_, {}, static_cast<uint16_t>(status), {});
  } else {
    layers_.legs.end(leg_);
  }
  end(why, status, reason);
}

void PhoneCall::on_end(LegHandle leg, uint64_t name, const service::LegEnd& end) {
  if (!is_mine(name)) return;
  --legs_;
  // One of several forks has gone; the call is what is left of them.
  if (leg != leg_ && legs_ > 0) return;
  if (end.cause == EndCause::ForkLost && legs_ > 0) return;
  const std::string_view reason =
      end.message != nullptr && end.status != 0 ? end.message->reason() : std::string_view();
  const auto say = [&](CallEnd why) { this->end(why, end.status, reason); };
  switch (end.cause) {
    case EndCause::PeerBye: return say(ends_by_us_ ? wanted_end_ : CallEnd::HungUpByPeer);
    case EndCause::LocalEnd: return say(wanted_end_);
    case EndCause::Refused: return say(ends_by_us_ ? wanted_end_ : CallEnd::Refused);
    case EndCause::Rejected: return say(CallEnd::Rejected);
    case EndCause::Cancelled: return say(CallEnd::Cancelled);
    case EndCause::ForkLost: return say(CallEnd::Refused);
    case EndCause::NoAck:
    case EndCause::NoPrack:
    case EndCause::AckMissing:
    case EndCause::DialogLost:
    case EndCause::SessionOver: return say(CallEnd::Lost);
    case EndCause::Unreachable:
    case EndCause::Shortage: return say(CallEnd::Failed);
  }
}

// The place is given back at the end of the turn: the program may be in the middle of a call to it.
void PhoneCall::end(CallEnd why, int status, std::string_view reason) {
  if (over_) return;
  over_ = true;
  state_ = CallState::Ended;
  notify_timer_.cancel();
  if (!told_answered_) {
    tell_referrer(status >= 300 ? status : sip::status::kServiceUnavailable);
  }
  (void)media_.stop_recording();
  if (events_ != nullptr) events_->on_ended(*this, {why, status, reason});
  calls_.kick();
}

void PhoneCall::release() {
  media_.close();
  id_ = referrer_ = 0;
  account_ = nullptr;
  events_ = nullptr;
  leg_ = {};
  invite_ = {};
  legs_ = 0;
  wanted_end_ = CallEnd::HungUp;
  incoming_ = over_ = ends_by_us_ = early_sound_ = awaits_answer_ = told_answered_ = false;
  held_ = hold_wanted_ = hold_open_ = told_held_by_peer_ = false;
  notifier_ = {};
  subscription_ = {};
  peer_.clear();
}

// --- sound -----------------------------------------------------------------------------------------

void PhoneCall::on_media_key(char key) {
  if (!over_ && events_ != nullptr) events_->on_key(*this, key);
}

void PhoneCall::on_media_played() {
  if (!over_ && events_ != nullptr) events_->on_played(*this);
}

void PhoneCall::on_media_heard(std::span<const int16_t> frame) {
  if (!over_ && events_ != nullptr) events_->on_sound(*this, frame.data(), frame.size());
}

bool PhoneCall::send_keys(std::string_view keys) {
  calls_.kick();
  return is_answered() && !over_ && media_.send_keys(keys);
}

}  // namespace tipring::stack
