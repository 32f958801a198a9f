#include "tools/load/exchange.h"

#include <algorithm>

namespace tipring::load {

void Exchange::start(Endpoint& endpoint, bool invite, Millis now) {
  endpoint_ = &endpoint;
  invite_ = invite;
  interval_ = kT1;
  again_ = endpoint.reliable() ? port::kNever : now + interval_;
  deadline_ = now + 64 * kT1;
  endpoint.send(text_);
  arm();
}

void Exchange::on_provisional(Millis now, Millis patience) {
  if (!open()) return;
  if (invite_) {
    again_ = port::kNever;
    deadline_ = now + patience;
  } else {
    interval_ = kT2;
  }
  arm();
}

void Exchange::arm() { wheel_.start(timer_, std::min(again_, deadline_)); }

void Exchange::on_timer(Millis now) {
  if (now >= deadline_) return owner_.on_no_answer();
  // Timer A doubles without end, Timer E up to T2 (17.1.1.2, 17.1.2.2).
  interval_ = invite_ ? 2 * interval_ : std::min(2 * interval_, kT2);
  again_ = now + interval_;
  endpoint_->send(text_);
  owner_.on_sent_again(*endpoint_);
  arm();
}

}  // namespace tipring::load
