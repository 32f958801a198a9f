// Finds the server transaction that a request belongs to: RFC 3261 17.2.3, and 9.2 for CANCEL.
// Owns every ServerTransaction, in a pool of Limits::transactions.
#pragma once

#include <string_view>

#include "core/arena.h"
#include "core/hash_table.h"
#include "core/limits.h"
#include "core/list.h"
#include "core/pool.h"
#include "transaction/server_transaction.h"
#include "transaction/shared.h"

namespace tipring::transaction {

class ServerTable final : private transport::SendObserver {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan);

  // Borrows `shared`, which outlives it.
  ServerTable(Shared& shared, Arena& arena, const Limits& limits);
  ~ServerTable();

  // Null when the request starts a new transaction, or the ACK belongs to none. The pointer is good
  // until TransactionLayer::reap().
  ServerTransaction* find(const RequestKey& key) const;
  // What a CANCEL is for: a transaction of any other method.
  ServerTransaction* find_cancelled(const RequestKey& key) const;

  // Null when the pool is full for this claim and nothing in it may be reclaimed, or when as many
  // requests wait for their final response as there are buffers for: beyond that no further one
  // could even be received, let alone refused. Otherwise the oldest Completed non-INVITEs may have
  // given their places: their TUs are told from within.
  ServerTransaction* acquire(const Incoming& request, const RequestKey& key, TransactionUser& user,
                             uint64_t context, Claim claim);

  ServerTransaction* get(ServerHandle handle) const;  // null when stale or at its end
  ServerHandle handle_of(const ServerTransaction& transaction) const {
    return pool_.handle_of(transaction);
  }
  const PoolStats& stats() const { return pool_.stats(); }
  uint32_t requests_kept() const { return requests_kept_; }
  // Whether one that came over UDP on this listening point has no final response yet.
  bool any_open_on(uint8_t listener) const;

  // Releases the one that ended first and tells its TU. False when there is none.
  bool reap_one();

  // For ServerTransaction.
  Shared& shared() const { return shared_; }
  void send(ServerTransaction& transaction, const MessageRef& response);
  MessageRef make_trying(const ServerTransaction& transaction);
  void on_completed(ServerTransaction& transaction) { completed_.push_back(transaction); }
  void on_terminated(ServerTransaction& transaction);
  void on_request_released() { --requests_kept_; }

 private:
  using Transactions = List<ServerTransaction, &ServerTransaction::list_node>;

  void on_send_failed(uint64_t tag, Error error) override;
  bool reclaim_oldest();
  void release(ServerTransaction& transaction, EndReason reason);

  Shared& shared_;
  Pool<ServerTransaction> pool_;
  HashTable<ServerTransaction, &ServerTransaction::hash_node> by_key_;
  Transactions completed_;  // non-INVITEs, oldest first
  Transactions ended_;
  const uint32_t kept_back_;       // of the pool, for Claim::Standing
  const uint32_t open_kept_back_;  // of requests_kept_max_
  const uint32_t requests_kept_max_;
  uint32_t requests_kept_ = 0;
};

}  // namespace tipring::transaction
