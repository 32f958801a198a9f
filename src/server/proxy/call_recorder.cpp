#include "server/proxy/call_recorder.h"

#include "server/proxy/proxy_context.h"
#include "server/proxy/target_set.h"
#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::proxy {

namespace {

using service::Branch;
using service::TransactionStatefulProxy;
using store::CallRecord;
using store::RecordEnd;
using store::RecordOutcome;
using store::RecordText;

CallRecord answered_at(Millis answered) {
  CallRecord record;
  record.answered = answered;
  record.outcome = RecordOutcome::Answered;
  record.status = sip::status::kOk;
  record.media = store::RecordMedia::Direct;
  return record;
}

CallRecord ended_at(Millis now, const dialog::Dialog& dialog) {
  CallRecord record = answered_at(dialog.confirmed_at);
  record.ended = now;
  record.ended_by = dialog.ended_by;
  record.session_interval_s = dialog.session.interval_s;
  record.supervised = dialog.session.supervised;
  return record;
}

RecordOutcome outcome_of(ProxyContext& context, const Branch& branch) {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  const bool stopped =
      branch.final_status == 0 || branch.final_status == sip::status::kRequestTerminated;
  if (!branch.cancelled || !stopped) return store::outcome_of(branch.final_status);
  if (branch.stepped_over) return RecordOutcome::NoAnswer;
  if (sip::is_success(proxy.final_status())) return RecordOutcome::Elsewhere;
  return proxy.is_cancelled() ? RecordOutcome::Cancelled : RecordOutcome::NoAnswer;
}

}  // namespace

// Whom a Request-URI or To means: the user by his name, whatever number was dialled.
std::string_view CallRecorder::user_of(std::string_view uri) const {
  const auto parsed = sip::parse_uri(uri);
  if (!parsed) return {};
  const std::string_view name = location_.user_of(*parsed);
  return name.empty() ? parsed->user : name;
}

void CallRecorder::begin(ProxyContext& context, const transport::Incoming& invite) const {
  if (environment_.book == nullptr) return;
  context.record.id = environment_.book->begin(invite, store::RecordKind::Proxied,
                                               context.get<service::DigestServerAuth>().user(),
                                               invite.message.request_uri(), {});
  if (context.record.id == 0 && environment_.book->is_on()) {
    environment_.note(invite.message.header(sip::HeaderId::CallId).value_or(""),
                      transport::Decision::NotRecorded);
  }
}

void CallRecorder::on_try(ProxyContext& context, Branch& branch, const Plan& plan,
                          const transport::Flow& flow) const {
  // Another address of the same phone.
  if (context.record.id == 0 || branch.record != 0) return;
  service::RungPhone phone;
  phone.call = context.record.id;
  if (context.record.legs < UINT8_MAX) ++context.record.legs;
  phone.leg = context.record.legs;
  phone.uri = plan.request_uri;
  phone.remote = flow.remote;
  phone.transport = sip::to_text(flow.transport);
  const MessageRef kept = context.get<TransactionStatefulProxy>().request();
  sip::HeaderIndex room;
  if (kept && context.local) {
    phone.user = user_of(environment_.transactions.read(kept, room).request_uri());
  }
  branch.record = environment_.book->begin(phone, environment_.now());
}

void CallRecorder::on_forwarded(ProxyContext& context, Branch& branch,
                                const transport::Incoming& response) const {
  if (context.record.id == 0) return;
  if (sip::is_provisional(response.message.status())) {
    if (branch.rang_at == Millis(0)) branch.rang_at = response.now;
    if (context.record.rang == Millis(0)) context.record.rang = response.now;
    return;
  }
  dialog::Dialog* dialog =
      environment_.calls.get(context.get<service::DialogTracking>().confirmed());
  if (dialog != nullptr || !branch.is_recorded) write_answer(context, branch, dialog);
}

// Where there is no dialog, the end of the call is not seen.
void CallRecorder::write_answer(ProxyContext& context, Branch& branch,
                                dialog::Dialog* dialog) const {
  service::CallBook& book = *environment_.book;
  CallRecord record = answered_at(environment_.now());
  record.rang = branch.rang_at;
  if (dialog != nullptr) {
    record.session_interval_s = dialog->session.interval_s;
    record.supervised = dialog->session.supervised;
  } else {
    record.ended = record.answered;
    record.ended_by = RecordEnd::NotFollowed;
  }
  // A fork beyond this phone's: one record tells of both.
  book.update(branch.record, record);
  if (dialog != nullptr) {
    dialog->record = branch.record;
    dialog->call.record = context.record.id;
  }
  branch.is_recorded = true;
  if (context.record.is_over) return;
  context.record.is_over = true;
  record.rang = context.record.rang;
  if (dialog != nullptr && context.local) {
    record.text(RecordText::AnsweredBy) = user_of(dialog->uri(dialog::Side::Callee));
  }
  book.update(context.record.id, record);
}

void CallRecorder::on_final(ProxyContext& context, std::string_view reason) const {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  const uint16_t status = proxy.final_status();
  if (context.record.id == 0 || context.record.is_over || status < 300) return;
  context.record.is_over = true;
  CallRecord record;
  record.rang = context.record.rang;
  record.ended = environment_.now();
  record.status = status;
  record.outcome = proxy.is_cancelled() ? RecordOutcome::Cancelled : store::outcome_of(status);
  record.text(RecordText::Reason) = reason;
  if (proxy.is_cancelled()) record.ended_by = RecordEnd::Caller;
  environment_.book->update(context.record.id, record);
}

void CallRecorder::on_branch_over(ProxyContext& context, const Branch& branch) const {
  if (branch.record == 0 || branch.is_recorded) return;
  CallRecord record;
  record.rang = branch.rang_at;
  record.ended = environment_.now();
  record.status = branch.final_status;
  record.outcome = outcome_of(context, branch);
  record.text(RecordText::Reason) = branch.reason;
  environment_.book->update(branch.record, record);
}

void CallRecorder::on_over(const dialog::Dialog& dialog, bool is_last) {
  if (dialog.call.record != 0) write_end(dialog, is_last, ended_at(environment_.now(), dialog));
}

// RFC 3326: who hangs up may say why. The dialog does not keep it.
void CallRecorder::on_bye(const dialog::Dialog& dialog, bool is_last, const sip::MessageView& bye) {
  const auto reason = bye.header(sip::HeaderId::Reason);
  if (dialog.call.record == 0 || !reason) return;
  CallRecord record = ended_at(environment_.now(), dialog);
  record.text(RecordText::Reason) = *reason;
  write_end(dialog, is_last, record);
}

void CallRecorder::write_end(const dialog::Dialog& dialog, bool is_last,
                             const CallRecord& record) const {
  environment_.book->update(dialog.record, record);
  if (is_last) environment_.book->update(dialog.call.record, record);
}

}  // namespace tipring::proxy
