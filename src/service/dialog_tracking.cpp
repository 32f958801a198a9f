#include "service/dialog_tracking.h"

#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::service {

namespace {

using dialog::Dialog;
using dialog::DialogState;
using dialog::Side;

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

Result<void> DialogTracking::begin(const Environment& environment, const Incoming& invite) {
  const Result<dialog::CallHandle> call = environment.calls.begin(invite);
  if (!call) return call.error();
  call_ = *call;
  method_ = sip::Method::Invite;
  return {};
}

void DialogTracking::enter(const Environment& environment, const dialog::Match& match,
                           const sip::MessageView& request) {
  Dialog& dialog = *match.dialog;
  dialog_ = environment.calls.handle_of(dialog);
  from_ = match.from;
  method_ = request.method();
  dialog::Peer& peer = dialog.peer(from_);
  const auto& cseq = request.typed<sip::HeaderId::CSeq>();
  if (cseq && cseq->number > peer.cseq) peer.cseq = cseq->number;
  environment.calls.note_alive(dialog);
  if (method_ == sip::Method::Bye) dialog.state = DialogState::Ending;
  moves_target_ = is_target_refresh(method_) && request.has(sip::HeaderId::Contact) &&
                  request.contact_uri().text != dialog.target(from_);
}

void DialogTracking::on_response(const Environment& environment, const Incoming& response,
                                 const SessionInterval& interval, const MessageRef& request) {
  const uint16_t status = response.message.status();
  if (call_) {
    const dialog::Answer answer = environment.calls.on_response(call_, response);
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

void DialogTracking::on_failure(const Environment& environment, uint16_t status) {
  Dialog* dialog = environment.calls.get(dialog_);
  if (dialog == nullptr) return;
  // RFC 5057 5.2: the other side knows of no such dialog.
  if (status == sip::status::kCallOrTransactionDoesNotExist) return end(environment);
  if (method_ == sip::Method::Bye && !is_challenge(status)) return end(environment);
  if (method_ == sip::Method::Bye) {
    dialog->state = dialog->confirmed_at == Millis(0) ? DialogState::Early : DialogState::Confirmed;
  }
  dialog_ = {};
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

void DialogTracking::leave(const Environment& environment) {
  if (call_) environment.calls.close(call_);
  call_ = {};
  // 15.1.1: a dialog whose BYE is not answered is over too.
  if (method_ == sip::Method::Bye) end(environment);
}

void DialogTracking::end(const Environment& environment) {
  if (Dialog* dialog = environment.calls.get(dialog_)) environment.calls.end(*dialog);
  dialog_ = {};
}

}  // namespace tipring::service
