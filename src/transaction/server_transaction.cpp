#include "transaction/server_transaction.h"

#include "sip/status.h"
#include "transaction/server_table.h"
#include "transaction/timers.h"

namespace tipring::transaction {

ServerTransaction::ServerTransaction(ServerTable& table, const Incoming& request, MessageRef kept,
                                     const RequestKey& key, TransactionUser& user, uint64_t context)
    : table_(table),
      user_(&user),
      context_(context),
      request_(std::move(kept)),
      source_(request.flow.remote),
      reply_flow_(transport::reply_flow(request)),
      key_(key.hash),
      method_(key.method),
      request_to_tag_(key.to_tag),
      received_ms_(static_cast<uint32_t>(request.now.count())),
      sip_method_(request.message.method()),
      machine_(request.message.method() == sip::Method::Invite ? Machine::InviteServer
                                                               : Machine::Server),
      has_cookie_(key.has_cookie),
      reliable_(is_reliable(reply_flow_.transport)) {
  table_.shared().figures.enter(machine_, state_);
}

ServerTransaction::~ServerTransaction() { table_.shared().figures.leave(machine_, state_); }

bool ServerTransaction::on_event(Event event) {
  const Step step = transaction::step(machine_, state_, event);
  apply(step);
  return (step.actions & PassToTu) != 0;
}

Result<void> ServerTransaction::respond(MessageRef response, uint16_t status, uint32_t to_tag) {
  const Event event = event_of_status(status);
  if (!is_invite() && event == Event::Provisional) {
    // RFC 4320 4.1: nothing but 100, and over UDP not before ours would have gone out.
    const bool too_early = !reliable_ && state_ == State::Trying;
    if (is_open() && (status != sip::status::kTrying || too_early)) return {};
  }
  const Step step = transaction::step(machine_, state_, event);
  if (!step.known) return Error::Stale;
  response_ = std::move(response);
  const bool answers = is_open();
  if (!is_invite() && status == sip::status::kRequestTimeout) {
    // RFC 4320 4.2: it would come too late to be anything but noise. The transaction stays to
    // absorb the request's retransmissions.
    response_.reset();
  }
  if (event == Event::Failure) response_to_tag_ = to_tag;
  if (answers && response_) note_response(status);
  apply(step);
  return {};
}

// Of what is still to be sent: a stream that cannot take it says so later, if at all.
void ServerTransaction::note_response(uint16_t status) {
  RequestFigures& figures = table_.shared().figures;
  figures.on_response_sent(status);
  if (!sip::is_final(status)) return;
  const Shared& shared = table_.shared();
  const Millis after = age(shared.now());
  if (after == Millis{0}) {
    figures.on_answered_at_once(sip_method_, status);
  } else {
    figures.on_answered(sip_method_, status, after);
  }
  if (shared.answer_observer == nullptr || !request_) return;
  sip::HeaderIndex room;
  shared.answer_observer->on_answered(
      {shared.read(request_, room), response_, status, source_, reply_flow_, after, false});
}

void ServerTransaction::send_trying() {
  response_ = table_.make_trying(*this);
  if (response_) table_.shared().figures.on_response_sent(sip::status::kTrying);
  send_response();
}

void ServerTransaction::drop() {
  if (state_ == State::Terminated) return;
  silent_ = true;
  apply({State::Terminated, NoAction, true});
}

bool ServerTransaction::matches(const RequestKey& key) const {
  if (key.hash != key_ || state_ == State::Terminated) return false;
  const bool is_ack = key.method == method_key(sip::Method::Ack);
  if (is_ack ? !is_invite() : key.method != method_) return false;
  if (has_cookie_) return true;
  // 17.2.3: the To tag of an RFC 2543 peer's ACK is that of the response; in Accepted, where the
  // response was perhaps not ours, any ACK goes up anyway.
  if (is_ack) return state_ == State::Accepted || key.to_tag == response_to_tag_;
  return key.to_tag == request_to_tag_;
}

// 9.2: as if the request were of any other method.
bool ServerTransaction::is_cancelled_by(const RequestKey& cancel) const {
  if (cancel.hash != key_ || state_ == State::Terminated) return false;
  if (method_ == method_key(sip::Method::Cancel)) return false;
  return has_cookie_ || cancel.to_tag == request_to_tag_;
}

bool ServerTransaction::first_cancel() {
  if (cancelled_ || state_ != State::Proceeding || !is_invite()) return false;
  cancelled_ = true;
  return true;
}

void ServerTransaction::apply(const Step& step) {
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
  if ((actions & TellTimeout) != 0) reason_ = EndReason::Timeout;
  if ((actions & TellError) != 0) reason_ = EndReason::TransportError;
  start_timers(actions);
  if ((actions & SendResponse) != 0) {
    keep_response();
    send_response();
    // RFC 6026 7.1: a 2xx to an INVITE is the TU's to repeat.
    if (state_ == State::Accepted) response_.reset();
  }
  if ((actions & RepeatResponse) != 0) send_response();
  if ((actions & SendTrying) != 0) send_trying();
  if (step.next == State::Completed && before != State::Completed && !is_invite()) {
    table_.on_completed(*this);
  }
  if (step.next == State::Terminated && before != State::Terminated) {
    release_request();
    response_.reset();
    table_.on_terminated(*this);
  }
  const bool at_once = (actions & (StartI | StartJ)) != 0 && reliable_;
  if (at_once) on_event(life_event_);
}

void ServerTransaction::start_timers(Actions actions) {
  if ((actions & StartG) != 0) start_repeat(timer_g(reliable_));
  if ((actions & DoubleG) != 0) start_repeat(next_g(Millis{interval_ms_}));
  if ((actions & StartTrying) != 0) start_repeat(trying_delay());
  if ((actions & StartH) != 0) start_life(Event::TimerH, timer_h());
  if ((actions & StartI) != 0) start_life(Event::TimerI, timer_i(reliable_));
  if ((actions & StartJ) != 0) start_life(Event::TimerJ, timer_j(reliable_));
  if ((actions & StartL) != 0) start_life(Event::TimerL, timer_l());
}

// A delay of zero is left to apply(), which runs the event when all other actions are done.
void ServerTransaction::start_life(Event event, Millis delay) {
  life_event_ = event;
  if (delay > Millis{0}) table_.shared().start_timer(life_timer_, delay);
}

void ServerTransaction::start_repeat(Millis delay) {
  interval_ms_ = static_cast<uint16_t>(delay.count());
  if (delay > Millis{0}) table_.shared().start_timer(repeat_timer_, delay);
}

void ServerTransaction::release_request() {
  if (!request_) return;
  request_.reset();
  table_.on_request_released();
}

// Before the final response is sent, since a buffer that the transport holds too cannot be moved.
void ServerTransaction::keep_response() {
  if (is_open()) return;
  release_request();
  if (state_ == State::Completed && response_) {
    response_ = table_.shared().dependencies.slabs.shrink(std::move(response_));
  }
}

void ServerTransaction::send_response() {
  if (response_) table_.send(*this, response_);
}

void ServerTransaction::on_repeat_timer(Millis) {
  on_event(is_invite() ? Event::TimerG : Event::TimerTrying);
}

void ServerTransaction::on_life_timer(Millis) { on_event(life_event_); }

}  // namespace tipring::transaction
