// What the transaction layer tells the layer above: RFC 3261 17.
#pragma once

#include <cstdint>

#include "core/handle.h"
#include "transport/incoming.h"

namespace tipring::transaction {

using transport::Flow;
using transport::Incoming;

class ClientTransaction;
class ServerTransaction;
using ClientHandle = Handle<ClientTransaction>;
using ServerHandle = Handle<ServerTransaction>;

enum class EndReason : uint8_t {
  Done,            // its timers have run out as they should
  Timeout,         // no final response (Timer B or F: a TU takes it for a 408), or no ACK (Timer H)
  TransportError,  // the message could not be sent (a TU takes it for a 503)
  Reclaimed,       // a completed server transaction gave its place to a new one
};

// One TransactionUser serves all its contexts; `context` is what it gave when it made the
// transaction, usually a Handle::to_u64(). Contexts may end transactions and themselves from within
// any of these calls.
class TransactionUser {
 public:
  // The INVITE of `server` was cancelled before its final response. The CANCEL has been answered
  // (9.2).
  virtual void on_cancel(uint64_t context, ServerHandle server, const Incoming& cancel) = 0;

  // `server` is gone. Without an earlier final response from the TU only by TransportError.
  virtual void on_server_end(uint64_t context, ServerHandle server, EndReason reason) = 0;

  // A response that the TU must see: provisionals (100 too), the final one once, and every 2xx to
  // an INVITE.
  virtual void on_response(uint64_t context, ClientHandle client, const Incoming& response) = 0;

  // `client` is gone. Timeout and TransportError come without any final response having been
  // passed.
  virtual void on_client_end(uint64_t context, ClientHandle client, EndReason reason) = 0;

 protected:
  ~TransactionUser() = default;
};

// A request that is given its final answer.
struct AnsweredRequest {
  const sip::MessageView& request;
  const MessageRef& response;
  uint16_t status;
  const port::SocketAddress& source;  // of the request
  const Flow& reply;                  // by which the answer goes
  Millis after;                       // since the request came
  bool stateless;                     // retransmissions are requests of their own
};

class AnswerObserver {
 public:
  // Once for each request; the views are good during the call. Not for what is never answered, and
  // not for provisional answers.
  virtual void on_answered(const AnsweredRequest& answered) = 0;

 protected:
  ~AnswerObserver() = default;
};

// Takes the requests that belong to no transaction: new ones, and ACKs to 2xx. No transaction has
// been made for them yet, so that a refusal can stay stateless; ACKs to our refusals never come here.
class RequestHandler {
 public:
  virtual void on_request(const Incoming& request) = 0;

  // What no transaction knows. A proxy that keeps none (RFC 3261 16.11) sends both on; without it
  // the response is dropped (RFC 6026 7.3), and a CANCEL that was not taken answered with 481.
  virtual void on_stray_response(const Incoming&) {}
  virtual bool takes_stray_cancel(const Incoming&) { return false; }

  // Whether this sender is not to be answered, not even that his request cannot be read.
  virtual bool ignores(const Incoming&) { return false; }

 protected:
  ~RequestHandler() = default;
};

}  // namespace tipring::transaction
