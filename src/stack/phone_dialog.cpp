// Requests within the dialog of a call: hold, new descriptions, transfers.
#include "sip/headers.h"
#include "sip/session_body.h"
#include "sip/status.h"
#include "sip/writer.h"
#include "stack/phone_account.h"
#include "stack/phone_call.h"

namespace tipring::stack {

using service::Incoming;
using service::LegHandle;
using service::LegVerdict;
using service::ServerHandle;

namespace {

constexpr std::string_view kSdp = "application/sdp";

std::string_view description_of(const sip::MessageView& message) {
  const sip::SessionBody body = sip::find_session_body(message);
  return body.status == sip::SessionBodyStatus::Found ? body.text : std::string_view();
}

}  // namespace

// --- what the peer asks ----------------------------------------------------------------------------

LegVerdict PhoneCall::on_request(LegHandle, uint64_t name, ServerHandle server,
                                 const Incoming& request) {
  if (!is_mine(name)) return LegVerdict::Unknown;
  switch (request.message.method()) {
    case sip::Method::Invite:
    case sip::Method::Update:
    case sip::Method::Prack: return answer_offer(server, request.message);
    case sip::Method::Refer: return take_refer(server, request.message);
    case sip::Method::Notify: return take_notify(server, request.message);
    case sip::Method::Options:
    case sip::Method::Info: respond(server, sip::status::kOk); return LegVerdict::Taken;
    default: return LegVerdict::Unknown;
  }
}

void PhoneCall::respond(ServerHandle server, uint16_t status) {
  (void)layers_.legs.respond(leg_, server, status, {});
}

// A re-INVITE without an offer wants ours; an UPDATE without one only refreshes the session.
LegVerdict PhoneCall::answer_offer(ServerHandle server, const sip::MessageView& request) {
  const std::string_view offer = description_of(request);
  const bool invite = request.method() == sip::Method::Invite;
  PhoneMedia::Text text;
  service::LegReply reply;
  if (!offer.empty() && media_.is_open()) {
    reply.content.body = media_.answer_offer(offer, text);
    if (reply.content.body.empty()) {
      respond(server, sip::status::kNotAcceptableHere);
      return LegVerdict::Taken;
    }
  } else if (invite) {
    awaits_answer_ = true;
    reply.content.body = media_.write_offer(text);
  }
  if (!reply.content.body.empty()) reply.content.content_type = kSdp;
  (void)layers_.legs.respond(leg_, server, sip::status::kOk, reply);
  note_held_by_peer();
  return LegVerdict::Taken;
}

void PhoneCall::note_held_by_peer() {
  if (media_.held_by_peer() == told_held_by_peer_) return;
  told_held_by_peer_ = media_.held_by_peer();
  if (events_ != nullptr) events_->on_held(*this, told_held_by_peer_);
}

// --- hold ------------------------------------------------------------------------------------------

bool PhoneCall::change_hold(bool hold) {
  if (!is_answered() || over_ || hold_open_ || held_ == hold) return false;
  media_.set_hold(hold);
  PhoneMedia::Text text;
  const service::LegContent content{{}, kSdp, media_.write_offer(text)};
  const auto asked = layers_.legs.request(leg_, sip::Method::Invite, content, kHold);
  if (!asked) {
    layers_.log.debug("hold_not_asked", kv("error", asked.error()));
    media_.set_hold(held_);
    return false;
  }
  hold_open_ = true;
  hold_wanted_ = hold;
  calls_.kick();
  return true;
}

void PhoneCall::on_hold_response(const sip::MessageView& response) {
  if (!sip::is_final(response.status())) return;
  if (!sip::is_success(response.status())) return end_hold_change(response.status());
  (void)layers_.legs.ack(leg_);
  const std::string_view answer = description_of(response);
  if (answer.empty() || !media_.take_answer(answer)) {
    return end_hold_change(sip::status::kNotAcceptableHere);
  }
  end_hold_change(0);
  note_held_by_peer();
}

// `status`: of the failure, 0 for success.
void PhoneCall::end_hold_change(int status) {
  if (!hold_open_) return;
  hold_open_ = false;
  if (status == 0) held_ = hold_wanted_;
  media_.set_hold(held_);
  if (events_ != nullptr) events_->on_hold_done(*this, hold_wanted_, status);
}

// --- responses -------------------------------------------------------------------------------------

void PhoneCall::on_response(LegHandle, uint64_t name, const service::LegRequestInfo& request,
                            const Incoming& response) {
  if (!is_mine(name)) return;
  const uint16_t status = response.message.status();
  switch (request.tag) {
    case kHold: return on_hold_response(response.message);
    case kNotify:
      if (!sip::is_final(status)) return;
      notifier_.on_answered(status);
      return send_notify();
    case kRefer: return on_refer_response(&response.message);
    default: return;
  }
}

void PhoneCall::on_no_response(LegHandle, uint64_t name, const service::LegRequestInfo& request,
                               uint16_t status) {
  if (!is_mine(name)) return;
  switch (request.tag) {
    case kHold: return end_hold_change(status);
    case kNotify: return notifier_.on_answered(0);
    case kRefer: return on_refer_response(nullptr);
    default: return;
  }
}

// --- transfers that we ask for ---------------------------------------------------------------------

bool PhoneCall::refer(std::string_view refer_to) {
  if (!is_answered() || over_ || subscription_.is_active()) return false;
  std::array<char, 1024> room;
  sip::Writer lines(room);
  lines.header(sip::HeaderId::ReferTo, refer_to);
  lines.text("Referred-By: <").text(account_->uri()).text(">\r\n");
  if (lines.full()) return false;
  const service::LegContent content{lines.view(), {}, {}};
  if (!layers_.legs.request(leg_, sip::Method::Refer, content, kRefer)) return false;
  subscription_.begin(0);
  calls_.kick();
  return true;
}

bool PhoneCall::transfer(std::string_view uri) {
  if (account_ == nullptr) return false;
  const std::string target = account_->full_uri(uri);
  std::array<char, 512> room;
  const auto refer_to = service::write_refer_to(target, nullptr, room);
  return refer_to && refer(*refer_to);
}

bool PhoneCall::transfer_to(Call& other) {
  const PhoneCall& joined = static_cast<const PhoneCall&>(other);
  if (&joined == this || !joined.is_answered() || joined.over_) return false;
  const auto view = layers_.legs.view(joined.leg_);
  if (!view) return false;
  const auto address = sip::parse_name_addr(joined.peer_);
  if (!address) return false;
  const service::ReplacedDialog dialog{view->call_id, view->local_tag, view->remote_tag};
  std::array<char, 768> room;
  const auto refer_to = service::write_refer_to(address->uri, &dialog, room);
  return refer_to && refer(*refer_to);
}

void PhoneCall::on_refer_response(const sip::MessageView* response) {
  if (response != nullptr && !sip::is_final(response->status())) return;
  if (response != nullptr) {
    const auto& cseq = response->typed<sip::HeaderId::CSeq>();
    if (cseq && subscription_.is_active()) subscription_.begin(cseq->number);
  }
  const bool hears_more = subscription_.on_response(response);
  const int status = response == nullptr ? sip::status::kRequestTimeout : response->status();
  if (events_ == nullptr || hears_more) return;
  events_->on_transfer_progress(*this, status, response == nullptr ? "" : response->reason());
  if (sip::is_success(static_cast<uint16_t>(status))) leave();
}

LegVerdict PhoneCall::take_notify(ServerHandle server, const sip::MessageView& notify) {
  const service::ReferSubscription::Notice notice = subscription_.on_notify(notify);
  respond(server, notice.answer);
  if (notice.status == 0 || events_ == nullptr) return LegVerdict::Taken;
  events_->on_transfer_progress(*this, notice.status, sip::default_reason(notice.status));
  if (sip::is_success(notice.status)) leave();
  return LegVerdict::Taken;
}

// The peer speaks to somebody else now.
void PhoneCall::leave() {
  if (over_ || ends_by_us_) return;
  ends_by_us_ = true;
  wanted_end_ = CallEnd::Transferred;
  layers_.legs.end(leg_);
}

// --- transfers that the peer asks for --------------------------------------------------------------

LegVerdict PhoneCall::take_refer(ServerHandle server, const sip::MessageView& request) {
  const service::Refer refer = service::read_refer(request);
  if (refer.status != 0) {
    respond(server, refer.status);
    return LegVerdict::Taken;
  }
  CallEvents* const events =
      events_ == nullptr ? nullptr : events_->on_transfer_asked(*this, refer.target);
  if (events == nullptr || over_) {
    respond(server, sip::status::kDecline);
    return LegVerdict::Taken;
  }
  service::LegReply reply;
  if (!refer.subscribes) reply.content.lines = "Refer-Sub: false\r\n";
  (void)layers_.legs.respond(leg_, server, sip::status::kAccepted, reply);
  if (refer.subscribes) {
    notifier_.begin(refer.cseq, true, layers_.loop.now());
    layers_.timers.start(notify_timer_, notifier_.deadline());
    send_notify();
  }
  PhoneCall* const made = calls_.refer(*this, *account_, *events, refer.target);
  if (made == nullptr) {
    on_referred(sip::status::kServiceUnavailable);
  } else {
    events_->on_transferred(*this, *made);
  }
  return LegVerdict::Taken;
}

void PhoneCall::tell_referrer(int status) {
  if (referrer_ == 0) return;
  PhoneCall* const referrer = calls_.find(referrer_);
  if (referrer != nullptr) referrer->on_referred(static_cast<uint16_t>(status));
}

void PhoneCall::on_referred(uint16_t status) {
  if (over_ || !notifier_.is_active()) return;
  notifier_.on_progress(status);
  send_notify();
}

void PhoneCall::send_notify() {
  if (over_ || !notifier_.is_due()) return;
  std::array<char, service::ReferNotifier::kLinesMax> lines;
  std::array<char, service::ReferNotifier::kBodyMax> body;
  const service::LegContent content{notifier_.lines(layers_.loop.now(), lines),
                                    service::kSipfragType, notifier_.body(body)};
  if (!layers_.legs.request(leg_, sip::Method::Notify, content, kNotify)) return;
  notifier_.on_sent();
  calls_.kick();
}

void PhoneCall::on_notify_timer(Millis now) {
  notifier_.on_timer(now);
  send_notify();
}

// --- Replaces --------------------------------------------------------------------------------------

// Somebody was sent to us in place of the peer: he is answered at once, since we speak already.
LegVerdict PhoneCall::on_replaces(LegHandle, uint64_t name, const Incoming& invite) {
  if (!is_mine(name) || !is_answered() || events_ == nullptr) return LegVerdict::Unknown;
  PhoneCall* const by = calls_.find_free();
  if (by == nullptr) return LegVerdict::Unknown;
  if (!by->take(calls_.next_id(), *account_, invite)) return LegVerdict::Taken;
  by->events_ = events_;
  if (!by->accept()) return LegVerdict::Taken;
  events_->on_replaced(*this, *by);
  leave();
  return LegVerdict::Taken;
}

}  // namespace tipring::stack
