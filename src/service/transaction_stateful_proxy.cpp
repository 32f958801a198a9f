#include "service/transaction_stateful_proxy.h"

#include <algorithm>

#include "sip/headers.h"
#include "sip/status.h"
#include "sip/writer.h"

namespace tipring::service {

namespace {

constexpr size_t kReasonMax = 96;

template <class Test>
bool any(const TransactionStatefulProxy::BranchList& branches, Test test) {
  for (Branch* branch = branches.front(); branch != nullptr; branch = branches.next(*branch)) {
    if (test(*branch)) return true;
  }
  return false;
}

}  // namespace

Result<void> TransactionStatefulProxy::open(const Environment& environment, const Incoming& request,
                                            TransactionUser& user, uint64_t context, bool trying,
                                            transaction::Claim claim) {
  environment_ = &environment;
  method_ = request.message.method();
  claim_ = claim == transaction::Claim::Standing ? claim : transaction::claim_of(request.message);
  const Result<ServerHandle> server =
      environment.transactions.open(request, user, context, trying, claim_);
  if (!server) return server.error();
  server_ = *server;
  received_over_ = request.flow;
  const Flow* reply_flow = environment.transactions.reply_flow_of(server_);
  if (reply_flow != nullptr) reply_port_ = reply_flow->remote.port;
  opened_at_ = environment.now();
  return {};
}

// --- the target set ------------------------------------------------------------------------------

void TransactionStatefulProxy::add_target(uint64_t target) {
  TIPRING_ASSERT(!is_full());
  targets_[target_count_++] = target;
}

bool TransactionStatefulProxy::has_target(uint64_t target) const {
  const auto end = targets_.begin() + target_count_;
  return std::find(targets_.begin(), end, target) != end;
}

bool TransactionStatefulProxy::may_try() const {
  if (!is_open() || cancelled_ || tries_ == kTriesMax) return false;
  return is_invite() || environment_->now() - opened_at_ < kLastTry;
}

// --- branches ------------------------------------------------------------------------------------

bool TransactionStatefulProxy::any_open() const {
  return any(branches_, [](const Branch& branch) { return branch.is_open(); });
}

bool TransactionStatefulProxy::any_pending() const {
  return any(branches_, [](const Branch& branch) { return branch.is_pending(); });
}

bool TransactionStatefulProxy::any_accepted() const {
  return any(branches_, [](const Branch& branch) { return branch.state == BranchState::Accepted; });
}

uint32_t TransactionStatefulProxy::breadth_left(uint32_t incoming) const {
  uint32_t out = 0;
  for (Branch* branch = branches_.front(); branch != nullptr; branch = branches_.next(*branch)) {
    if (branch->is_open()) out += branch->breadth;
  }
  return incoming - std::min(incoming, out);
}

Result<ClientHandle> TransactionStatefulProxy::reserve(Branch& branch, TransactionUser& user,
                                                       uint64_t id) {
  const Result<ClientHandle> client = environment_->transactions.reserve(method_, user, id, claim_);
  if (!client) return client;
  branch.client = *client;
  ++tries_;
  return client;
}

Result<void> TransactionStatefulProxy::start(Branch& branch, MessageRef request, const Flow& flow) {
  if (!request) {
    environment_->transactions.abandon(branch.client);
    return Error::PoolExhausted;
  }
  branch.state = BranchState::Calling;
  const Result<void> started =
      environment_->transactions.start(branch.client, std::move(request), flow);
  if (!started) {
    branch.state = BranchState::Locating;
    branch.client = {};
  } else if (is_invite()) {
    environment_->timers.start(branch.timer_c, environment_->now() + kTimerC);
  }
  return started;
}

bool TransactionStatefulProxy::is_for_upstream(const sip::MessageView& response) {
  const auto vias = response.values(sip::HeaderId::Via);
  return ++vias.begin() != vias.end();
}

TransactionStatefulProxy::Verdict TransactionStatefulProxy::on_response(Branch& branch,
                                                                        const Incoming& response) {
  const uint16_t status = response.message.status();
  if (sip::is_provisional(status)) {
    const bool first = branch.state == BranchState::Calling;
    branch.state = BranchState::Proceeding;
    if (first && branch.cancelled) send_cancel(branch);
    if (status == sip::status::kTrying) return Verdict::Absorb;
    branch.rang = true;
    // 16.7 step 2: any provisional but 100 restarts Timer C.
    if (branch.timer_c.armed()) {
      environment_->timers.start(branch.timer_c, response.now + kTimerC);
    }
    return is_open() && is_for_upstream(response.message) ? Verdict::Forward : Verdict::Absorb;
  }
  branch.timer_c.cancel();
  if (!is_for_upstream(response.message)) return Verdict::Failed;
  if (!sip::is_success(status)) return Verdict::Failed;
  if (is_invite()) {
    branch.state = BranchState::Accepted;
    return Verdict::Forward;
  }
  return is_open() ? Verdict::Forward : Verdict::Absorb;
}

void TransactionStatefulProxy::close(uint16_t cause) {
  closed_ = true;
  if (cause_ == 0) cause_ = cause;
}

void TransactionStatefulProxy::on_cancel(const Incoming& cancel) {
  cancelled_ = true;
  close();
  if (!cancel.message.has(sip::HeaderId::Reason)) return;
  size_t size = 0;
  for (const sip::HeaderView line : cancel.message.headers(sip::HeaderId::Reason)) {
    size += line.line().size() + 16;
  }
  caller_reason_ = write_message(environment_->slabs, size, [&](std::span<char> room) {
    sip::Writer out(room);
    for (const sip::HeaderView line : cancel.message.headers(sip::HeaderId::Reason)) {
      out.header(sip::HeaderId::Reason, line);
    }
    return out.finish();
  });
}

void TransactionStatefulProxy::cancel(Branch& branch) {
  if (!is_invite() || !branch.is_pending() || branch.cancelled) return;
  branch.cancelled = true;
  if (branch.state == BranchState::Proceeding) send_cancel(branch);
}

void TransactionStatefulProxy::send_cancel(const Branch& branch) {
  std::array<char, kReasonMax> room;
  environment_->transactions.cancel(branch.client, write_reason(room));
}

// RFC 3326 2: the caller's own goes on; else a phone is told that another one has answered, so that
// it shows no missed call, or that the user is not to be reached anywhere.
std::string_view TransactionStatefulProxy::write_reason(std::span<char> out) const {
  if (caller_reason_) return caller_reason_.view();
  if (cause_ == 0) return {};
  sip::Writer writer(out);
  writer.text("Reason: SIP;cause=").number(cause_).text(";text=");
  writer.quoted(sip::is_success(cause_) ? "Call completed elsewhere" : sip::default_reason(cause_));
  writer.crlf();
  return writer.view();
}

// --- the answer ----------------------------------------------------------------------------------

bool TransactionStatefulProxy::respond(MessageRef response, uint16_t status) {
  transaction::TransactionLayer& transactions = environment_->transactions;
  bool sent = transactions.respond(server_, response).has_value();
  if (!sent && is_invite() && sip::is_success(status)) {
    Flow back = received_over_;
    back.remote.port = reply_port_;
    sent = transactions.send_stateless(std::move(response), back).has_value();
  }
  if (!sent || sip::is_provisional(status)) return sent;
  ended_ = true;
  if (final_status_ == 0) final_status_ = status;
  return true;
}

bool TransactionStatefulProxy::respond(uint16_t status, const sip::ResponseParts& parts) {
  if (!is_open()) return false;
  final_status_ = status;
  ended_ = true;
  const bool sent = environment_->transactions.respond(server_, status, parts).has_value();
  if (!sent) environment_->transactions.drop(server_);
  return sent;
}

void TransactionStatefulProxy::drop() {
  environment_->transactions.drop(server_);
  ended_ = true;
}

bool TransactionStatefulProxy::is_open() const {
  return !ended_ && environment_ != nullptr && environment_->transactions.is_open(server_);
}

MessageRef TransactionStatefulProxy::request() const {
  return environment_->transactions.request_of(server_);
}

}  // namespace tipring::service
