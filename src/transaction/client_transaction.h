// One client transaction: drives the machines of RFC 3261 17.1 (RFC 6026 figure 5, RFC 3261 figure
// 6).
#pragma once

#include "core/list.h"
#include "core/message_slabs.h"
#include "core/timer_wheel.h"
#include "sip/message.h"
#include "sip/method.h"
#include "transaction/machines.h"
#include "transaction/transaction_user.h"

namespace tipring::transaction {

class ClientTable;

// Lives in ClientTable's pool. Holds its request while it may have to repeat it or to build a
// CANCEL or an ACK from it, then the ACK.
class ClientTransaction {
 public:
  // `user` is null for a CANCEL of our own: nobody is told of its fate.
  ClientTransaction(ClientTable& table, sip::Method method, TransactionUser* user,
                    uint64_t context);
  ~ClientTransaction();
  ClientTransaction(const ClientTransaction&) = delete;

  // The hash of the Via it will be sent with, which its responses must have. REQUIRES: state Initial.
  void set_via_hash(uint64_t via_hash) { via_hash_ = via_hash; }

  // REQUIRES: state Initial, with its Via's hash. Error: PoolExhausted (the transport had no room
  // for it); it ends without a word to the TU then.
  Result<void> start(MessageRef request, const Flow& flow);
  void on_send_refused(Error error);

  // An event with the response it came from, if any. True when that response is for the TU; nothing
  // may be done with this object after the TU has been called.
  bool on_event(Event event, const sip::MessageView* response = nullptr);

  // `lines` are whole lines for the CANCEL where it goes out at once; one that has to wait for a
  // provisional goes without.
  void cancel(std::string_view lines);

  // Ends it without a word to the TU.
  void drop();

  State state() const { return state_; }
  sip::Method method() const { return method_; }
  // Sent, and without a final response yet.
  bool is_open() const {
    return state_ == State::Calling || state_ == State::Trying || state_ == State::Proceeding;
  }
  bool is_invite() const { return machine_ == Machine::InviteClient; }
  uint64_t via_hash() const { return via_hash_; }  // 0 until it is set
  const MessageRef& request() const { return message_; }
  const Flow& flow() const { return flow_; }
  ClientHandle cancel_handle() const { return cancel_; }
  TransactionUser* user() const { return user_; }
  uint64_t context() const { return context_; }
  bool is_silent() const { return user_ == nullptr || silent_; }
  EndReason end_reason() const { return reason_; }

  ListNode list_node;  // of those that wait to be reaped

 private:
  void on_repeat_timer(Millis now);
  void on_life_timer(Millis now);
  // `lines`: of a CANCEL that the step sends.
  void apply(const Step& step, const sip::MessageView* response, std::string_view lines = {});
  void start_timers(Actions actions);
  void start_life(Event event, Millis delay);
  void start_repeat(Millis delay);
  void send_message();
  void send_ack(const sip::MessageView* response);

  ClientTable& table_;
  TransactionUser* user_;
  uint64_t context_;
  MessageRef message_;  // the request; from the first failure on the ACK
  Flow flow_;
  uint64_t via_hash_ = 0;
  ClientHandle cancel_;
  MemberTimer<ClientTransaction, &ClientTransaction::on_repeat_timer> repeat_timer_{*this};  // A, E
  MemberTimer<ClientTransaction, &ClientTransaction::on_life_timer> life_timer_{
      *this};                 // B D F K M
  uint16_t interval_ms_ = 0;  // of A or E; A's last one is 32 s
  Event life_event_ = Event::TimerB;
  sip::Method method_;
  Machine machine_;
  State state_ = State::Initial;
  EndReason reason_ = EndReason::Done;
  bool reliable_ = false;
  bool cancel_asked_ = false;
  bool cancel_sent_ = false;
  bool ack_built_ = false;
  bool silent_ = false;
  bool starved_ = false;  // a send was refused for want of room
};

}  // namespace tipring::transaction
