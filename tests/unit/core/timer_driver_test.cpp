#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "core/timer_wheel.h"

using namespace tipring;

namespace {

// A loop that has only a clock and one timer, which fires when the test says so.
class HandLoop final : public port::Loop {
 public:
  Millis now() const override { return now_; }
  std::unique_ptr<port::LoopTimer> make_timer(port::TimerHandler& handler) override {
    handler_ = &handler;
    return std::make_unique<HandTimer>(*this);
  }
  std::unique_ptr<port::Wakeup> make_wakeup(port::WakeupHandler&) override { return nullptr; }
  bool watch_signals(port::SignalHandler&) override { return true; }
  void set_turn_handler(port::TurnHandler*) override {}
  void run() override {}
  void stop() override {}

  void fire(Millis now) {
    now_ = now;
    armed.reset();
    handler_->on_timer(now);
  }

  std::optional<Millis> armed;
  int changes = 0;

 private:
  struct HandTimer final : port::LoopTimer {
    explicit HandTimer(HandLoop& l) : loop(l) {}
    void arm(Millis deadline) override {
      loop.armed = deadline;
      ++loop.changes;
    }
    void cancel() override {
      loop.armed.reset();
      ++loop.changes;
    }
    HandLoop& loop;
  };

  port::TimerHandler* handler_ = nullptr;
  Millis now_{0};
};

struct Counter {
  void on_fire(Millis) { ++fired; }
  int fired = 0;
  MemberTimer<Counter, &Counter::on_fire> timer{*this};
};

struct Bench {
  HandLoop loop;
  TimerWheel wheel{Millis(0)};
  TimerDriver driver{loop, wheel};
  Counter counter;
};

}  // namespace

TEST_CASE(
    "timer driver: arms the loop's timer at the end of the turn, and only when the deadline "
    "changes") {
  Bench bench;
  bench.driver.on_turn_end(Millis(0));
  CHECK(bench.loop.changes == 0);
  bench.wheel.start(bench.counter.timer, Millis(100));
  CHECK(bench.loop.changes == 0);
  bench.driver.on_turn_end(Millis(0));
  CHECK(bench.loop.armed == Millis(100));
  bench.driver.on_turn_end(Millis(1));
  CHECK(bench.loop.changes == 1);
}

TEST_CASE("timer driver: the loop's timer fires what is due, and is armed for the rest") {
  Bench bench;
  Counter later;
  bench.wheel.start(bench.counter.timer, Millis(100));
  bench.wheel.start(later.timer, Millis(200));
  bench.driver.on_turn_end(Millis(0));
  bench.loop.fire(Millis(100));
  CHECK(bench.counter.fired == 1);
  CHECK(later.fired == 0);
  bench.driver.on_turn_end(Millis(100));
  CHECK(bench.loop.armed == Millis(200));
}

TEST_CASE("timer driver: a loop's timer that comes early is armed again") {
  Bench bench;
  bench.wheel.start(bench.counter.timer, Millis(100));
  bench.driver.on_turn_end(Millis(0));
  bench.loop.fire(Millis(99));
  CHECK(bench.counter.fired == 0);
  bench.driver.on_turn_end(Millis(99));
  REQUIRE(bench.loop.armed == Millis(100));
  bench.loop.fire(Millis(100));
  CHECK(bench.counter.fired == 1);
}

TEST_CASE("timer driver: nothing stays armed when the last timer is cancelled") {
  Bench bench;
  bench.wheel.start(bench.counter.timer, Millis(100));
  bench.driver.on_turn_end(Millis(0));
  bench.counter.timer.cancel();
  bench.driver.on_turn_end(Millis(1));
  CHECK_FALSE(bench.loop.armed.has_value());
}

TEST_CASE("timer driver: wakes a bounded number of times for a timer hours away") {
  Bench bench;
  bench.wheel.start(bench.counter.timer, Millis(7 * 3600 * 1000 + 123));
  bench.driver.on_turn_end(Millis(0));
  int wakeups = 0;
  while (bench.loop.armed) {
    bench.loop.fire(*bench.loop.armed);
    bench.driver.on_turn_end(bench.loop.now());
    REQUIRE(++wakeups <= 5);
  }
  CHECK(bench.counter.fired == 1);
  CHECK(bench.loop.now() == Millis(7 * 3600 * 1000 + 123));
}
