// Finds the client transaction that a response belongs to: RFC 3261 17.1.3. The branch carries its
// handle. Owns every ClientTransaction, in a pool of Limits::transactions.
#pragma once

#include "core/arena.h"
#include "core/limits.h"
#include "core/list.h"
#include "core/pool.h"
#include "transaction/claim.h"
#include "transaction/client_transaction.h"
#include "transaction/server_table.h"
#include "transaction/shared.h"

namespace tipring::transaction {

class ClientTable final : private transport::SendObserver {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan);

  // Borrows `shared`, which outlives it.
  ClientTable(Shared& shared, Arena& arena, const Limits& limits);

  // Null for a stray: forged, stale, or with another sent-by or method than the request had. The
  // pointer is good until TransactionLayer::reap().
  ClientTransaction* find(const sip::MessageView& response) const;

  // Whether a request has come back that is one of ours, by its top Via.
  bool has_sent(const sip::MessageView& request) const;

  // Null when the pool is full for this claim.
  ClientTransaction* acquire(sip::Method method, TransactionUser* user, uint64_t context,
                             Claim claim) {
    return pool_.acquire_leaving(claim == Claim::Standing ? 0 : kept_back_, *this, method, user,
                                 context);
  }

  ClientTransaction* get(ClientHandle handle) const;  // null when stale or at its end
  ClientHandle handle_of(const ClientTransaction& transaction) const {
    return pool_.handle_of(transaction);
  }
  const PoolStats& stats() const { return pool_.stats(); }
  // Whether one over UDP on this listening point waits for its final response.
  bool any_open_on(uint8_t listener) const;

  // Releases the one that ended first and tells its TU. False when there is none.
  bool reap_one();

  // For ClientTransaction.
  Shared& shared() const { return shared_; }
  void send(ClientTransaction& transaction, const MessageRef& message);
  MessageRef make_ack(const MessageRef& request, const sip::MessageView& response);
  // Null when the CANCEL has no transaction.
  ClientHandle start_cancel(ClientTransaction& invite, std::string_view lines);
  // For a trace: nobody has answered it. REQUIRES: it has its request still.
  void note_timeout(const ClientTransaction& transaction, Event timer) const;
  void on_terminated(ClientTransaction& transaction);

 private:
  // Null unless the Via is that of a live transaction.
  ClientTransaction* find(const sip::Via& via) const;
  void on_send_failed(uint64_t tag, Error error) override;
  void release(ClientTransaction& transaction);

  Shared& shared_;
  Pool<ClientTransaction> pool_;
  const uint32_t kept_back_;  // for Claim::Standing
  List<ClientTransaction, &ClientTransaction::list_node> ended_;
};

}  // namespace tipring::transaction
