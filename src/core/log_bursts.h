// Keeps strangers from flooding the log with lines that each tell something else, as who was
// refused: of one event, each kind has some lines at once, and then so many a second. What had no
// line is counted, and a line tells the count while a flood lasts and after it. Where only the
// number counts: log_count.h.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/log.h"
#include "core/timer_wheel.h"

namespace tipring {

class LogBursts {
 public:
  // Enough for a phone that is set up wrongly to be seen with all that it tries, and so few that
  // each of ten kinds in a flood makes a log of 10 MiB last for an hour.
  static constexpr uint32_t kLinesAtOnce = 20;
  static constexpr Millis kLineEvery{500};
  static constexpr Millis kSummaryEvery{5000};
  static constexpr size_t kKinds = 32;

  // Borrows both. `event` is a literal, the name that the lines have.
  LogBursts(std::string_view event, Log& log, TimerWheel& timers)
      : event_(event), log_(log), timers_(timers) {}

  // Whether an event of this kind may have a line of this level now. A line of a level that is not
  // written takes nothing. Kinds beyond kKinds share the last one's lines.
  bool admits(uint16_t kind, LogLevel level, Millis now) {
    return log_.enabled(level) && take(kind, level, now);
  }

 private:
  struct Kind {
    uint16_t number = 0;
    LogLevel level = LogLevel::Debug;  // of the gravest line that was left out
    uint32_t lines = kLinesAtOnce;
    Millis filled_at{0};
    uint64_t suppressed = 0;  // since the last summary
  };

  bool take(uint16_t kind, LogLevel level, Millis now);
  Kind& kind_of(uint16_t number);
  void on_summary(Millis now);

  const std::string_view event_;
  Log& log_;
  TimerWheel& timers_;
  std::array<Kind, kKinds> kinds_;
  size_t count_ = 0;
  MemberTimer<LogBursts, &LogBursts::on_summary> summary_{*this};
};

}  // namespace tipring
