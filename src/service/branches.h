// One branch of a response context: a member of the target set that is tried, or waits to be. It
// goes through the addresses of its target one after the other, each in a client transaction of its
// own: RFC 3261 16.6 and 16.7, RFC 3263 4.3.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/list.h"
#include "core/message_slabs.h"
#include "core/timer_wheel.h"
#include "service/destination_selection.h"
#include "transaction/transaction_user.h"

namespace tipring::service {

using transaction::ClientHandle;

struct Branch;

class BranchOwner {
 public:
  // 16.8. The branch may be given up from within.
  virtual void on_timer_c(Branch& branch) = 0;

 protected:
  ~BranchOwner() = default;
};

enum class BranchState : uint8_t {
  Waiting,     // named by a redirection, and not tried yet
  Locating,    // its next hop is being looked up, or its request written
  Calling,     // has been sent
  Proceeding,  // has had a provisional response: it can be cancelled
  Accepted,    // has had a 2xx to its INVITE: others may follow (RFC 6026)
};

// Lives in a pool of its owner, for as long as something can come of it: a branch that has had
// another final response than a 2xx is given up at once, whatever its client transaction still has
// to absorb.
struct Branch {
  // `context` is the owner's name for the response context.
  Branch(BranchOwner& by, uint64_t of, uint64_t to) : owner(by), context(of), target(to) {}

  bool is_pending() const {
    return state == BranchState::Calling || state == BranchState::Proceeding;
  }
  // Neither waits nor has been answered.
  bool is_open() const { return is_pending() || state == BranchState::Locating; }

  BranchOwner& owner;
  const uint64_t context;
  const uint64_t target;  // which member of the target set: a hash of the owner's making
  ListNode node;          // in the response context
  ClientHandle client;    // of the last try
  DestinationSelection selection;
  // The URIs that the owner has taken from a redirection, and the one of them that leads here.
  // Without them the target comes from the request's own URI.
  MessageRef origin;
  std::string_view uri;
  bool from_host = false;  // whoever has named that URI is on this host
  uint16_t q = 1000;
  uint8_t breadth = 0;  // RFC 5393 5.3.2: what its request was given
  BranchState state = BranchState::Locating;
  bool stepped_over = false;  // cancelled to let others have their turn
  bool rang = false;          // it has had a provisional response other than 100
  bool is_recorded = false;   // its answer has been written into its call record
  uint16_t final_status = 0;  // what has come, or stands for it; 0: nothing yet
  std::string_view reason;    // why it has failed; good while that is handled
  uint64_t record = 0;        // of this phone, among the call records; 0: none
  Millis rang_at{0};
  bool cancelled = false;  // by us, or as soon as a provisional response has come (9.1)

  void on_timer_c(Millis) { owner.on_timer_c(*this); }
  MemberTimer<Branch, &Branch::on_timer_c> timer_c{*this};
};

}  // namespace tipring::service
