#include "service/transaction_stateful_proxy.h"

#include "sip/message_edit.h"
#include "sip/status.h"

namespace tipring::service {

namespace {

// 16.7 step 6 and SPEC: a 503 speaks of the server that gave it, and would make our peers drop us.
uint16_t status_upstream(uint16_t status) {
  return status == sip::status::kServiceUnavailable ? sip::status::kServerInternalError : 0;
}

// 16.7 step 3: whose only Via is ours was meant for us, and nobody would know it upstream.
bool is_for_upstream(const sip::MessageView& response) {
  const auto vias = response.values(sip::HeaderId::Via);
  return ++vias.begin() != vias.end();
}

}  // namespace

Result<void> TransactionStatefulProxy::open(const Environment& environment, const Incoming& request,
                                            TransactionUser& user, uint64_t context, bool trying) {
  environment_ = &environment;
  method_ = request.message.method();
  claim_ = transaction::claim_of(request.message);
  const Result<ServerHandle> server = environment.transactions.open(request, user, context, trying);
  if (!server) return server.error();
  server_ = *server;
  received_over_ = request.flow;
  return {};
}

Result<ClientHandle> TransactionStatefulProxy::reserve_branch(TransactionUser& user,
                                                              uint64_t context) {
  for (Branch& branch : branches_) {
    if (branch.state != BranchState::Free) continue;
    const Result<ClientHandle> client =
        environment_->transactions.reserve(method_, user, context, claim_);
    if (!client) return client;
    branch = {*client, BranchState::Reserved, false};
    return client;
  }
  return Error::PoolExhausted;
}

Result<void> TransactionStatefulProxy::start_branch(MessageRef request, const Flow& flow) {
  for (Branch& branch : branches_) {
    if (branch.state != BranchState::Reserved) continue;
    if (!request) {
      environment_->transactions.abandon(branch.client);
      branch = {};
      return Error::PoolExhausted;
    }
    branch.state = BranchState::Pending;
    const Result<void> started =
        environment_->transactions.start(branch.client, std::move(request), flow);
    if (!started) {
      branch = {};
    } else if (method_ == sip::Method::Invite) {
      environment_->timers.start(timer_c_, environment_->now() + kTimerC);
    }
    return started;
  }
  return Error::Invalid;
}

TransactionStatefulProxy::Branch* TransactionStatefulProxy::find(ClientHandle client) {
  for (Branch& branch : branches_) {
    if (branch.state != BranchState::Free && branch.client == client) return &branch;
  }
  return nullptr;
}

bool TransactionStatefulProxy::pending() const {
  for (const Branch& branch : branches_) {
    if (branch.state == BranchState::Pending) return true;
  }
  return false;
}

bool TransactionStatefulProxy::is_open() const {
  return !ended_ && environment_ != nullptr && environment_->transactions.is_open(server_);
}

MessageRef TransactionStatefulProxy::request() const {
  return environment_->transactions.request_of(server_);
}

TransactionStatefulProxy::Progress TransactionStatefulProxy::refuse(
    uint16_t status, const sip::ResponseParts& parts) {
  timer_c_.cancel();
  cancel_branches();
  if (is_open()) final_status_ = status;
  if (is_open() && !environment_->transactions.respond(server_, status, parts)) {
    environment_->transactions.drop(server_);
  }
  ended_ = true;
  return Progress::Finished;
}

TransactionStatefulProxy::Progress TransactionStatefulProxy::on_response(ClientHandle client,
                                                                         const Incoming& response,
                                                                         std::string_view lines) {
  Branch* branch = find(client);
  if (branch == nullptr) return Progress::Pending;
  const uint16_t status = response.message.status();
  if (sip::is_provisional(status)) {
    branch->provisional = true;
    if (status == sip::status::kTrying) return Progress::Pending;
    // 16.7 step 2: any provisional but 100 restarts Timer C.
    if (timer_c_.armed()) environment_->timers.start(timer_c_, response.now + kTimerC);
    if (is_open() && is_for_upstream(response.message)) forward_provisional(response);
    return Progress::Pending;
  }
  timer_c_.cancel();
  if (!sip::is_success(status) || method_ != sip::Method::Invite)
    branch->state = BranchState::Ended;
  if (!is_for_upstream(response.message)) {
    branch->state = BranchState::Ended;
    return refuse(sip::status::kBadGateway, {});
  }
  return forward_final(response, lines);
}

// Every 2xx to an INVITE goes upstream at once, also after another final response (16.7 step 5); of
// all others the first.
TransactionStatefulProxy::Progress TransactionStatefulProxy::forward_final(const Incoming& response,
                                                                           std::string_view lines) {
  const uint16_t status = response.message.status();
  const bool invite_2xx = method_ == sip::Method::Invite && sip::is_success(status);
  if (!invite_2xx && !is_open()) return Progress::Finished;
  MessageRef message = write_response(response, status_upstream(status), lines);
  const bool sent = message && environment_->transactions.respond(server_, std::move(message));
  if (sent && final_status_ == 0) final_status_ = status;
  if (invite_2xx) {
    // Without a buffer the next retransmission of the 2xx gets its chance.
    answered_2xx_ = answered_2xx_ || sent;
    ended_ = ended_ || sent;
    return Progress::Pending;
  }
  if (!sent) return refuse(sip::status::kServerInternalError, {});
  ended_ = true;
  return Progress::Finished;
}

void TransactionStatefulProxy::forward_provisional(const Incoming& response) {
  // Without a buffer the provisional is lost, as it may be on the way.
  if (MessageRef message = write_response(response, 0, {})) {
    static_cast<void>(environment_->transactions.respond(server_, std::move(message)).has_value());
  }
}

MessageRef TransactionStatefulProxy::write_response(const Incoming& response, uint16_t status,
                                                    std::string_view lines) const {
  sip::ResponseEdit edit;
  edit.status = status;
  edit.extra_lines = lines;
  return write_message(environment_->slabs, response.message.text().size() + lines.size() + 64,
                       [&](std::span<char> out) {
                         return sip::write_forwarded_response(response.message, edit, out);
                       });
}

TransactionStatefulProxy::Progress TransactionStatefulProxy::on_client_end(ClientHandle client,
                                                                           EndReason reason) {
  Branch* branch = find(client);
  if (branch == nullptr) return Progress::Pending;
  branch->state = BranchState::Ended;
  if (!is_open()) return pending() ? Progress::Pending : Progress::Finished;
  // 16.9: as if a 503 had been received. And Done, while we are open: no buffer was ever free for
  // the 2xx.
  if (reason != EndReason::Timeout) return refuse(sip::status::kServerInternalError, {});
  // 9.1: a cancelled one whose callee says no more has ended as its caller wished.
  if (cancelled_) return refuse(sip::status::kRequestTerminated, {});
  if (method_ == sip::Method::Invite) return refuse(sip::status::kRequestTimeout, {});
  // RFC 4320 4.2: a 408 to a non-INVITE would come too late for anyone.
  environment_->transactions.drop(server_);
  ended_ = true;
  return Progress::Finished;
}

void TransactionStatefulProxy::cancel_branches() {
  for (Branch& branch : branches_) {
    if (branch.state == BranchState::Pending) environment_->transactions.cancel(branch.client);
    if (branch.state == BranchState::Reserved) {
      environment_->transactions.abandon(branch.client);
      branch = {};
    }
  }
}

TransactionStatefulProxy::Progress TransactionStatefulProxy::on_cancel() {
  if (!is_open()) return Progress::Pending;
  if (!pending()) return refuse(sip::status::kRequestTerminated, {});
  cancelled_ = true;
  cancel_branches();
  return Progress::Pending;
}

TransactionStatefulProxy::Progress TransactionStatefulProxy::on_server_end() {
  if (answered_2xx_) return Progress::Pending;  // until the client transaction has ended too
  timer_c_.cancel();
  if (method_ == sip::Method::Invite) cancel_branches();
  ended_ = true;
  return Progress::Finished;
}

// 16.8. With a provisional the branch is cancelled and its 487 goes upstream; without one it is as
// if a 408 had come.
void TransactionStatefulProxy::on_timer_c(Millis now) {
  bool cancelled = false;
  for (const Branch& branch : branches_) {
    if (branch.state == BranchState::Pending && branch.provisional) cancelled = true;
  }
  if (cancelled) {
    cancel_branches();
    // Should the 487 not come, the cancelled transaction ends by itself and is told as Timeout.
    return;
  }
  environment_->log.debug("timer_c_fired", kv("now_ms", now));
  static_cast<void>(refuse(sip::status::kRequestTimeout, {}));
}

}  // namespace tipring::service
