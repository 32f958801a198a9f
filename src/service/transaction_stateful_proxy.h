// The response context of a proxied request: RFC 3261 16.2 and 16.6 to 16.10. Owns the server
// transaction's handle and the list of branches, forwards responses, and knows when the context has
// nothing more to do.
#pragma once

#include <array>
#include <cstdint>

#include "core/timer_wheel.h"
#include "service/context.h"
#include "service/environment.h"

namespace tipring::service {

using transaction::ClientHandle;
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

  static constexpr size_t kBranchesMax = 1;
  // 16.6 step 11: more than three minutes.
  static constexpr Millis kTimerC{181 * 1000};

  // Whether the context may be released.
  enum class Progress : uint8_t { Pending, Finished };

  TransactionStatefulProxy() = default;

  // Opens the server transaction: the request is ours to answer from here on. `trying`: an INVITE
  // gets its 100 at once. Errors: as TransactionLayer::open().
  Result<void> open(const Environment& environment, const Incoming& request, TransactionUser& user,
                    uint64_t context, bool trying);

  // Takes a client transaction for the next branch. Errors: as TransactionLayer::reserve().
  Result<ClientHandle> reserve_branch(TransactionUser& user, uint64_t context);
  // Sends the request that was reserved last. Errors: as TransactionLayer::start().
  Result<void> start_branch(MessageRef request, const Flow& flow);

  // Ends the request with a final response of our own and gives up all branches.
  Progress refuse(uint16_t status, const sip::ResponseParts& parts);

  // `lines` are added to what goes upstream.
  Progress on_response(ClientHandle client, const Incoming& response, std::string_view lines);
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
  enum class BranchState : uint8_t { Free, Reserved, Pending, Ended };
  struct Branch {
    ClientHandle client;
    BranchState state = BranchState::Free;
    bool provisional = false;  // one has been received: Timer C then cancels
  };

  Branch* find(ClientHandle client);
  bool pending() const;
  void forward_provisional(const Incoming& response);
  Progress forward_final(const Incoming& response, std::string_view lines);
  MessageRef write_response(const Incoming& response, uint16_t status,
                            std::string_view lines) const;
  void cancel_branches();
  void on_timer_c(Millis now);

  const Environment* environment_ = nullptr;
  ServerHandle server_;
  Flow received_over_;
  sip::Method method_ = sip::Method::Other;
  transaction::Claim claim_ = transaction::Claim::New;
  uint16_t final_status_ = 0;
  bool answered_2xx_ = false;
  bool cancelled_ = false;  // by the caller
  bool ended_ = false;      // a final response has gone out, or nobody wants one
  std::array<Branch, kBranchesMax> branches_;
  MemberTimer<TransactionStatefulProxy, &TransactionStatefulProxy::on_timer_c> timer_c_{*this};
};

}  // namespace tipring::service
