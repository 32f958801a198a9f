// What comes back: RFC 3261 16.7 to 16.10.
#include "server/proxy/proxy.h"
#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::proxy {

namespace {

using service::BestResponse;
using service::Branch;
using service::BranchState;
using service::DialogTracking;
using service::SessionInterval;
using service::TransactionStatefulProxy;
using sip::Wish;
using Verdict = TransactionStatefulProxy::Verdict;

// For its record, in words of our own.
std::string_view why_not_reached(const Branch& branch, uint16_t status) {
  if (branch.cancelled) return {};
  if (status != sip::status::kRequestTimeout) return "the phone could not be reached";
  return branch.rang ? "it rang for too long" : "the phone did not answer";
}

}  // namespace

void Proxy::on_response(uint64_t id, ClientHandle client, const Incoming& response) {
  Branch* branch = branches_.get(BranchHandle::from_u64(id));
  if (branch == nullptr || branch->client != client) return;
  ProxyContext& context = context_of(*branch);
  switch (context.get<TransactionStatefulProxy>().on_response(*branch, response)) {
    case Verdict::Absorb: return;
    case Verdict::Forward: return forward_now(context, *branch, response);
    case Verdict::Failed: break;
  }
  const Handle self = contexts_.handle_of(context);
  on_failure(context, *branch, response);
  if (ProxyContext* left = contexts_.get(self)) {
    left->get<TransactionStatefulProxy>().best().keep(environment_.slabs);
  }
}

// 16.7 step 5: provisionals, and every 2xx. The first 2xx ends all others.
void Proxy::forward_now(ProxyContext& context, Branch& branch, const Incoming& response) {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  const MessageRef request = proxy.request();  // a 2xx lets go of it
  const bool sent = send_upstream(context, response.message, {});
  if (sent) {
    context.get<DialogTracking>().on_response(environment_, response,
                                              context.get<SessionInterval>(), request);
    recorder_.on_forwarded(context, branch, response);
  }
  if (sip::is_provisional(response.message.status())) return;
  // Without a buffer the next retransmission of a 2xx to an INVITE gets its chance.
  if (!sent && proxy.is_invite()) return;
  if (!sent) answer(context, sip::status::kServerInternalError, {});
  note_others(context, response.message);
  close_branches(context, sip::status::kOk, context.wishes.cancel != Wish::No);
  settle(context);
}

// For a trace: who else rings, now that one has answered.
void Proxy::note_others(ProxyContext& context, const sip::MessageView& answer) {
  if (environment_.transport.tracing() == nullptr) return;
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  size_t others = 0;
  for (const Branch* branch = proxy.branches().front(); branch != nullptr;
       branch = proxy.branches().next(*branch)) {
    if (branch->is_pending()) ++others;
  }
  if (others == 0) return;
  environment_.note(answer.header(sip::HeaderId::CallId).value_or(""),
                    transport::Decision::OthersCancelled, {others});
}

void Proxy::on_failure(ProxyContext& context, Branch& branch, const Incoming& response) {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  const uint16_t status = response.message.status();
  branch.final_status = status;
  // RFC 3263 4.3: this address cannot serve it, another one of the target may.
  if (status == sip::status::kServiceUnavailable && !branch.rang && !branch.cancelled &&
      branch.selection.has_next() && proxy.may_try()) {
    proxy.note(status);
    return resume(context, &branch);
  }
  context.get<DialogTracking>().on_branch_failed(environment_, response.message);
  if (!TransactionStatefulProxy::is_for_upstream(response.message)) {
    proxy.note(sip::status::kBadGateway);
  } else if (branch.stepped_over && status == sip::status::kRequestTerminated) {
    proxy.note(sip::status::kRequestTimeout);  // it has rung for as long as it may
  } else if (sip::is_redirection(status)) {
    redirect(context, response);
  } else {
    proxy.offer(response.message);
  }
  branch.reason = response.message.reason();
  release_branch(branch);
  if (status >= sip::status::kBusyEverywhere) close_branches(context, status);
  go_on(context);
}

// 16.9, and a branch that has had no final response in its time.
void Proxy::on_client_end(uint64_t id, ClientHandle client, EndReason reason) {
  Branch* branch = branches_.get(BranchHandle::from_u64(id));
  if (branch == nullptr || branch->client != client) return;
  ProxyContext& context = context_of(*branch);
  if (branch->state == BranchState::Accepted) {
    release_branch(*branch);
    return go_on(context);
  }
  if (reason == EndReason::TransportError) {
    branch->selection.note_unreachable(stream_refusals_, environment_.now());
    return on_not_reached(context, *branch, sip::status::kServiceUnavailable);
  }
  on_not_reached(context, *branch, sip::status::kRequestTimeout);
}

void Proxy::on_not_reached(ProxyContext& context, Branch& branch, uint16_t status) {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  // Who is cancelled and says no more has ended as its caller wished: 9.1.
  const bool wanted = proxy.is_cancelled() && status == sip::status::kRequestTimeout;
  proxy.note(wanted ? sip::status::kRequestTerminated : status);
  branch.final_status = status;
  // Who has said anything at all was reached.
  const bool reached = branch.state == BranchState::Proceeding &&
                       (status == sip::status::kRequestTimeout || branch.rang);
  branch.timer_c.cancel();
  if (!reached && !branch.cancelled && branch.selection.has_next() && proxy.may_try()) {
    return resume(context, &branch);
  }
  branch.reason = why_not_reached(branch, status);
  release_branch(branch);
  go_on(context);
}

// With a provisional the branch is cancelled and waited for; without one it is as if a 408 had
// come. Should no final response come, the cancelled transaction ends by itself.
void Proxy::on_timer_c(Branch& branch) {
  ProxyContext& context = context_of(branch);
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  environment_.log.debug("timer_c_fired", kv("now_ms", environment_.now()));
  note(context, transport::Decision::TimerC);
  proxy.cancel(branch);
  if (branch.state == BranchState::Proceeding) return;
  proxy.note(sip::status::kRequestTimeout);
  branch.final_status = sip::status::kRequestTimeout;
  branch.reason = why_not_reached(branch, sip::status::kRequestTimeout);
  release_branch(branch);
  go_on(context);
}

// For a trace.
void Proxy::note(ProxyContext& context, transport::Decision decision,
                 std::initializer_list<transport::DecisionValue> values) {
  const MessageRef kept = context.get<TransactionStatefulProxy>().request();
  if (!kept || environment_.transport.tracing() == nullptr) return;
  sip::HeaderIndex room;
  const sip::MessageView request = environment_.transactions.read(kept, room);
  environment_.note(request.header(sip::HeaderId::CallId).value_or(""), decision, values);
}

// 16.10. The 487 comes when all branches have ended, theirs or our own.
void Proxy::on_cancel(uint64_t id, ServerHandle, const Incoming& cancel) {
  ProxyContext* context = contexts_.get(Handle::from_u64(id));
  if (context == nullptr || !context->get<TransactionStatefulProxy>().is_open()) return;
  context->get<TransactionStatefulProxy>().on_cancel(cancel);
  close_branches(*context, 0);
  go_on(*context);
}

// 16.9: an error on the way to the caller is no reason to cancel anything.
void Proxy::on_server_end(uint64_t id, ServerHandle, EndReason) {
  if (ProxyContext* context = contexts_.get(Handle::from_u64(id))) settle(*context);
}

// After a branch has come to its end.
void Proxy::go_on(ProxyContext& context) {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  // Not while a 2xx waits for a buffer to go upstream in.
  const bool may_branch = context.local && proxy.may_branch() && !proxy.any_accepted();
  if (may_branch) return resume(context, nullptr);
  if (!proxy.any_open()) finish(context);
}

// No branch starts any more, and those that ring are cancelled unless others may answer too.
void Proxy::close_branches(ProxyContext& context, uint16_t cause, bool cancels) {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  proxy.close(cause);
  context.step_timer.cancel();
  Branch* branch = proxy.branches().front();
  while (branch != nullptr) {
    Branch* next = proxy.branches().next(*branch);
    const bool sent = branch->is_pending() || branch->state == BranchState::Accepted;
    if (!sent) {
      release_branch(*branch);
    } else if (cancels) {
      proxy.cancel(*branch);
    }
    branch = next;
  }
}

// All branches have ended: 16.7 step 6.
void Proxy::finish(ProxyContext& context) {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  if (!proxy.is_open()) return settle(context);
  // A 2xx could not be forwarded yet: never a failure before it.
  if (proxy.any_accepted()) return;
  close_branches(context, 0);  // those that never had their turn
  BestResponse& best = proxy.best();
  const uint16_t status = best.status();
  if (proxy.tries() > 1 && status != 0)
    note(context, transport::Decision::AllRefused, {status, proxy.tries()});
  // Who was not reached may be with the next try of who found no room: that is ours to say.
  const bool is_short =
      status == sip::status::kServiceUnavailable && !best.has_text() && !context.lacks.empty();
  if (status == 0 || is_short) {
    answer_unheard(context);
  } else if (!send_best(context)) {
    sip::ResponseParts parts;
    parts.headers = best.lines();
    const bool too_late = status == sip::status::kRequestTimeout && !proxy.is_invite();
    too_late ? proxy.drop() : answer(context, service::status_upstream(status), parts);
  }
  settle(context);
}

// Nobody has said anything, since the caller was faster, no branch got out, or all were silent.
void Proxy::answer_unheard(ProxyContext& context) {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  if (proxy.is_cancelled()) return answer(context, sip::status::kRequestTerminated, {});
  if (context.lacks.empty()) return answer(context, sip::status::kRequestTimeout, {});
  const MessageRef kept = proxy.request();
  sip::HeaderIndex room;
  const sip::MessageView request = environment_.transactions.read(kept, room);
  answer(context, sip::status::kServiceUnavailable,
         environment_.overload.refuse(request, context.lacks, environment_.now()));
}

// Whether there was a response to send.
bool Proxy::send_best(ProxyContext& context) {
  BestResponse& best = context.get<TransactionStatefulProxy>().best();
  sip::ResponseEdit edit;
  edit.status = service::status_upstream(best.status());
  edit.extra_lines = best.lines();
  edit.filter = best.filter();
  if (best.is_current()) return send_upstream(context, best.current(), edit);
  sip::HeaderIndex room;
  const auto kept = best.response(room);
  return kept && send_upstream(context, *kept, edit);
}

// The only one that is not gone when all has been said: its 2xx may be repeated for a while.
void Proxy::settle(ProxyContext& context) {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  if (proxy.is_open()) return;
  if (!proxy.any_pending()) context.get<DialogTracking>().close(environment_);
  if (!proxy.is_invite() || proxy.branches().empty()) release(context);
}

// Forwards a response: steps 3 and 8 to 10. Whether it went.
bool Proxy::send_upstream(ProxyContext& context, const sip::MessageView& response,
                          sip::ResponseEdit edit) {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  const uint16_t status = edit.status != 0 ? edit.status : response.status();
  if (status == response.status()) edit.status = 0;  // its own phrase stays
  std::array<char, SessionInterval::kResponseLineMax> room;
  context.get<SessionInterval>().edit_response(response, edit, room);
  MessageRef message = service::write_message(
      environment_.slabs,
      response.text().size() + edit.required.size() + edit.extra_lines.size() + 64,
      [&](std::span<char> out) { return sip::write_forwarded_response(response, edit, out); });
  if (!message || !proxy.respond(std::move(message), status)) return false;
  if (status >= 300) context.get<DialogTracking>().on_failure(environment_, status);
  context.call.end(environment_.log, proxy.final_status(), environment_.now());
  recorder_.on_final(context, response.reason());
  return true;
}

// Ends the request with a final response of our own, and gives up its branches.
void Proxy::answer(ProxyContext& context, uint16_t status, const sip::ResponseParts& parts) {
  TransactionStatefulProxy& proxy = context.get<TransactionStatefulProxy>();
  close_branches(context, 0);
  context.get<DialogTracking>().on_not_reached(environment_);
  proxy.respond(status, parts);
  context.call.end(environment_.log, proxy.final_status(), environment_.now());
  recorder_.on_final(context, parts.reason.empty() ? sip::default_reason(status) : parts.reason);
}

}  // namespace tipring::proxy
