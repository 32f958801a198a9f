// Many calls with sessions that are refreshed or not, phones that die, and a server that starts
// again: no call is lost, and none stays behind.
#include <doctest/doctest.h>

#include "crowd.h"

using namespace tipring;
using namespace tipring::sim;

namespace {

constexpr size_t kCalls = 2'500;  // with every seed
constexpr Millis kSetUp{8'000};   // no call is being made any more
constexpr Millis kDead{60'000};
constexpr Millis kSessionOver{200'000};  // the interval, and the BYEs after it

struct Options {
  uint32_t loss_per_mille = 0;
  bool restarts = false;
};

struct Sum {
  uint64_t calls = 0;
  uint64_t answered = 0;
  uint64_t refreshed = 0;
  uint64_t expired = 0;
};

app::Config session_config() {
  app::Config config = crowd_config();
  config.session_timer.default_s = 90;
  return config;
}

void give_habits(Network& network) {
  port::SimRandom& random = network.world.random();
  for (Phone& phone : network.phones) {
    phone.habits.by_update = random.chance(500);
    phone.habits.offers_itself = random.chance(500);
    if (random.chance(100)) phone.habits.refresh_answer = 488;
  }
}

void run_for_a_while(Network& network, Crowd& crowd) {
  Phone& victim = crowd.any_phone();
  if (!victim.is_silent()) victim.fall_silent();
  for (int i = 0; i < 300; ++i) {
    crowd.act();
    network.world.run_for(kDead / 300);
  }
  victim.wake_up();
  network.check_standing();
}

void run(uint64_t seed, const Options& options, Sum& sum) {
  Network network(seed, session_config());
  CrowdOptions habits;
  habits.loss_per_mille = habits.duplicate_per_mille = options.loss_per_mille;
  habits.talk_max = Millis(150'000);
  Crowd crowd(network, habits);
  give_habits(network);
  while (crowd.counts().calls < kCalls && network.findings.none()) {
    run_for_a_while(network, crowd);
    if (!options.restarts || !network.world.random().chance(200)) continue;
    network.world.run_for(kSetUp);
    sum.expired += network.exchange.server().calls().counters().expired;
    network.restart_exchange(Millis(1'000));
  }
  REQUIRE(network.settle(Millis(600'000)));
  network.world.run_for(kSessionOver);
  network.check_calls();
  CHECK(network.exchange.pool("dialogs").in_use == 0);
  CHECK(network.exchange.pool("calls").in_use == 0);
  sum.expired += network.exchange.server().calls().counters().expired;
  sum.calls += crowd.counts().calls;
  sum.answered += crowd.counts().answered;
  for (const Phone& phone : network.phones) {
    for (const Call& call : phone.calls()) sum.refreshed += call.refreshed;
  }
  network.check_empty();
}

void check(const Sum& sum, size_t seed_count) {
  MESSAGE(sum.calls, " calls, ", sum.answered, " answered, ", sum.refreshed, " refreshes, ",
          sum.expired, " expired");
  CHECK(sum.calls >= kCalls * seed_count);
  CHECK(sum.answered * 2 > sum.calls);
  CHECK(sum.refreshed > sum.answered / 2);
  CHECK(sum.expired > seed_count * 10);
}

}  // namespace

TEST_CASE("session crowd: under loss and dying phones every call is followed to its end" *
          doctest::description("RFC 4028; SPEC C4; R3.5, R5.5, R8.3-R8.5")) {
  const std::vector<uint64_t> all = seeds({91, 92});
  Sum sum;
  for (const uint64_t seed : all) {
    CAPTURE(seed);
    run(seed, {100, false}, sum);
  }
  check(sum, all.size());
}

TEST_CASE("session crowd: a server that starts again keeps no call that has ended" *
          doctest::description("DESIGN: Handles on the wire; SPEC C4; R3.5, R5.5")) {
  const std::vector<uint64_t> all = seeds({93, 94});
  Sum sum;
  for (const uint64_t seed : all) {
    CAPTURE(seed);
    run(seed, {0, true}, sum);
  }
  check(sum, all.size());
}
