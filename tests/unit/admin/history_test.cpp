#include "admin/history.h"

#include <doctest/doctest.h>

#include "port/sim/sim_host.h"

using namespace tipring;
using namespace tipring::admin;

namespace {

struct Counts final : HistorySource {
  uint32_t registrations = 0;
  uint32_t calls = 0;
  uint32_t registrations_now() const override { return registrations; }
  uint32_t calls_now() const override { return calls; }
};

struct Bench {
  port::SimWorld world{1};
  port::SimHost& host = world.make_host("server", {});
  Counts counts;
  History history{host.loop(), host.clock(), counts};
  HistoryFigures figures;

  const HistoryFigures& after(Millis time) {
    world.run_for(time);
    history.copy(figures);
    return figures;
  }
};

}  // namespace

TEST_CASE("history: a sample has the phones of its end and the most calls of its time") {
  Bench bench;
  bench.counts.registrations = 3;
  bench.history.start();
  bench.counts.calls = 2;
  bench.after(History::kLook);
  bench.counts = Counts();
  bench.counts.registrations = 4;
  CHECK(bench.after(History::kLook).count == 1);
  CHECK(bench.figures.samples[0].registrations == 4);
  CHECK(bench.figures.samples[0].calls == 2);
  CHECK(bench.after(History::kStep).count == 2);
  CHECK(bench.figures.samples[1].calls == 0);
  CHECK(bench.figures.samples[1].minute == bench.figures.samples[0].minute + 5);
}

TEST_CASE("history: after a day the oldest samples go, and the order stays") {
  Bench bench;
  bench.history.start();
  const size_t more = 3;
  bench.after(History::kStep * (HistoryFigures::kSamples + more));
  REQUIRE(bench.figures.count == HistoryFigures::kSamples);
  for (size_t i = 1; i < bench.figures.count; ++i)
    CHECK(bench.figures.samples[i].minute == bench.figures.samples[i - 1].minute + 5);
}
