// One server transaction: drives the machines of RFC 3261 17.2 (RFC 6026 figure 7, RFC 3261 figure
// 8).
#pragma once

#include "core/hash.h"
#include "core/hash_table.h"
#include "core/list.h"
#include "core/message_slabs.h"
#include "core/timer_wheel.h"
#include "sip/method.h"
#include "transaction/machines.h"
#include "transaction/matching.h"
#include "transaction/transaction_user.h"

namespace tipring::transaction {

class ServerTable;

// Lives in ServerTable's pool. Holds its copy of the request until the final response; afterwards its key and,
// where it may have to repeat it, that response.
class ServerTransaction {
 public:
  ServerTransaction(ServerTable& table, const Incoming& request, MessageRef kept,
                    const RequestKey& key, TransactionUser& user, uint64_t context);
  ~ServerTransaction();
  ServerTransaction(const ServerTransaction&) = delete;

  // An event without a response of the TU: Start, Request, Ack, TransportError. True when the
  // message goes up.
  bool on_event(Event event);

  // A response of the TU. Stale when it has had its final one already.
  Result<void> respond(MessageRef response, uint16_t status, uint32_t to_tag);

  // Sends a 100 of our own and keeps it for retransmissions.
  void send_trying();

  // Ends it without a word to the TU.
  void drop();
  // Nobody is told of its end: a CANCEL's is the layer's own.
  void keep_silent() { silent_ = true; }

  bool matches(const RequestKey& key) const;
  bool is_cancelled_by(const RequestKey& cancel) const;
  bool first_cancel();  // true once, while there is no final response

  State state() const { return state_; }
  bool is_invite() const { return machine_ == Machine::InviteServer; }
  bool is_open() const {
    return state_ == State::Initial || state_ == State::Trying || state_ == State::Proceeding;
  }
  // Since its request came, up to 49 days.
  Millis age(Millis now) const { return Millis{static_cast<uint32_t>(now.count()) - received_ms_}; }
  bool has_cookie() const { return has_cookie_; }
  uint64_t hash() const { return key_.lo; }
  const MessageRef& request() const { return request_; }
  const port::SocketAddress& source() const { return source_; }  // of the request
  const Flow& reply_flow() const { return reply_flow_; }
  TransactionUser& user() const { return *user_; }
  uint64_t context() const { return context_; }
  bool is_silent() const { return silent_; }
  EndReason end_reason() const { return reason_; }

  HashNode hash_node;
  // In the list of Completed non-INVITEs, oldest first, or of those that wait to be reaped.
  ListNode list_node;

 private:
  void on_repeat_timer(Millis now);
  void on_life_timer(Millis now);
  void apply(const Step& step);
  void note_response(uint16_t status);
  void start_timers(Actions actions);
  void start_life(Event event, Millis delay);
  void start_repeat(Millis delay);
  void release_request();
  void keep_response();
  void send_response();

  ServerTable& table_;
  TransactionUser* user_;
  uint64_t context_;
  MessageRef request_;
  MessageRef response_;
  port::SocketAddress source_;
  Flow reply_flow_;
  Hash128 key_;
  uint32_t method_;
  uint32_t request_to_tag_;
  uint32_t received_ms_;          // by the loop, its lower half
  uint32_t response_to_tag_ = 0;  // of the final response to an RFC 2543 INVITE
  MemberTimer<ServerTransaction, &ServerTransaction::on_repeat_timer> repeat_timer_{
      *this};                                                                            // G, 100
  MemberTimer<ServerTransaction, &ServerTransaction::on_life_timer> life_timer_{*this};  // H I J L
  uint16_t interval_ms_ = 0;  // of Timer G
  Event life_event_ = Event::TimerH;
  sip::Method sip_method_;
  Machine machine_;
  State state_ = State::Initial;
  EndReason reason_ = EndReason::Done;
  bool has_cookie_;
  bool reliable_;
  bool cancelled_ = false;
  bool silent_ = false;
};

}  // namespace tipring::transaction
