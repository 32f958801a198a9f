#include "transaction/client_transaction.h"

#include "transaction/client_table.h"
#include "transaction/timers.h"

namespace tipring::transaction {

ClientTransaction::ClientTransaction(ClientTable& table, sip::Method method, TransactionUser* user,
                                     uint64_t context)
    : table_(table),
      user_(user),
      context_(context),
      method_(method),
      machine_(method == sip::Method::Invite ? Machine::InviteClient : Machine::Client) {
  table_.shared().figures.enter(machine_, state_);
}

ClientTransaction::~ClientTransaction() { table_.shared().figures.leave(machine_, state_); }

Result<void> ClientTransaction::start(MessageRef request, const Flow& flow) {
  message_ = std::move(request);
  flow_ = flow;
  reliable_ = is_reliable(flow.transport);
  on_event(Event::Start);
  if (!starved_) return {};
  silent_ = true;
  return Error::PoolExhausted;
}

void ClientTransaction::on_send_refused(Error error) {
  starved_ = error == Error::PoolExhausted;
  on_event(Event::TransportError);
}

bool ClientTransaction::on_event(Event event, const sip::MessageView* response) {
  const Step step = transaction::step(machine_, state_, event);
  apply(step, response);
  return (step.actions & PassToTu) != 0;
}

void ClientTransaction::cancel(std::string_view lines) {
  if (cancel_sent_ || !is_invite()) return;
  cancel_asked_ = true;
  apply(transaction::step(machine_, state_, Event::Cancel), nullptr, lines);
}

void ClientTransaction::drop() {
  if (state_ == State::Terminated) return;
  silent_ = true;
  apply({State::Terminated, NoAction, true}, nullptr);
}

void ClientTransaction::apply(const Step& step, const sip::MessageView* response,
                              std::string_view lines) {
  const State before = state_;
  const Actions actions = step.actions;
  state_ = step.next;
  if (state_ != before) {
    table_.shared().figures.leave(machine_, before);
    table_.shared().figures.enter(machine_, state_);
  }
  if ((actions & CancelTimers) != 0 || state_ == State::Terminated) {
    repeat_timer_.cancel();
    life_timer_.cancel();
  }
  if ((actions & TellTimeout) != 0) {
    reason_ = EndReason::Timeout;
    table_.note_timeout(*this, life_event_);
  }
  if ((actions & TellError) != 0) reason_ = EndReason::TransportError;
  start_timers(actions);
  if ((actions & SendRequest) != 0) send_message();
  if ((actions & SendAck) != 0) send_ack(response);
  if ((actions & SendCancel) != 0) {
    cancel_sent_ = true;
    cancel_ = table_.start_cancel(*this, lines);
  }
  // Nothing is repeated after a final response but the ACK.
  const bool done_with_request =
      state_ == State::Accepted || (state_ == State::Completed && !is_invite());
  if (done_with_request) message_.reset();
  if (step.next == State::Terminated && before != State::Terminated) {
    message_.reset();
    table_.on_terminated(*this);
  }
  const bool held_back = cancel_asked_ && !cancel_sent_ && state_ == State::Proceeding;
  if (held_back) on_event(Event::Cancel);
  const bool at_once = (actions & (StartD | StartK)) != 0 && reliable_;
  if (at_once) on_event(life_event_);
}

void ClientTransaction::start_timers(Actions actions) {
  if ((actions & StartA) != 0) start_repeat(timer_a(reliable_));
  if ((actions & DoubleA) != 0) start_repeat(next_a(Millis{interval_ms_}));
  if ((actions & StartE) != 0) start_repeat(timer_e(reliable_));
  if ((actions & DoubleE) != 0) start_repeat(next_e(Millis{interval_ms_}));
  if ((actions & SlowE) != 0) start_repeat(kT2);
  if ((actions & StartB) != 0) start_life(Event::TimerB, timer_b());
  if ((actions & StartD) != 0) start_life(Event::TimerD, timer_d(reliable_));
  if ((actions & StartF) != 0) start_life(Event::TimerF, timer_f());
  if ((actions & StartK) != 0) start_life(Event::TimerK, timer_k(reliable_));
  if ((actions & StartM) != 0) start_life(Event::TimerM, timer_m());
  if ((actions & StartCancelTimer) != 0) start_life(Event::TimerCancel, cancel_time());
}

// A delay of zero is left to apply(), which runs the event when all other actions are done.
void ClientTransaction::start_life(Event event, Millis delay) {
  life_event_ = event;
  if (delay > Millis{0}) table_.shared().start_timer(life_timer_, delay);
}

void ClientTransaction::start_repeat(Millis delay) {
  interval_ms_ = static_cast<uint16_t>(delay.count());
  if (delay > Millis{0}) table_.shared().start_timer(repeat_timer_, delay);
}

void ClientTransaction::send_message() {
  if (message_) table_.send(*this, message_);
}

// Where no buffer is free for the ACK, the next retransmission of the response tries again.
void ClientTransaction::send_ack(const sip::MessageView* response) {
  if (!ack_built_ && response != nullptr) {
    MessageRef ack = table_.make_ack(message_, *response);
    if (!ack) return;
    message_ = std::move(ack);
    ack_built_ = true;
  }
  send_message();
}

void ClientTransaction::on_repeat_timer(Millis) {
  on_event(is_invite() ? Event::TimerA : Event::TimerE);
}

void ClientTransaction::on_life_timer(Millis) { on_event(life_event_); }

}  // namespace tipring::transaction
