// Requests that were let through by a proxy that keeps no transactions (RFC 3261 16.11): their
// repetitions must not be asked for a password again, whose count they have used up, and their CANCEL
// and ACK, whom nobody can ask, may go abroad as they did.
#pragma once

#include "core/hash.h"
#include "core/recent_hashes.h"
#include "sip/message.h"
#include "transport/incoming.h"

namespace tipring::policy {

class Passing {
 public:
  void set_key(HashKey key) { key_ = key; }

  void note(const transport::Incoming& request) {
    seen_.note(hash_of(request));
    if (request.message.method() == sip::Method::Invite) seen_.note(transaction_of(request));
  }
  // The same bytes from the same place (17.1.1.2).
  bool repeats(const transport::Incoming& request) const { return seen_.knows(hash_of(request)); }
  // A CANCEL or an ACK to a failure: its INVITE had the same Via (9.1, 17.1.1.3).
  bool follows(const transport::Incoming& request) const {
    return seen_.knows(transaction_of(request));
  }

 private:
  uint64_t hash_of(const transport::Incoming& request) const;
  uint64_t transaction_of(const transport::Incoming& request) const;

  HashKey key_;
  RecentHashes<512> seen_;
};

}  // namespace tipring::policy
