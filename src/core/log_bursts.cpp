#include "core/log_bursts.h"

#include <algorithm>

namespace tipring {

bool LogBursts::take(uint16_t kind, LogLevel level, Millis now) {
  Kind& one = kind_of(kind);
  const int64_t earned = (now - one.filled_at) / kLineEvery;
  if (earned > 0) {
    one.lines = static_cast<uint32_t>(std::min<int64_t>(kLinesAtOnce, one.lines + earned));
    one.filled_at += earned * kLineEvery;
  }
  if (one.lines > 0) {
    --one.lines;
    return true;
  }
  one.level = std::min(one.level, level);
  ++one.suppressed;
  log_.note_suppressed();
  if (!summary_.armed()) timers_.start(summary_, now + kSummaryEvery);
  return false;
}

LogBursts::Kind& LogBursts::kind_of(uint16_t number) {
  for (size_t i = 0; i < count_; ++i) {
    if (kinds_[i].number == number) return kinds_[i];
  }
  if (count_ == kKinds) return kinds_.back();
  kinds_[count_].number = number;
  return kinds_[count_++];
}

void LogBursts::on_summary(Millis) {
  for (size_t i = 0; i < count_; ++i) {
    Kind& one = kinds_[i];
    if (one.suppressed == 0) continue;
    log_.write(one.level, "log_suppressed",
               {kv("event", event_), kv("kind", one.number), kv("suppressed", one.suppressed)});
    one.suppressed = 0;
    one.level = LogLevel::Debug;
  }
}

}  // namespace tipring
