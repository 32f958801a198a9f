// The response context of a proxied request: RFC 3261 16.2 and 16.6 to 16.10. Owns the handle of
// the server transaction, and says what becomes of every response; the branches and the writing are
// its user's.
#pragma once

#include <array>
#include <cstdint>

#include "core/list.h"
#include "service/best_response.h"
#include "service/branches.h"
#include "service/context.h"
#include "service/environment.h"
#include "sip/message_edit.h"

namespace tipring::service {

using transaction::EndReason;
using transaction::ServerHandle;
using transaction::TransactionUser;

class DigestServerAuth;
class ViaManagement;
class OutputControl;

class TransactionStatefulProxy {
 public:
  using Before = ServiceList<DigestServerAuth, ViaManagement, OutputControl>;
  using Requires = ServiceList<ViaManagement, OutputControl>;

  // 16.6 step 11: more than three minutes.
  static constexpr Millis kTimerC{181 * 1000};
  // Of a request other than INVITE. Whoever sent it has given up by then, and an answer would be
  // noise: RFC 4320 4.2.
  static constexpr Millis kLastTry{32 * 1000};
  // As many phones as a user may have by default, and some that they point to.
  static constexpr size_t kTargetsMax = 16;
  // Of them all at all their addresses, so that one request costs the network no more.
  static constexpr uint8_t kTriesMax = 24;

  enum class Verdict : uint8_t {
    Absorb,   // nothing for upstream
    Forward,  // goes upstream now: 16.7 step 5
    Failed,   // a candidate for the best response; nothing more can come of the branch
  };

  TransactionStatefulProxy() = default;

  // Opens the server transaction: the request is ours to answer from here on. `trying`: an INVITE
  // gets its 100 at once. `claim`: of all its transactions, where it has no dialog to go by. Errors:
  // as TransactionLayer::open().
  Result<void> open(const Environment& environment, const Incoming& request, TransactionUser& user,
                    uint64_t context, bool trying,
                    transaction::Claim claim = transaction::Claim::New);

  // --- the target set ----------------------------------------------------------------------------

  // REQUIRES: not is_full(). Each target is put in once (16.5).
  void add_target(uint64_t target);
  bool has_target(uint64_t target) const;
  bool has_targets() const { return target_count_ != 0; }
  bool is_full() const { return target_count_ == kTargetsMax; }
  // Whether a new branch may start: not after a final response, a 6xx or a CANCEL (16.7 step 5).
  bool may_branch() const { return !closed_ && may_try(); }
  // Whether a further try makes sense: the request is open, and tries and time are left.
  bool may_try() const;

  // --- branches ----------------------------------------------------------------------------------

  using BranchList = List<Branch, &Branch::node>;
  BranchList& branches() { return branches_; }
  bool any_open() const;
  bool any_pending() const;
  bool any_accepted() const;
  uint32_t tries() const { return tries_; }
  bool has_tried() const { return tries_ != 0; }
  // What may still go out, of `incoming`: RFC 5393 5.3.3.
  uint32_t breadth_left(uint32_t incoming) const;

  // Takes a client transaction for the next try of `branch`; its user calls it `id`. Errors: as
  // TransactionLayer::reserve().
  Result<ClientHandle> reserve(Branch& branch, TransactionUser& user, uint64_t id);
  // Sends what was written for it. Errors: PoolExhausted, also without a message.
  Result<void> start(Branch& branch, MessageRef request, const Flow& flow);

  // 16.7 step 3: one whose only Via is ours was meant for us, and nobody would know it upstream.
  static bool is_for_upstream(const sip::MessageView& response);

  // Of the last try of `branch`.
  Verdict on_response(Branch& branch, const Incoming& response);

  // No branch starts any more. `cause`: the status that the Reason in the CANCELs names (RFC 3326),
  // 0 for none.
  void close(uint16_t cause = 0);
  // The same for the caller, who has cancelled; his Reason goes on.
  void on_cancel(const Incoming& cancel);
  // Cancels one that is pending: at once where it has had a provisional response, else with the
  // first one.
  void cancel(Branch& branch);

  bool is_closed() const { return closed_; }
  bool is_cancelled() const { return cancelled_; }  // by the caller

  // --- the answer --------------------------------------------------------------------------------

  // Of the failures.
  BestResponse& best() { return best_; }
  void offer(const sip::MessageView& response, uint32_t taken = 0) {
    best_.offer(environment_->slabs, response, response.status(), taken, cancelled_);
  }
  void note(uint16_t status) { best_.note(environment_->slabs, status, cancelled_); }

  // Sends a response upstream. A 2xx to an INVITE goes even behind another final response, and
  // where the server transaction has gone without one (16.7 steps 5 and 9). Whether it went.
  bool respond(MessageRef response, uint16_t status);
  bool respond(uint16_t status, const sip::ResponseParts& parts);
  // Ends the request without an answer: RFC 4320 4.2, a 408 to a non-INVITE would come too late.
  void drop();

  // The request as it was received; null after the final response.
  MessageRef request() const;
  bool is_open() const;
  bool is_invite() const { return method_ == sip::Method::Invite; }
  // That went upstream, the first 2xx of several; 0 while there is none.
  uint16_t final_status() const { return final_status_; }
  const Flow& received_over() const { return received_over_; }

 private:
  void send_cancel(const Branch& branch);
  std::string_view write_reason(std::span<char> out) const;

  const Environment* environment_ = nullptr;
  ServerHandle server_;
  Flow received_over_;
  uint16_t reply_port_ = 0;  // of the peer
  uint16_t final_status_ = 0;
  uint16_t cause_ = 0;
  sip::Method method_ = sip::Method::Other;
  transaction::Claim claim_ = transaction::Claim::New;
  uint8_t tries_ = 0;
  uint8_t target_count_ = 0;
  bool closed_ = false;
  bool cancelled_ = false;
  bool ended_ = false;  // a final response has gone out, or nobody wants one
  Millis opened_at_{0};
  MessageRef caller_reason_;  // whole lines
  BestResponse best_;
  BranchList branches_;
  std::array<uint64_t, kTargetsMax> targets_;  // as many as `target_count_` says
};

}  // namespace tipring::service
