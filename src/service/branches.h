// The branches of a response context, one for each try of a member of the target set at one of its
// addresses: RFC 3261 16.6 step 7 and 16.7. Each has a client transaction of its own. A place is
// used once, so their number bounds the tries of a request, and who was tried is remembered.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "transaction/transaction_user.h"

namespace tipring::service {

using transaction::ClientHandle;

enum class BranchState : uint8_t {
  Free,
  Reserved,    // has a client transaction that has not been started
  Calling,     // has been sent
  Proceeding,  // has had a provisional response: it can be cancelled, and Timer C may
  Ended,       // by a final response, or because its target was not reached
};

struct Branch {
  ClientHandle client;
  uint64_t target = 0;  // which member of the target set: a hash of the caller's making
  BranchState state = BranchState::Free;

  bool pending() const { return state == BranchState::Calling || state == BranchState::Proceeding; }
};

class Branches {
 public:
  static constexpr size_t kMax = 8;

  // Null when all places have been used.
  Branch* add(uint64_t target) {
    if (full()) return nullptr;
    Branch& branch = branches_[count_++];
    branch = {{}, target, BranchState::Ended};
    return &branch;
  }
  bool full() const { return count_ == kMax; }

  // Null for the handle of no branch.
  Branch* find(ClientHandle client) {
    for (Branch& branch : *this) {
      if (branch.client == client) return &branch;
    }
    return nullptr;
  }
  Branch* find(BranchState state) {
    for (Branch& branch : *this) {
      if (branch.state == state) return &branch;
    }
    return nullptr;
  }
  bool any_pending() const {
    for (const Branch& branch : *this) {
      if (branch.pending()) return true;
    }
    return false;
  }
  bool has_tried(uint64_t target) const {
    for (const Branch& branch : *this) {
      if (branch.target == target) return true;
    }
    return false;
  }

  Branch* begin() { return branches_.data(); }
  Branch* end() { return branches_.data() + count_; }
  const Branch* begin() const { return branches_.data(); }
  const Branch* end() const { return branches_.data() + count_; }

 private:
  std::array<Branch, kMax> branches_;
  uint8_t count_ = 0;
};

}  // namespace tipring::service
