#include "service/dialog_tracking.h"

#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::service {

namespace {

using dialog::Dialog;
using dialog::DialogState;
using dialog::Side;

// Until the side that a BYE has not reached gets one of the server's.
constexpr uint32_t kOtherSideWaits_s = 32;

// 12.2: they may give their sender, and who answers, another target.
bool is_target_refresh(sip::Method method) {
  return method == sip::Method::Invite || method == sip::Method::Update;
}

// The same dialog's BYE comes again, with what it lacked.
bool is_challenge(uint16_t status) {
  return status == sip::status::kUnauthorized ||
         status == sip::status::kProxyAuthenticationRequired;
}

}  // namespace

Result<void> DialogTracking::begin(const Environment& environment, const Incoming& invite,
                                   const dialog::Terms& terms) {
  const Result<dialog::CallHandle> call = environment.calls.begin(invite, terms);
  if (!call) return call.error();
  call_ = *call;
  method_ = sip::Method::Invite;
  return {};
}

void DialogTracking::enter(const Environment& environment, const dialog::Match& match,
                           const Incoming& incoming) {
  const sip::MessageView& request = incoming.message;
  Dialog& dialog = *match.dialog;
  dialog_ = environment.calls.handle_of(dialog);
  from_ = match.from;
  method_ = request.method();
  dialog::Peer& peer = dialog.peer(from_);
  const auto& cseq = request.typed<sip::HeaderId::CSeq>();
  if (cseq && cseq->number > peer.cseq) peer.cseq = cseq->number;
  peer.flow = incoming.flow;  // a phone may have connected anew
  environment.calls.note_alive(dialog);
  was_confirmed_ = dialog.confirmed;
  if (method_ == sip::Method::Bye) environment.calls.note_bye(dialog, from_, request);
  moves_target_ = is_target_refresh(method_) && request.has(sip::HeaderId::Contact) &&
                  request.contact_uri().text != dialog.target(from_);
}

void DialogTracking::on_response(const Environment& environment, const Incoming& response,
                                 const SessionInterval& interval, const MessageRef& request) {
  const uint16_t status = response.message.status();
  if (call_) {
    const dialog::Answer answer = environment.calls.on_response(call_, response);
    confirmed_ =
        answer.confirmed ? environment.calls.handle_of(*answer.dialog) : dialog::DialogHandle();
    if (answer.confirmed) settle(environment, *answer.dialog, interval.outcome(response.message));
    return;
  }
  Dialog* dialog = environment.calls.get(dialog_);
  if (dialog == nullptr || !sip::is_success(status)) return;
  if (method_ == sip::Method::Bye) return end(environment);
  if (is_target_refresh(method_)) {
    on_refreshed(environment, *dialog, response, request);
    settle(environment, *dialog, interval.outcome(response.message));
  }
  dialog_ = {};  // its 2xx may come again
}

// RFC 5057 5.1: the other side knows of no such call.
bool DialogTracking::ends_call(const Dialog& dialog, uint16_t status) const {
  if (method_ == sip::Method::Bye) {
    // It was for one that rang, and has been answered meanwhile: the caller has to send another.
    const bool too_early = dialog.confirmed && !was_confirmed_;
    return !is_challenge(status) && !too_early;
  }
  return status == sip::status::kCallOrTransactionDoesNotExist && is_target_refresh(method_) &&
         dialog.confirmed;
}

void DialogTracking::on_branch_failed(const Environment& environment,
                                      const sip::MessageView& response) {
  if (call_) environment.calls.give_up(call_, response.to_tag());
}

void DialogTracking::on_failure(const Environment& environment, uint16_t status) {
  Dialog* dialog = environment.calls.get(dialog_);
  if (dialog == nullptr) return;
  if (ends_call(*dialog, status)) {
    if (method_ != sip::Method::Bye) dialog->ended_by = store::RecordEnd::Lost;
    return end(environment);
  }
  if (Dialog* stands = take_back_bye(environment)) stands->ended_by = store::RecordEnd::None;
  dialog_ = {};
}

void DialogTracking::on_not_reached(const Environment& environment) {
  Dialog* dialog = take_back_bye(environment);
  dialog_ = {};
  // Its sender has hung up, whatever he is told: the other side is told too, once it can be.
  if (dialog != nullptr && dialog->confirmed) {
    environment.calls.set_session(*dialog, {kOtherSideWaits_s, dialog->session.refresher, true});
  }
}

// The dialog goes on. Null when there was none, or it is over.
Dialog* DialogTracking::take_back_bye(const Environment& environment) {
  Dialog* dialog = environment.calls.get(dialog_);
  if (dialog == nullptr || method_ != sip::Method::Bye) return nullptr;
  if (dialog->is_being_ended()) {
    if (dialog->by_operator) dialog->ended_by = store::RecordEnd::Operator;
    return nullptr;
  }
  dialog->state = dialog->confirmed ? DialogState::Confirmed : DialogState::Early;
  if (dialog->confirmed || dialog->call.is_inviting) return dialog;
  end(environment);  // it had only rung, and nobody rings any more
  return nullptr;
}

// 12.2.1.2, 12.2.2: both targets are those that the request and its 2xx have given.
void DialogTracking::on_refreshed(const Environment& environment, Dialog& dialog,
                                  const Incoming& response, const MessageRef& request) {
  if (moves_target_ && request) {
    sip::HeaderIndex room;
    const sip::MessageView kept = environment.transactions.read(request, room);
    environment.calls.set_target(dialog, from_, kept.contact_uri().text);
  }
  if (response.message.has(sip::HeaderId::Contact)) {
    environment.calls.set_target(dialog, other(from_), response.message.contact_uri().text);
  }
}

// RFC 4028 8.2. An UPDATE without an interval on either way was about something else.
void DialogTracking::settle(const Environment& environment, Dialog& dialog,
                            const SessionOutcome& outcome) const {
  if (outcome.interval_s == 0 && method_ == sip::Method::Update) return;
  // One that rings is ended by Timer C.
  if (!dialog.is_standing()) return;
  const Side refresher = outcome.refresher == Refresher::Uas ? other(from_) : from_;
  environment.calls.set_session(dialog, {outcome.interval_s, refresher, outcome.supervised});
}

void DialogTracking::close(const Environment& environment) {
  if (call_) environment.calls.close(call_);
}

void DialogTracking::leave(const Environment& environment) {
  close(environment);
  call_ = {};
  // 15.1.1: a dialog whose BYE is not answered is over too.
  if (method_ == sip::Method::Bye) end(environment);
}

void DialogTracking::end(const Environment& environment) {
  if (Dialog* dialog = environment.calls.get(dialog_)) environment.calls.end(*dialog);
  dialog_ = {};
}

}  // namespace tipring::service
