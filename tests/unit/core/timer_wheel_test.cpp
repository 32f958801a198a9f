#include "core/timer_wheel.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <random>
#include <vector>

using namespace tipring;

namespace {

struct Alarm {
  explicit Alarm(std::vector<std::pair<int, int64_t>>& log, int id) : log_(log), id_(id) {}
  void on_fire(Millis now) {
    log_.emplace_back(id_, now.count());
    if (then) then(now);
  }
  std::vector<std::pair<int, int64_t>>& log_;
  int id_;
  std::function<void(Millis)> then;
  MemberTimer<Alarm, &Alarm::on_fire> timer{*this};
};

}  // namespace

TEST_CASE("timer wheel: fires at the deadline, never before") {
  TimerWheel wheel(Millis(1000));
  std::vector<std::pair<int, int64_t>> log;
  Alarm alarm(log, 1);
  for (const int64_t delay : std::initializer_list<int64_t>{
           1, 2, 255, 256, 257, 500, 65535, 65536, 3600000, 16777216, 4294967296, 8589934593}) {
    log.clear();
    const Millis deadline = wheel.now() + Millis(delay);
    wheel.start(alarm.timer, deadline);
    CHECK(alarm.timer.armed());
    wheel.advance(deadline - Millis(1));
    CHECK(log.empty());
    wheel.advance(deadline);
    REQUIRE(log.size() == 1);
    CHECK(log[0].second == deadline.count());
    CHECK_FALSE(alarm.timer.armed());
  }
}

TEST_CASE("timer wheel: a deadline that is past fires with the next millisecond") {
  TimerWheel wheel(Millis(1000));
  std::vector<std::pair<int, int64_t>> log;
  Alarm alarm(log, 1);
  wheel.start(alarm.timer, Millis(10));
  wheel.advance(Millis(1001));
  CHECK(log.size() == 1);
}

TEST_CASE("timer wheel: a cancelled timer, and one whose owner has gone, do not fire") {
  TimerWheel wheel(Millis(0));
  std::vector<std::pair<int, int64_t>> log;
  Alarm kept(log, 1);
  wheel.start(kept.timer, Millis(50));
  {
    Alarm gone(log, 2);
    wheel.start(gone.timer, Millis(20));
  }
  kept.timer.cancel();
  wheel.advance(Millis(100));
  CHECK(log.empty());
  CHECK(wheel.next_deadline() == kNever);
}

TEST_CASE(
    "timer wheel: callbacks may cancel a timer that is due in the same millisecond, and start new "
    "ones") {
  TimerWheel wheel(Millis(0));
  std::vector<std::pair<int, int64_t>> log;
  Alarm first(log, 1), second(log, 2), third(log, 3);
  first.then = [&](Millis now) {
    second.timer.cancel();
    wheel.start(third.timer, now + Millis(5));
  };
  wheel.start(first.timer, Millis(30));
  wheel.start(second.timer, Millis(30));
  wheel.advance(Millis(100));
  CHECK(log == std::vector<std::pair<int, int64_t>>{{1, 30}, {3, 35}});
}

TEST_CASE("timer wheel: agrees with a sorted map over random starts, cancels and jumps") {
  for (const uint32_t seed : {1u, 2u, 3u, 4u}) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    TimerWheel wheel(Millis(12345));
    std::vector<std::pair<int, int64_t>> log;
    std::vector<std::unique_ptr<Alarm>> alarms;
    for (int i = 0; i < 200; ++i) alarms.push_back(std::make_unique<Alarm>(log, i));
    std::map<int, int64_t> model;
    for (int step = 0; step < 20000; ++step) {
      const int id = static_cast<int>(random() % alarms.size());
      const uint64_t kind = random() % 10;
      if (kind < 6) {
        const int64_t delay =
            1 + static_cast<int64_t>(random() % (uint64_t{1} << (1 + random() % 26)));
        wheel.start(alarms[static_cast<size_t>(id)]->timer, wheel.now() + Millis(delay));
        model[id] = wheel.now().count() + delay;
      } else if (kind < 8) {
        alarms[static_cast<size_t>(id)]->timer.cancel();
        model.erase(id);
      } else {
        const Millis to =
            wheel.now() + Millis(static_cast<int64_t>(random() % (1u << (random() % 20))));
        int64_t earliest = INT64_MAX;
        for (const auto& [key, deadline] : model) earliest = std::min(earliest, deadline);
        CHECK(wheel.next_deadline().count() <= earliest);
        log.clear();
        wheel.advance(to);
        int64_t last = 0;
        for (const auto& [fired, at] : log) {
          REQUIRE(model.count(fired) == 1);
          REQUIRE(model[fired] == at);
          REQUIRE(at >= last);
          last = at;
          model.erase(fired);
        }
        for (const auto& [key, deadline] : model) REQUIRE(deadline > to.count());
      }
    }
  }
}

TEST_CASE("timer wheel: callbacks that start and cancel at random agree with a model") {
  for (const uint32_t seed : {5u, 6u, 7u}) {
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    TimerWheel wheel(Millis(999));
    std::vector<std::pair<int, int64_t>> log;
    std::vector<std::unique_ptr<Alarm>> alarms;
    std::map<int, int64_t> model;
    size_t checked = 0;
    const auto start = [&](int id, Millis now) {
      const auto delay = static_cast<int64_t>(random() % 600);
      wheel.start(alarms[static_cast<size_t>(id)]->timer, now + Millis(delay));
      // What is due already fires with the next millisecond.
      model[id] = now.count() + std::max<int64_t>(delay, 1);
    };
    for (int i = 0; i < 50; ++i) {
      alarms.push_back(std::make_unique<Alarm>(log, i));
      alarms.back()->then = [&, i](Millis now) {
        REQUIRE(model.count(i) == 1);
        REQUIRE(model[i] == now.count());
        for (const auto& [id, deadline] : model) REQUIRE(deadline >= now.count());
        model.erase(i);
        ++checked;
        const int other = static_cast<int>(random() % 50);
        alarms[static_cast<size_t>(other)]->timer.cancel();
        model.erase(other);
        if (random() % 8 != 0) start(static_cast<int>(random() % 50), now);
      };
    }
    for (int round = 0; round < 400; ++round) {
      for (int k = 0; k < 5; ++k) start(static_cast<int>(random() % 50), wheel.now());
      const Millis to = wheel.now() + Millis(static_cast<int64_t>(random() % 300));
      wheel.advance(to);
      for (const auto& [id, deadline] : model) REQUIRE(deadline > to.count());
    }
    CHECK(checked > 1000);
  }
}

TEST_CASE("timer wheel: an owner may end itself, and its other timers, in its own callback") {
  struct Machine {
    Machine(TimerWheel& w, int& e) : wheel(w), ended(e) {
      wheel.start(retry, Millis(10));
      wheel.start(timeout, Millis(10));
    }
    void on_timer(Millis) {
      ++ended;
      delete this;
    }
    TimerWheel& wheel;
    int& ended;
    MemberTimer<Machine, &Machine::on_timer> retry{*this};
    MemberTimer<Machine, &Machine::on_timer> timeout{*this};
  };
  TimerWheel wheel(Millis(0));
  int ended = 0;
  new Machine(wheel, ended);
  wheel.advance(Millis(20));
  CHECK(ended == 1);
  CHECK(wheel.next_deadline() == kNever);
}
