#include "server/proxy/call_ender.h"

#include <algorithm>

#include "dialog/bye.h"
#include "service/via_management.h"
#include "sip/status.h"

namespace tipring::proxy {

namespace {

using dialog::Dialog;
using dialog::Side;
using service::ViaManagement;

constexpr std::string_view kName = "end_contexts";
constexpr std::string_view kExpired = "SIP;cause=408;text=\"Session expired\"";
// Q.850: normal call clearing. No status of SIP says it.
constexpr std::string_view kByOperator = "Q.850;cause=16;text=\"Ended by the operator\"";
constexpr size_t kByeGrowth = 512;  // beside what is kept of a dialog

// A quarter of the calls at one time, each by two of them; the others wait for their turn.
uint32_t contexts_max(const Limits& limits) { return std::max(limits.calls / 2, 8u); }

}  // namespace

void CallEnder::plan(const Limits& limits, MemoryPlan& plan) {
  Pool<EndContext>::plan(plan, kName, contexts_max(limits));
}

CallEnder::CallEnder(const service::Environment& environment, Arena& arena, const Limits& limits)
    : environment_(environment), contexts_(kName, arena, contexts_max(limits)) {}

void CallEnder::on_expired(Dialog& dialog) {
  environment_.log.info("call_expired", kv("from", dialog.uri(Side::Caller)),
                        kv("to", dialog.uri(Side::Callee)),
                        kv("interval_s", dialog.session.interval_s));
  environment_.note(dialog.call_id(), transport::Decision::SessionExpired,
                    {dialog.session.interval_s});
  const bool forgets = environment_.session_timer.on_expiry == service::SessionExpiry::Drop;
  if (forgets || !dialog.session.supervised) return environment_.calls.end(dialog);
  begin_end(dialog);
}

void CallEnder::end(Dialog& dialog) {
  if (dialog.is_being_ended()) return;
  environment_.log.info("call_ended_by_operator", kv("from", dialog.uri(Side::Caller)),
                        kv("to", dialog.uri(Side::Callee)));
  environment_.note(dialog.call_id(), transport::Decision::EndedByOperator);
  dialog.by_operator = true;
  dialog.ended_by = store::RecordEnd::Operator;
  begin_end(dialog);
}

void CallEnder::begin_end(Dialog& dialog) {
  if (dialog.is_being_ended()) return;
  dialog.state = dialog::DialogState::Ending;
  dialog.expiry.cancel();
  waiting_.push_back(dialog);
  end_waiting();
}

// Not from within itself: a BYE that cannot be sent frees its place at once.
void CallEnder::end_waiting() {
  if (busy_) return;
  busy_ = true;
  const PoolStats& stats = contexts_.stats();
  while (!waiting_.empty() && stats.capacity - stats.in_use >= 2) {
    Dialog& dialog = *waiting_.pop_front();
    const dialog::DialogHandle handle = environment_.calls.handle_of(dialog);
    dialog.byes = 1;  // until both have been begun
    begin(dialog, Side::Caller);
    begin(dialog, Side::Callee);
    if (--dialog.byes == 0) environment_.calls.end(*environment_.calls.get(handle));
  }
  busy_ = false;
}

void CallEnder::begin(Dialog& dialog, Side to) {
  if (dialog.target(to).empty()) return;
  EndContext* context = contexts_.acquire(environment_.calls.handle_of(dialog), to);
  if (context == nullptr) return;
  ++dialog.byes;
  const uint64_t id = contexts_.handle_of(*context).to_u64();
  const auto state = context->selection.select(environment_, destination_of(dialog, to), *this, id);
  if (!state) return finish(*context);
  if (*state == transport::LocateState::Done) try_next(*context);
}

service::Destination CallEnder::destination_of(const Dialog& dialog, Side to) const {
  service::Destination destination;
  destination.next_hop = dialog::next_hop(dialog, to);
  const dialog::Peer& peer = dialog.peer(to);
  if (peer.by_flow && environment_.transport.stands(peer.flow)) destination.flow = peer.flow;
  destination.keeps_transport = true;  // it is short
  destination.keeps_off_host = !environment_.transport.is_of_host(peer.flow.remote.ip);
  return destination;
}

void CallEnder::on_located(uint64_t tag, const Result<transport::FlowList>& flows) {
  EndContext* context = contexts_.get(Handle::from_u64(tag));
  if (context == nullptr) return;
  context->selection.resumed();
  if (!flows) return finish(*context);
  context->selection.located(*flows);
  try_next(*context);
}

void CallEnder::try_next(EndContext& context) {
  const Dialog* dialog = environment_.calls.get(context.dialog);
  while (dialog != nullptr) {
    const auto flow = context.selection.next(environment_, destination_of(*dialog, context.to));
    if (!flow) break;
    if (send(context, *dialog, *flow)) return;
  }
  finish(context);
}

bool CallEnder::send(EndContext& context, const Dialog& dialog, const transport::Flow& flow) {
  transaction::TransactionLayer& transactions = environment_.transactions;
  const uint64_t id = contexts_.handle_of(context).to_u64();
  const auto client =
      transactions.reserve(sip::Method::Bye, *this, id, transaction::Claim::Standing);
  if (!client) return false;
  ViaManagement::Text text;
  const std::string_view via = ViaManagement::write_own(environment_, *client, flow, text);
  const std::string_view reason = dialog.by_operator ? kByOperator : kExpired;
  MessageRef bye = service::write_message(
      environment_.slabs, dialog.texts.size() + kByeGrowth,
      [&](std::span<char> out) { return dialog::write_bye(dialog, context.to, via, reason, out); });
  if (!bye) {
    transactions.abandon(*client);
    return false;
  }
  context.client = *client;
  return transactions.start(*client, std::move(bye), flow).has_value();
}

// Whatever the answer, the session is over: RFC 3261 15.1.1.
void CallEnder::on_response(uint64_t id, transaction::ClientHandle,
                            const transport::Incoming& response) {
  EndContext* context = contexts_.get(Handle::from_u64(id));
  if (context != nullptr && !sip::is_provisional(response.message.status())) finish(*context);
}

void CallEnder::on_client_end(uint64_t id, transaction::ClientHandle client,
                              transaction::EndReason reason) {
  EndContext* context = contexts_.get(Handle::from_u64(id));
  if (context == nullptr || context->client != client) return;
  if (reason == transaction::EndReason::TransportError) return try_next(*context);
  finish(*context);
}

void CallEnder::finish(EndContext& context) {
  Dialog* dialog = environment_.calls.get(context.dialog);
  context.selection.cancel(environment_, *this, contexts_.handle_of(context).to_u64());
  contexts_.release(context);
  if (dialog != nullptr && --dialog->byes == 0) environment_.calls.end(*dialog);
  end_waiting();
}

}  // namespace tipring::proxy
