#include "core/log_bursts.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace tipring;

namespace {

struct FixedClock : port::Clock {
  Millis monotonic() const override { return Millis(0); }
  Millis wall() const override { return Millis(0); }
};

struct Bench {
  explicit Bench(LogLevel level = LogLevel::Info) : log(ring, clock, level) {}

  // How many of so many events at once may have a line.
  uint32_t admitted(uint32_t events, uint16_t kind = 403, LogLevel level = LogLevel::Info) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < events; ++i) count += bursts.admits(kind, level, now) ? 1U : 0U;
    return count;
  }

  void pass(Millis time) {
    now += time;
    wheel.advance(now);
  }

  std::vector<std::string> lines() {
    std::vector<std::string> all;
    for (; ring.front() != nullptr; ring.pop()) {
      all.emplace_back(ring.front()->text.data(), ring.front()->size);
    }
    return all;
  }

  std::vector<LogSlot> slots = std::vector<LogSlot>(64);
  LogRing ring{std::span(slots)};
  FixedClock clock;
  Log log;
  Millis now{1'000'000};
  TimerWheel wheel{now};
  LogBursts bursts{"refused", log, wheel};
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("log bursts: so many lines at once, then one for each interval" *
          doctest::description("R6.1")) {
  Bench bench;
  CHECK(bench.admitted(1000) == LogBursts::kLinesAtOnce);
  bench.pass(LogBursts::kLineEvery - Millis(1));
  CHECK(bench.admitted(10) == 0);
  bench.pass(Millis(1));
  CHECK(bench.admitted(10) == 1);
  bench.pass(LogBursts::kLineEvery * 3);
  CHECK(bench.admitted(10) == 3);
  bench.pass(LogBursts::kLineEvery * 1'000'000);
  CHECK(bench.admitted(1000) == LogBursts::kLinesAtOnce);
}

TEST_CASE("log bursts: a part of an interval is not lost") {
  Bench bench;
  bench.admitted(LogBursts::kLinesAtOnce);
  uint32_t lines = 0;
  for (int i = 0; i < 100; ++i) {
    bench.pass(LogBursts::kLineEvery * 3 / 5);
    lines += bench.admitted(5);
  }
  CHECK(lines == 60);
}

TEST_CASE("log bursts: what had no line is told once, with the gravest level, and counted" *
          doctest::description("R6.1")) {
  Bench bench;
  bench.admitted(LogBursts::kLinesAtOnce + 7);
  bench.admitted(1, 403, LogLevel::Warning);
  CHECK(bench.lines().empty());
  bench.pass(LogBursts::kSummaryEvery - Millis(1));
  CHECK(bench.lines().empty());
  bench.pass(Millis(1));
  REQUIRE(bench.ring.front() != nullptr);
  CHECK(bench.ring.front()->level == LogLevel::Warning);
  CHECK(bench.lines() == Lines{"log_suppressed event=refused kind=403 suppressed=8"});
  CHECK(bench.log.suppressed() == 8);
  bench.pass(LogBursts::kSummaryEvery * 3);
  CHECK(bench.lines().empty());
}

TEST_CASE("log bursts: a flood of one kind leaves the lines of another") {
  Bench bench;
  bench.admitted(1000);
  CHECK(bench.admitted(3, 404) == 3);
}

TEST_CASE("log bursts: more kinds than there are places share the last one") {
  Bench bench;
  for (uint16_t kind = 0; kind < 1000; ++kind) bench.bursts.admits(kind, LogLevel::Info, bench.now);
  const uint64_t shared = 1000 - (LogBursts::kKinds - 1);
  CHECK(bench.log.suppressed() == shared - LogBursts::kLinesAtOnce);
}

TEST_CASE("log bursts: a level that is not written takes no lines and is not counted") {
  Bench bench;
  CHECK(bench.admitted(1000, 401, LogLevel::Debug) == 0);
  CHECK(bench.log.suppressed() == 0);
  CHECK(bench.admitted(1000, 401) == LogBursts::kLinesAtOnce);
}
