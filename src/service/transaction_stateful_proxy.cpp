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
  opened_at_ = environment.now();
  return {};
}

Result<ClientHandle> TransactionStatefulProxy::reserve_branch(TransactionUser& user,
                                                              uint64_t context, uint64_t target) {
  const Result<ClientHandle> client =
      environment_->transactions.reserve(method_, user, context, claim_);
  if (!client) return client;
  Branch* branch = branches_.add(target);
  TIPRING_ASSERT(branch != nullptr);
  branch->client = *client;
  branch->state = BranchState::Reserved;
  return client;
}

Result<void> TransactionStatefulProxy::start_branch(MessageRef request, const Flow& flow) {
  Branch* branch = branches_.find(BranchState::Reserved);
  if (branch == nullptr) return Error::Invalid;
  if (!request) {
    environment_->transactions.abandon(branch->client);
    branch->state = BranchState::Ended;
    return Error::PoolExhausted;
  }
  branch->state = BranchState::Calling;
  const Result<void> started =
      environment_->transactions.start(branch->client, std::move(request), flow);
  if (!started) {
    branch->state = BranchState::Ended;
    branch->client = {};
  } else if (method_ == sip::Method::Invite) {
    environment_->timers.start(timer_c_, environment_->now() + kTimerC);
  }
  return started;
}

void TransactionStatefulProxy::note_failed(uint64_t target, uint16_t status) {
  branches_.add(target);
  note_failure(status);
}

// 16.7 step 6: of several failures the lowest class is chosen, and the first of it.
void TransactionStatefulProxy::note_failure(uint16_t status) {
  if (failure_ == 0 || status / 100 < failure_ / 100) failure_ = status;
}

bool TransactionStatefulProxy::may_try() const {
  if (!is_open() || cancelled_ || branches_.full()) return false;
  return method_ == sip::Method::Invite || environment_->now() - opened_at_ < kLastTry;
}

TransactionStatefulProxy::Progress TransactionStatefulProxy::give_up() {
  return refuse(failure_ != 0 ? failure_ : sip::status::kServerInternalError, {});
}

Branch* TransactionStatefulProxy::find(ClientHandle client) {
  return client ? branches_.find(client) : nullptr;
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
                                                                         sip::ResponseEdit edit,
                                                                         bool more_addresses) {
  Branch* branch = find(client);
  if (branch == nullptr) return Progress::Pending;
  const uint16_t status = response.message.status();
  if (sip::is_provisional(status)) {
    branch->state = BranchState::Proceeding;
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
  if (status == sip::status::kServiceUnavailable && more_addresses && !rings_ && may_try()) {
    note_failure(sip::status::kServerInternalError);
    return Progress::TryNext;
  }
  edit.status = status_upstream(status);
  return forward_final(response, edit);
}

// Every 2xx to an INVITE goes upstream at once, also after another final response (16.7 step 5); of
// all others the first.
TransactionStatefulProxy::Progress TransactionStatefulProxy::forward_final(
    const Incoming& response, const sip::ResponseEdit& edit) {
  const uint16_t status = response.message.status();
  const bool invite_2xx = method_ == sip::Method::Invite && sip::is_success(status);
  if (!invite_2xx && !is_open()) return Progress::Finished;
  MessageRef message = write_response(response, edit);
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
  rings_ = true;
  // Without a buffer the provisional is lost, as it may be on the way.
  if (MessageRef message = write_response(response, {})) {
    static_cast<void>(environment_->transactions.respond(server_, std::move(message)).has_value());
  }
}

MessageRef TransactionStatefulProxy::write_response(const Incoming& response,
                                                    const sip::ResponseEdit& edit) const {
  const size_t growth = edit.required.size() + edit.extra_lines.size() + 64;
  return write_message(environment_->slabs, response.message.text().size() + growth,
                       [&](std::span<char> out) {
                         return sip::write_forwarded_response(response.message, edit, out);
                       });
}

TransactionStatefulProxy::Progress TransactionStatefulProxy::on_client_end(ClientHandle client,
                                                                           EndReason reason) {
  Branch* branch = find(client);
  if (branch == nullptr) return Progress::Pending;
  const BranchState before = branch->state;
  branch->state = BranchState::Ended;
  if (branches_.any_pending()) return Progress::Pending;
  if (!is_open()) return Progress::Finished;
  if (before == BranchState::Ended) return Progress::Pending;  // one that was refused with 503
  // 9.1: a cancelled one whose callee says no more has ended as its caller wished.
  if (cancelled_) return refuse(sip::status::kRequestTerminated, {});
  switch (reason) {
    // While we are open: no buffer was ever free for the 2xx.
    case EndReason::Done:
    case EndReason::Reclaimed: return refuse(sip::status::kServerInternalError, {});
    // 16.9: as if a 503 had been received.
    case EndReason::TransportError:
      note_failure(sip::status::kServerInternalError);
      return rings_ ? give_up() : Progress::TryNext;
    case EndReason::Timeout: break;
  }
  if (method_ != sip::Method::Invite) return drop();
  note_failure(sip::status::kRequestTimeout);
  // Who has said anything at all was reached.
  return before == BranchState::Proceeding ? give_up() : Progress::TryNext;
}

// RFC 4320 4.2: a 408 to a non-INVITE would come too late for anyone.
TransactionStatefulProxy::Progress TransactionStatefulProxy::drop() {
  environment_->transactions.drop(server_);
  ended_ = true;
  return Progress::Finished;
}

void TransactionStatefulProxy::cancel_branches() {
  for (Branch& branch : branches_) {
    if (branch.pending()) environment_->transactions.cancel(branch.client);
    if (branch.state == BranchState::Reserved) {
      environment_->transactions.abandon(branch.client);
      branch.state = BranchState::Ended;
    }
  }
}

TransactionStatefulProxy::Progress TransactionStatefulProxy::on_cancel() {
  if (!is_open()) return Progress::Pending;
  if (!branches_.any_pending()) return refuse(sip::status::kRequestTerminated, {});
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
  if (branches_.find(BranchState::Proceeding) != nullptr) {
    cancel_branches();
    // Should the 487 not come, the cancelled transaction ends by itself and is told as Timeout.
    return;
  }
  environment_->log.debug("timer_c_fired", kv("now_ms", now));
  static_cast<void>(refuse(sip::status::kRequestTimeout, {}));
}

}  // namespace tipring::service
