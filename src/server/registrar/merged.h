// One REGISTER that has come by two paths: RFC 3261 8.2.2.2. It has the Call-ID, CSeq and From tag
// of another that is still known, under another branch. And its contacts and credentials: a phone
// that asks for other things under the same CSeq sends no copy, and is told of its CSeq (10.3 step
// 7).
//
// Remembers the last one of each of a few hundred hashes, so one of two that share a place may go
// unnoticed: it is then told of its CSeq or of its nonce, as if it had come late.
#pragma once

#include <span>

#include "core/arena.h"
#include "core/hash.h"
#include "core/limits.h"
#include "core/memory_plan.h"
#include "sip/message.h"
#include "transaction/transaction_layer.h"

namespace tipring::registrar {

class MergedRequests {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan);

  // Borrows the transactions. `key`: strangers must not know who shares a place with whom.
  MergedRequests(const transaction::TransactionLayer& transactions, const HashKey& key,
                 Arena& arena, const Limits& limits);

  // What all copies of a request share; the others take it, since it costs a hash.
  uint64_t name_of(const sip::MessageView& request) const;

  // Whether `request`, which no transaction knows, is another copy of one that has a transaction.
  bool has(const sip::MessageView& request, uint64_t name) const;

  void note(const sip::MessageView& request, uint64_t name, transaction::ServerHandle server);

 private:
  struct Place {
    uint64_t name = 0;
    uint64_t content = 0;
    uint64_t server = 0;
  };

  uint64_t content_of(const sip::MessageView& request) const;
  Place& place_of(uint64_t name) const { return places_[name % places_.size()]; }

  const transaction::TransactionLayer& transactions_;
  HashKey key_;
  std::span<Place> places_;
};

}  // namespace tipring::registrar
