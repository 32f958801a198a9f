// How many phones were registered and how many calls there were, over the last day: what the page
// draws. On the loop's thread; a new start begins anew.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "port/loop.h"
#include "port/time.h"

namespace tipring::admin {

struct HistorySample {
  uint32_t minute = 0;  // of the wall clock, when it began: minutes since 1970
  uint32_t registrations = 0;
  uint32_t calls = 0;  // the most at one time
};

// In the order in which they were taken, the one under way last.
struct HistoryFigures {
  static constexpr size_t kSamples = 288;  // a day, by five minutes
  std::array<HistorySample, kSamples> samples{};
  size_t count = 0;
};

class HistorySource {
 public:
  virtual uint32_t registrations_now() const = 0;
  virtual uint32_t calls_now() const = 0;

 protected:
  ~HistorySource() = default;
};

class History final : private port::TimerHandler {
 public:
  static constexpr Millis kStep{5 * 60 * 1000};
  static constexpr Millis kLook{10'000};  // calls that are shorter may be missed

  // All outlive it.
  History(port::Loop& loop, const port::Clock& clock, const HistorySource& source)
      : loop_(loop), clock_(clock), source_(source), timer_(loop.make_timer(*this)) {}
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  // Takes the first sample. Without a timer there is none.
  void start();
  void copy(HistoryFigures& out) const;

 private:
  void on_timer(Millis now) override;
  void look(Millis now);

  port::Loop& loop_;
  const port::Clock& clock_;
  const HistorySource& source_;
  std::unique_ptr<port::LoopTimer> timer_;
  std::array<HistorySample, HistoryFigures::kSamples> ring_{};
  size_t taken_ = 0;  // ever; the latest is at (taken_ - 1) % kSamples
  Millis next_{};     // when the next one begins
};

}  // namespace tipring::admin
