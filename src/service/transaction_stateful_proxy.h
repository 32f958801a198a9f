// The response context of a proxied request: RFC 3261 16.2 and 16.6 to 16.10. Owns the server
// transaction's handle and the branches, forwards responses, and knows when another target should
// be tried and when the context has nothing more to do.
#pragma once

#include <cstdint>

#include "core/timer_wheel.h"
#include "service/branches.h"
#include "service/context.h"
#include "service/environment.h"
#include "sip/message_edit.h"

namespace tipring::service {

using transaction::EndReason;
using transaction::ServerHandle;
using transaction::TransactionUser;

class DigestServerAuth;
class DestinationSelection;
class ViaManagement;
class OutputControl;

class TransactionStatefulProxy {
 public:
  using Before = ServiceList<DigestServerAuth, DestinationSelection, ViaManagement, OutputControl>;
  using Requires = ServiceList<DestinationSelection, ViaManagement, OutputControl>;

  // 16.6 step 11: more than three minutes.
  static constexpr Millis kTimerC{181 * 1000};
  // Of a request other than INVITE. Whoever sent it has given up by then, and an answer would be
  // noise: RFC 4320 4.2.
  static constexpr Millis kLastTry{32 * 1000};

  enum class Progress : uint8_t {
    Pending,
    TryNext,   // the target was not reached: the next one should be tried, or give_up() called
    Finished,  // the context may be released
  };

  TransactionStatefulProxy() = default;

  // Opens the server transaction: the request is ours to answer from here on. `trying`: an INVITE
  // gets its 100 at once. Errors: as TransactionLayer::open().
  Result<void> open(const Environment& environment, const Incoming& request, TransactionUser& user,
                    uint64_t context, bool trying);

  // Takes a client transaction for the next branch, a try of `target`. Errors: as
  // TransactionLayer::reserve().
  // REQUIRES: may_try().
  Result<ClientHandle> reserve_branch(TransactionUser& user, uint64_t context, uint64_t target);
  // Sends the request that was reserved last. Errors: as TransactionLayer::start().
  Result<void> start_branch(MessageRef request, const Flow& flow);
  // No branch came of this target, for which `status` would be the answer.
  void note_failed(uint64_t target, uint16_t status);

  // Whether a further try makes sense: the request is open, and there is place and time.
  bool may_try() const;
  const Branches& branches() const { return branches_; }

  // All tries have failed: answers as 16.6 step 7 and 16.9 say, by the best of what they were (16.7
  // step 6).
  Progress give_up();

  // Ends the request with a final response of our own and gives up all branches.
  Progress refuse(uint16_t status, const sip::ResponseParts& parts);

  // A final response goes upstream as `edit` says. `more_addresses`: the target has some that have not
  // been tried, and a 503 is then taken for a failure to reach it (RFC 3263 4.3).
  Progress on_response(ClientHandle client, const Incoming& response, sip::ResponseEdit edit,
                       bool more_addresses);
  Progress on_client_end(ClientHandle client, EndReason reason);
  // 16.10: cancels all pending branches. The 487 comes from them, or from us when there is none
  // yet.
  Progress on_cancel();
  // The transport towards the caller failed: nobody waits for an answer.
  Progress on_server_end();

  // The request as it was received; null after the final response.
  MessageRef request() const;
  bool is_open() const;
  // That went upstream, the first 2xx of several; 0 while there is none.
  uint16_t final_status() const { return final_status_; }
  const Flow& received_over() const { return received_over_; }

 private:
  Branch* find(ClientHandle client);
  void note_failure(uint16_t status);
  Progress drop();
  void forward_provisional(const Incoming& response);
  Progress forward_final(const Incoming& response, const sip::ResponseEdit& edit);
  MessageRef write_response(const Incoming& response, const sip::ResponseEdit& edit) const;
  void cancel_branches();
  void on_timer_c(Millis now);

  const Environment* environment_ = nullptr;
  ServerHandle server_;
  Flow received_over_;
  sip::Method method_ = sip::Method::Other;
  transaction::Claim claim_ = transaction::Claim::New;
  uint16_t final_status_ = 0;
  uint16_t failure_ = 0;  // the best status among the tries that have failed
  Millis opened_at_{0};
  bool answered_2xx_ = false;
  bool rings_ = false;      // a provisional other than 100 has gone upstream
  bool cancelled_ = false;  // by the caller
  bool ended_ = false;      // a final response has gone out, or nobody wants one
  Branches branches_;
  MemberTimer<TransactionStatefulProxy, &TransactionStatefulProxy::on_timer_c> timer_c_{*this};
};

}  // namespace tipring::service
