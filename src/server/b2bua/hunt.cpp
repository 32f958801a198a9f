#include "server/b2bua/hunt.h"

#include <algorithm>
#include <bit>

namespace tipring::b2bua {

namespace {

Millis seconds(uint16_t count) { return Millis(int64_t{count} * 1000); }

// The place of the first member, taken out of the set.
size_t take_first(MemberSet& set) {
  const auto first = static_cast<size_t>(std::countr_zero(set));
  set &= set - 1;
  return first;
}

void keep_earlier(std::optional<Millis>& earliest, std::optional<Millis> time) {
  if (time && (!earliest || *time < *earliest)) earliest = time;
}

}  // namespace

HuntOrders Hunt::begin(const RingPlan& plan, Millis time_limit, Millis now) {
  plan_ = &plan;
  ends_at_ = time_limit > Millis(0) ? now + time_limit : kNever;
  delays_from_ = began_ = now;
  waiting_ = plan.size() == 32 ? ~MemberSet{0} : set_of(plan.size()) - 1;
  ringing_ = 0;
  step_ = 0;
  timed_out_ = false;
  state_ = State::Hunting;
  return go_on(now);
}

HuntOrders Hunt::on_failed(size_t member, Millis now) {
  if (state_ != State::Hunting || !rings(member)) return {};
  ringing_ &= ~set_of(member);
  return go_on(now);
}

bool Hunt::on_answered(size_t member, HuntOrders& orders) {
  if (state_ != State::Hunting || !rings(member)) return false;
  ringing_ &= ~set_of(member);
  orders = stop_all();
  winner_ = static_cast<uint8_t>(member);
  state_ = State::Answered;
  return true;
}

HuntOrders Hunt::on_time(Millis now) {
  if (state_ != State::Hunting) return {};
  if (now >= ends_at_) {
    timed_out_ = timed_out_ || ringing_ != 0;
    state_ = State::Failed;
    return stop_all();
  }
  HuntOrders orders;
  for (MemberSet left = ringing_; left != 0;) {
    const size_t member = take_first(left);
    const auto end = stops_at(member);
    if (end && *end <= now) orders.stop |= set_of(member);
  }
  timed_out_ = timed_out_ || orders.stop != 0;
  ringing_ &= ~orders.stop;
  orders.ring = go_on(now).ring;
  return orders;
}

HuntOrders Hunt::end() {
  if (state_ != State::Hunting) return {};
  state_ = State::Ended;
  return stop_all();
}

HuntOrders Hunt::stop_all() {
  HuntOrders orders;
  orders.stop = ringing_;
  ringing_ = 0;
  waiting_ = 0;
  return orders;
}

// Rings whom it is time to ring; of the next step, when nobody is left of this one.
HuntOrders Hunt::go_on(Millis now) {
  HuntOrders orders;
  orders.ring = start_due(now);
  if (ringing_ != 0) return orders;
  if (waiting_ == 0) {
    state_ = State::Failed;
    return orders;
  }
  MemberSet left = waiting_;
  const size_t first = take_first(left);
  if (!is_of_step(first)) {
    step_ = (*plan_)[first].step;
    delays_from_ = now;
  }
  // Nobody rings: who is next need not wait. The others keep their distance to him.
  if (const auto due = next_due(); due && *due > now) delays_from_ -= *due - now;
  orders.ring |= start_due(now);
  return orders;
}

MemberSet Hunt::start_due(Millis now) {
  MemberSet started = 0;
  for (MemberSet left = waiting_; left != 0;) {
    const size_t member = take_first(left);
    if (!is_of_step(member) || due(member) > now) continue;
    rang_after_ms_[member] = static_cast<uint32_t>((now - began_).count());
    started |= set_of(member);
  }
  waiting_ &= ~started;
  ringing_ |= started;
  return started;
}

Millis Hunt::due(size_t member) const { return delays_from_ + seconds((*plan_)[member].delay_s); }

std::optional<Millis> Hunt::next_due() const {
  std::optional<Millis> next;
  for (MemberSet left = waiting_; left != 0;) {
    const size_t member = take_first(left);
    if (is_of_step(member)) keep_earlier(next, due(member));
  }
  return next;
}

uint32_t Hunt::waiting_now() const {
  uint32_t count = 0;
  for (MemberSet left = waiting_; left != 0;) count += is_of_step(take_first(left)) ? 1U : 0U;
  return count;
}

std::optional<Millis> Hunt::stops_at(size_t member) const {
  const uint16_t ring_s = (*plan_)[member].ring_s;
  if (ring_s == 0) return std::nullopt;
  return rang_at(member) + seconds(ring_s);
}

std::optional<Millis> Hunt::deadline() const {
  if (state_ != State::Hunting) return std::nullopt;
  std::optional<Millis> deadline = next_due();
  if (ends_at_ != kNever) keep_earlier(deadline, ends_at_);
  for (MemberSet left = ringing_; left != 0;) keep_earlier(deadline, stops_at(take_first(left)));
  return deadline;
}

}  // namespace tipring::b2bua
