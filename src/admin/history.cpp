#include "admin/history.h"

#include <algorithm>

namespace tipring::admin {

void History::start() {
  if (timer_ == nullptr) return;
  next_ = loop_.now();
  on_timer(next_);
}

void History::copy(HistoryFigures& out) const {
  out.count = std::min(taken_, ring_.size());
  for (size_t i = 0; i < out.count; ++i)
    out.samples[i] = ring_[(taken_ - out.count + i) % ring_.size()];
}

void History::on_timer(Millis now) {
  look(now);
  timer_->arm(now + kLook);
}

void History::look(Millis now) {
  if (now >= next_) {
    const auto minute = std::chrono::duration_cast<std::chrono::minutes>(clock_.wall()).count();
    ring_[taken_ % ring_.size()] = {static_cast<uint32_t>(minute), 0, 0};
    ++taken_;
    next_ = now + kStep;
  }
  HistorySample& latest = ring_[(taken_ - 1) % ring_.size()];
  latest.registrations = source_.registrations_now();
  latest.calls = std::max(latest.calls, source_.calls_now());
}

}  // namespace tipring::admin
