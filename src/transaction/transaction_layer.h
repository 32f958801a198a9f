// The transaction layer: RFC 3261 17 with RFC 6026, 4320 and 4321. Finds the transaction of every
// message, answers retransmissions, runs the four machines, and hands the rest to the layer above.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/arena.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/memory_plan.h"
#include "core/pool.h"
#include "core/result.h"
#include "core/timer_wheel.h"
#include "port/entropy.h"
#include "port/loop.h"
#include "sip/method.h"
#include "sip/writer.h"
#include "transaction/claim.h"
#include "transaction/request_figures.h"
#include "transaction/transaction_user.h"
#include "transport/transport.h"

namespace tipring::transaction {

struct TransactionCounters {
  uint64_t requests = 0;         // new ones handed up
  uint64_t retransmissions = 0;  // absorbed or answered here
  uint64_t stray_responses = 0;  // dropped: RFC 6026 7.3
  uint64_t stray_cancels = 0;    // answered 481
  uint64_t absorbed_acks = 0;    // to our own stateless refusals
  uint64_t malformed = 0;        // answered 400 and the like
  uint64_t client_timeouts = 0;
  uint64_t reclaimed = 0;
  uint64_t replies_too_large = 0;  // not sent: more than twice the size of the datagram
  uint64_t refused = 0;            // 503 for want of a transaction or a buffer
};

struct TransactionDependencies {
  transport::TransportLayer& transport;
  TimerWheel& timers;
  MessageSlabs& slabs;
  Arena& arena;
  port::Entropy& entropy;
  Log& log;
  // The turn's time, which timers start from. Without it they start from the wheel's, which is
  // right only where the wheel is advanced before every event.
  const port::Loop* loop = nullptr;
};

struct RequestKey;

class TransactionLayer final : public transport::MessageHandler {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan);

  TransactionLayer(const TransactionDependencies& dependencies, const Limits& limits, uint8_t node);
  ~TransactionLayer();
  TransactionLayer(const TransactionLayer&) = delete;

  void set_request_handler(RequestHandler& handler);
  // Before the first message; it outlives this. Without one nothing is done for it.
  void set_answer_observer(AnswerObserver& observer);

  // --- server side -------------------------------------------------------------------------------

  // Opens the server transaction of a request that came by on_request(). Keeps the request until
  // the final response. An INVITE gets its 100 at once when `trying` is set (16.2 asks it of a
  // proxy). `claim`: Standing for a new request that may take what is kept back. Errors:
  // PoolExhausted (answer 503), MethodIsAck.
  Result<ServerHandle> open(const Incoming& request, TransactionUser& user, uint64_t context,
                            bool trying, Claim claim = Claim::New);

  // Sends a response that was written by someone else (a forwarded one). Its status is read from
  // it. A further 2xx to an INVITE is sent too (RFC 6026 7.1). Errors: Stale.
  Result<void> respond(ServerHandle server, MessageRef response);

  // Writes a response to the kept request and sends it. Errors: Stale, PoolExhausted, TooLong.
  Result<void> respond(ServerHandle server, uint16_t status, const sip::ResponseParts& parts);
  // The same for who has read it already.
  Result<void> respond(ServerHandle server, const sip::MessageView& request, uint16_t status,
                       const sip::ResponseParts& parts);

  // Ends a server transaction without a final response: a non-INVITE whose time is over must not be
  // answered with 408 (RFC 4320 4.2). No on_server_end() follows.
  void drop(ServerHandle server);

  // The kept request; null when stale or after the final response.
  MessageRef request_of(ServerHandle server) const;
  // The same, parsed: at no cost while it is the message that is being handled, else into `room`.
  // Good while that message is being handled, or `room` stands.
  sip::MessageView read(const MessageRef& request, sip::HeaderIndex& room) const;
  bool is_open(ServerHandle server) const;  // alive and without a final response
  bool stands(ServerHandle server) const;   // alive, with or without one
  const Flow* reply_flow_of(ServerHandle server) const;

  // Answers without keeping anything: 8.2.7. The To tag is a keyed hash of the request, so that a
  // retransmission gets the same answer and its ACK is known by the tag and absorbed. Never answers
  // an ACK. Over UDP the sender may be anyone, so the answer is at most twice as large as the
  // request: optional headers are left out, then the reason phrase, then all challenges but
  // the first; what is larger still is not sent.
  void reply_stateless(const Incoming& request, uint16_t status, const sip::ResponseParts& parts);

  // The tag that reply_stateless() and respond() write into To when it has none; `out` holds
  // kTagMax.
  std::string_view write_tag(const sip::MessageView& request, std::span<char> out) const;
  static constexpr size_t kTagMax = 32;

  // --- client side -------------------------------------------------------------------------------

  // Takes a place for a client transaction, so that its branch can be written into the request
  // before it starts. Errors: PoolExhausted, MethodIsAck.
  Result<ClientHandle> reserve(sip::Method method, TransactionUser& user, uint64_t context,
                               Claim claim = Claim::New);

  // The branch of a reserved transaction: the magic cookie, its handle with a MAC, ".", `loop_hash`
  // in hexadecimal (RFC 5393 4.2.1). It stands in a Via with this sent-by; responses match by both,
  // as they were written last. `out` holds kBranchMax.
  std::string_view write_branch(ClientHandle client, std::string_view sent_by, uint64_t loop_hash,
                                std::span<char> out);
  static constexpr size_t kBranchMax = 72;

  // A branch for a request that has no transaction of ours (an ACK to a 2xx): same shape, no
  // handle, unique by what it is a hash of.
  std::string_view write_stateless_branch(const sip::MessageView& request, uint64_t loop_hash,
                                          std::span<char> out) const;

  // Sends the request and runs the machine. Keeps the request for retransmission, ACK and CANCEL. A
  // failure to send at once is reported by on_client_end() later in this turn or the next, never
  // from within. REQUIRES: its top Via is the one write_branch() was called for. Errors: Stale,
  // Invalid (its branch was never written); PoolExhausted (the transport has no connection or no
  // room left), after which on_client_end() will not come.
  Result<void> start(ClientHandle client, MessageRef request, const Flow& flow);

  // Ends a reserved transaction that will not be started.
  void abandon(ClientHandle client);

  // Cancels a pending INVITE: 9.1. The CANCEL goes out at once when a provisional has come, else
  // with the first one; never after a final response. Its own transaction is run in here. Safe to
  // call twice. `lines` are whole lines for it, such as a Reason (RFC 3326); only one that goes out
  // at once has them.
  void cancel(ClientHandle client, std::string_view lines = {});

  // Whether this request, which has been received, is one that a client transaction of ours is
  // waiting for the response to: it is in a spiral.
  bool has_sent(const sip::MessageView& request) const;

  // Sends a request outside any transaction: the ACK to a 2xx. `observer`, where there is one,
  // hears of a later failure. Errors: as TransportLayer::send().
  Result<void> send_stateless(MessageRef request, const Flow& flow,
                              transport::SendObserver* observer = nullptr, uint64_t tag = 0);

  // --- for operators -----------------------------------------------------------------------------

  const TransactionCounters& counters() const;
  const RequestFigures& figures() const;
  // At the end of every turn, when all has been sent; how long it has lasted.
  void note_turn(Micros lasted);
  // Requests that wait for their final response.
  uint32_t open_requests() const;
  const PoolStats& server_stats() const;
  const PoolStats& client_stats() const;

  // Releases machines that ended in this turn. Called at the end of every turn, before
  // TransportLayer::flush().
  void reap(Millis now);

  void on_message(const Incoming& incoming) override;
  void on_malformed(const Incoming& incoming, const sip::ParseError& error) override;
  bool awaits(uint8_t listener) const override;

 private:
  struct Parts;  // in the arena

  void dispatch(const Incoming& incoming);
  void on_request(const Incoming& incoming);
  void on_ack(const Incoming& incoming);
  void on_cancel(const Incoming& incoming);
  void accept_cancel(const Incoming& cancel, const RequestKey& key, TransactionUser& user);
  void on_response(const Incoming& incoming);
  Result<void> send_response(ServerHandle server, MessageRef response, uint16_t status);
  void note_refusal(const sip::MessageView& request, uint16_t status,
                    std::string_view reason) const;
  void note_answer(ServerHandle server, uint16_t status);

  Parts* parts_;
};

}  // namespace tipring::transaction
