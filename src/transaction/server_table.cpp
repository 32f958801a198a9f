#include "transaction/server_table.h"

#include "transaction/claim.h"
#include "transaction/messages.h"

namespace tipring::transaction {

void ServerTable::plan(const Limits& limits, MemoryPlan& plan) {
  Pool<ServerTransaction>::plan(plan, "server_transactions", limits.transactions);
  HashTable<ServerTransaction, &ServerTransaction::hash_node>::plan(
      plan, "server_transaction_table", limits.transactions);
}

ServerTable::ServerTable(Shared& shared, Arena& arena, const Limits& limits)
    : shared_(shared),
      pool_("server_transactions", arena, limits.transactions),
      by_key_(arena, limits.transactions),
      kept_back_(transactions_kept_back(limits)),
      open_kept_back_(open_kept_back(limits)),
      requests_kept_max_(server_transactions_open_max(limits)) {}

ServerTable::~ServerTable() {
  pool_.for_each([this](ServerTransaction& transaction) { by_key_.erase(transaction); });
}

ServerTransaction* ServerTable::find(const RequestKey& key) const {
  return by_key_.find(
      key.hash.lo, [&](const ServerTransaction& transaction) { return transaction.matches(key); });
}

ServerTransaction* ServerTable::find_cancelled(const RequestKey& key) const {
  return by_key_.find(key.hash.lo, [&](const ServerTransaction& transaction) {
    return transaction.is_cancelled_by(key);
  });
}

ServerTransaction* ServerTable::acquire(const Incoming& request, const RequestKey& key,
                                        TransactionUser& user, uint64_t context, Claim claim) {
  const bool standing = claim == Claim::Standing || claim_of(request.message) == Claim::Standing;
  if (requests_kept_max_ - requests_kept_ <= (standing ? 0 : open_kept_back_)) return nullptr;
  const uint32_t kept_back = standing ? 0 : kept_back_;
  while (pool_.stats().capacity - pool_.stats().in_use <= kept_back && reclaim_oldest()) {}
  MessageRef kept = shared_.dependencies.slabs.keep(request.buffer);
  if (!kept) return nullptr;
  ServerTransaction* transaction =
      pool_.acquire_leaving(kept_back, *this, request, std::move(kept), key, user, context);
  if (transaction == nullptr) return nullptr;
  ++requests_kept_;
  if (&request == shared_.current) shared_.current_kept = transaction->request();
  by_key_.insert(transaction->hash(), *transaction);
  return transaction;
}

ServerTransaction* ServerTable::get(ServerHandle handle) const {
  ServerTransaction* transaction = pool_.get(handle);
  const bool usable = transaction != nullptr && transaction->state() != State::Terminated;
  return usable ? transaction : nullptr;
}

bool ServerTable::reap_one() {
  ServerTransaction* transaction = ended_.pop_front();
  if (transaction == nullptr) return false;
  release(*transaction, transaction->end_reason());
  return true;
}

void ServerTable::send(ServerTransaction& transaction, const MessageRef& response) {
  const uint64_t tag = handle_of(transaction).to_u64();
  const Result<void> sent =
      shared_.dependencies.transport.send(response, transaction.reply_flow(), this, tag);
  if (!sent) transaction.on_event(Event::TransportError);
}

MessageRef ServerTable::make_trying(const ServerTransaction& transaction) {
  return write_trying(shared_, transaction.request(), transaction.source());
}

void ServerTable::on_terminated(ServerTransaction& transaction) {
  by_key_.erase(transaction);
  Transactions::remove(transaction);
  ended_.push_back(transaction);
}

void ServerTable::on_send_failed(uint64_t tag, Error) {
  ServerTransaction* transaction = get(ServerHandle::from_u64(tag));
  if (transaction != nullptr) transaction->on_event(Event::TransportError);
}

bool ServerTable::reclaim_oldest() {
  ServerTransaction* oldest = completed_.pop_front();
  if (oldest == nullptr) return false;
  ++shared_.counters.reclaimed;
  release(*oldest, EndReason::Reclaimed);
  return true;
}

void ServerTable::release(ServerTransaction& transaction, EndReason reason) {
  const ServerHandle handle = handle_of(transaction);
  TransactionUser& user = transaction.user();
  const uint64_t context = transaction.context();
  const bool silent = transaction.is_silent();
  // A stream may still hold its last message; what becomes of it is no concern of a stranger in
  // this slot.
  by_key_.erase(transaction);
  pool_.release(transaction);
  if (!silent) user.on_server_end(context, handle, reason);
}

bool ServerTable::any_open_on(uint8_t listener) const {
  bool any = false;
  pool_.for_each([&](const ServerTransaction& transaction) {
    const Flow& flow = transaction.reply_flow();
    any = any || (transaction.is_open() && flow.transport == sip::Transport::Udp &&
                  flow.listener == listener);
  });
  return any;
}

}  // namespace tipring::transaction
