#include "transaction/client_table.h"

#include "sip/headers.h"
#include "transaction/matching.h"
#include "transaction/messages.h"
#include "transport/trace.h"

namespace tipring::transaction {

void ClientTable::plan(const Limits& limits, MemoryPlan& plan) {
  Pool<ClientTransaction>::plan(plan, "client_transactions", limits.transactions);
}

ClientTable::ClientTable(Shared& shared, Arena& arena, const Limits& limits)
    : shared_(shared),
      pool_("client_transactions", arena, limits.transactions),
      kept_back_(transactions_kept_back(limits)) {}

ClientTransaction* ClientTable::find(const sip::MessageView& response) const {
  const auto& via = response.typed<sip::HeaderId::Via>();
  ClientTransaction* named = via ? find(*via) : nullptr;
  if (named == nullptr) return nullptr;
  const auto& cseq = response.typed<sip::HeaderId::CSeq>();
  if (!cseq) return nullptr;
  if (cseq->method == named->method()) return named;
  // A CANCEL shares the branch of its INVITE (9.1), and only the CSeq tells whose response this is
  // (17.1.3).
  if (cseq->method == sip::Method::Cancel && named->is_invite()) return get(named->cancel_handle());
  return nullptr;
}

ClientTransaction* ClientTable::find(const sip::Via& via) const {
  const auto branch = shared_.branches.read(via.branch);
  ClientTransaction* named = branch ? get(branch->client) : nullptr;
  const bool same = named != nullptr &&
                    named->via_hash() == own_via_hash(*branch, via.sent_by, shared_.match_key);
  return same ? named : nullptr;
}

bool ClientTable::has_sent(const sip::MessageView& request) const {
  const auto& via = request.typed<sip::HeaderId::Via>();
  return via && find(*via) != nullptr;
}

ClientTransaction* ClientTable::get(ClientHandle handle) const {
  ClientTransaction* transaction = pool_.get(handle);
  const bool usable = transaction != nullptr && transaction->state() != State::Terminated;
  return usable ? transaction : nullptr;
}

bool ClientTable::reap_one() {
  ClientTransaction* transaction = ended_.pop_front();
  if (transaction == nullptr) return false;
  release(*transaction);
  return true;
}

void ClientTable::send(ClientTransaction& transaction, const MessageRef& message) {
  const uint64_t tag = handle_of(transaction).to_u64();
  const Result<void> sent =
      shared_.dependencies.transport.send(message, transaction.flow(), this, tag);
  if (!sent) transaction.on_send_refused(sent.error());
}

MessageRef ClientTable::make_ack(const MessageRef& request, const sip::MessageView& response) {
  return write_failure_ack(shared_, request, response);
}

ClientHandle ClientTable::start_cancel(ClientTransaction& invite, std::string_view lines) {
  MessageRef request = write_cancel_of(shared_, invite.request(), lines);
  if (!request) return {};  // the INVITE's own deadline stands
  ClientTransaction* cancel = acquire(sip::Method::Cancel, nullptr, 0, Claim::Standing);
  if (cancel == nullptr) {
    // Better once and unconfirmed than never: the other side goes on ringing else.
    (void)shared_.dependencies.transport.send(std::move(request), invite.flow(), nullptr, 0);
    return {};
  }
  cancel->set_via_hash(invite.via_hash());
  (void)cancel->start(std::move(request), invite.flow());
  return handle_of(*cancel);
}

void ClientTable::note_timeout(const ClientTransaction& transaction, Event timer) const {
  transport::Trace* const trace = shared_.dependencies.transport.tracing();
  if (trace == nullptr || !transaction.request()) return;
  sip::HeaderIndex room;
  const sip::ParsedMessage request =
      sip::parse_message(transaction.request().view(), room, sip::Framing::Datagram);
  if (request.status != sip::ParseStatus::Complete) return;
  const auto call_id = request.view.header(sip::HeaderId::CallId).value_or("");
  const port::SocketAddress& remote = transaction.flow().remote;
  if (timer == Event::TimerB) trace->decided(call_id, transport::Decision::TimerB, {remote});
  if (timer == Event::TimerF)
    trace->decided(call_id, transport::Decision::TimerF, {request.view.method_text(), remote});
}

void ClientTable::on_terminated(ClientTransaction& transaction) {
  ended_.push_back(transaction);
  if (transaction.end_reason() == EndReason::Timeout && !transaction.is_silent()) {
    ++shared_.counters.client_timeouts;
  }
  // Its responses are found by the INVITE's branch, and there is nothing left to cancel.
  ClientTransaction* cancel = get(transaction.cancel_handle());
  if (cancel != nullptr) cancel->drop();
}

void ClientTable::on_send_failed(uint64_t tag, Error) {
  ClientTransaction* transaction = get(ClientHandle::from_u64(tag));
  if (transaction != nullptr) transaction->on_event(Event::TransportError);
}

void ClientTable::release(ClientTransaction& transaction) {
  const ClientHandle handle = handle_of(transaction);
  TransactionUser* user = transaction.user();
  const uint64_t context = transaction.context();
  const EndReason reason = transaction.end_reason();
  const bool silent = transaction.is_silent();
  // A stream may still hold its last message; what becomes of it is no concern of a stranger in
  // this slot.
  pool_.release(transaction);
  if (!silent) user->on_client_end(context, handle, reason);
}

bool ClientTable::any_open_on(uint8_t listener) const {
  bool any = false;
  pool_.for_each([&](const ClientTransaction& transaction) {
    const Flow& flow = transaction.flow();
    any = any || (transaction.is_open() && flow.transport == sip::Transport::Udp &&
                  flow.listener == listener);
  });
  return any;
}

}  // namespace tipring::transaction
