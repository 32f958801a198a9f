// What port/loop.h promises, on both ports; then signals and threads, which only one of them has.
#include "port/loop.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "port/linux/linux_clock.h"
#include "worlds.h"

using namespace tipring::port;

namespace {

struct Recorder final : TimerHandler {
  explicit Recorder(std::vector<int>& the_order, int the_name) : order(the_order), name(the_name) {}
  void on_timer(Millis now) override {
    order.push_back(name);
    fired_at = now;
    if (then) then();
  }
  std::vector<int>& order;
  int name;
  Millis fired_at{0};
  std::function<void()> then;
};

struct Counter final : WakeupHandler {
  void on_wakeup() override { ++count; }
  int count = 0;
};

}  // namespace

TEST_CASE_TEMPLATE("loop: timers fire in the order of their deadlines and never early", Port,
                   LinuxPort, SimPort) {
  Port port;
  std::vector<int> order;
  std::vector<std::unique_ptr<Recorder>> recorders;
  std::vector<std::unique_ptr<LoopTimer>> timers;
  const Millis start = port.loop().now();
  // Armed from the last to the first, one millisecond apart, which is less than libevent's clock
  // tells.
  for (int i = 30; i-- > 0;) {
    recorders.push_back(std::make_unique<Recorder>(order, i));
    timers.push_back(port.loop().make_timer(*recorders.back()));
    timers.back()->arm(start + Millis(5 + i));
  }
  REQUIRE(port.run_until([&] { return order.size() == 30; }));
  CHECK(std::is_sorted(order.begin(), order.end()));
  for (const auto& recorder : recorders)
    CHECK(recorder->fired_at >= start + Millis(5 + recorder->name));
}

TEST_CASE_TEMPLATE("loop: equal deadlines fire in the order of arming", Port, LinuxPort, SimPort) {
  Port port;
  std::vector<int> order;
  Recorder a(order, 1), b(order, 2), c(order, 3);
  const auto timer_a = port.loop().make_timer(a);
  const auto timer_b = port.loop().make_timer(b);
  const auto timer_c = port.loop().make_timer(c);
  const Millis when = port.loop().now() + Millis(5);
  timer_c->arm(when);
  timer_a->arm(when);
  timer_b->arm(when);
  REQUIRE(port.run_until([&] { return order.size() == 3; }));
  CHECK(order == std::vector<int>{3, 1, 2});
}

TEST_CASE_TEMPLATE("loop: a cancelled, destroyed or disarmed timer does not fire", Port, LinuxPort,
                   SimPort) {
  Port port;
  std::vector<int> order;
  Recorder first(order, 1), second(order, 2), third(order, 3), fourth(order, 4);
  const auto timer_first = port.loop().make_timer(first);
  const auto timer_second = port.loop().make_timer(second);
  auto timer_third = port.loop().make_timer(third);
  const auto timer_fourth = port.loop().make_timer(fourth);
  const Millis when = port.loop().now() + Millis(3);
  timer_first->arm(when);
  timer_second->arm(when);
  timer_third->arm(when);
  timer_fourth->arm(when);
  timer_fourth->arm(kNever);
  // In the very turn in which both others are due as well.
  first.then = [&] {
    timer_second->cancel();
    timer_third.reset();
  };
  port.run_for(Millis(20));
  CHECK(order == std::vector<int>{1});
}

TEST_CASE_TEMPLATE(
    "loop: arming again replaces the deadline, and a past one fires in the next turn", Port,
    LinuxPort, SimPort) {
  Port port;
  std::vector<int> order;
  Recorder recorder(order, 1);
  const auto timer = port.loop().make_timer(recorder);
  const Millis start = port.loop().now();
  timer->arm(start + Millis(3'600'000));
  timer->arm(start - Millis(10));
  recorder.then = [&] {
    if (order.size() < 3) timer->arm(start - Millis(10));
  };
  REQUIRE(port.run_until([&] { return order.size() == 3; }, Millis(1000)));
  port.run_for(Millis(10));
  CHECK(order.size() == 3);
}

TEST_CASE_TEMPLATE("loop: the clock stands still within a turn", Port, LinuxPort, SimPort) {
  Port port;
  std::vector<int> order;
  Recorder recorder(order, 1);
  const auto timer = port.loop().make_timer(recorder);
  timer->arm(port.loop().now());
  bool still = false;
  recorder.then = [&] {
    const Millis before = port.loop().now();
    if (std::is_same_v<Port, LinuxPort>) usleep(5000);
    still = port.loop().now() == before && recorder.fired_at == before;
  };
  REQUIRE(port.run_until([&] { return !order.empty(); }));
  CHECK(still);
}

TEST_CASE_TEMPLATE("loop: wakeups that come together are one, and a later one is another", Port,
                   LinuxPort, SimPort) {
  Port port;
  Counter counter;
  const auto wakeup = port.loop().make_wakeup(counter);
  port.run_for(Millis(5));
  CHECK(counter.count == 0);
  wakeup->notify();
  wakeup->notify();
  wakeup->notify();
  REQUIRE(port.run_until([&] { return counter.count > 0; }));
  port.run_for(Millis(5));
  CHECK(counter.count == 1);
  wakeup->notify();
  REQUIRE(port.run_until([&] { return counter.count == 2; }));
}

TEST_CASE_TEMPLATE("loop: the end of a turn is told once, after its events", Port, LinuxPort,
                   SimPort) {
  struct Turns final : TurnHandler {
    void on_turn_end(Millis) override { seen.push_back(events); }
    int events = 0;
    std::vector<int> seen;
  } turns;
  struct Handler final : WakeupHandler {
    explicit Handler(Turns& the_turns) : turns(the_turns) {}
    void on_wakeup() override { ++turns.events; }
    Turns& turns;
  } handler(turns);
  struct Stop final : TimerHandler {
    explicit Stop(Loop& the_loop) : loop(the_loop) {}
    void on_timer(Millis) override { loop.stop(); }
    Loop& loop;
  };
  Port port;
  Stop stop(port.loop());
  const auto one = port.loop().make_wakeup(handler);
  const auto two = port.loop().make_wakeup(handler);
  const auto timer = port.loop().make_timer(stop);
  port.loop().set_turn_handler(&turns);
  timer->arm(port.loop().now() + Millis(50));
  one->notify();
  two->notify();
  port.loop().run();
  port.loop().set_turn_handler(nullptr);
  CHECK(turns.seen == std::vector<int>{2, 2});  // both wakeups, then the timer
}

TEST_CASE("linux loop: a thread's wakeups all arrive, none is lost between two turns") {
  LinuxPort port;
  struct Ring final : WakeupHandler {
    void on_wakeup() override { seen = sent.load(); }
    std::atomic<int> sent = 0;
    int seen = 0;
  } ring;
  const auto wakeup = port.loop().make_wakeup(ring);
  std::thread thread([&] {
    for (int i = 0; i < 20'000; ++i) {
      ++ring.sent;
      wakeup->notify();
    }
  });
  CHECK(port.run_until([&] { return ring.seen == 20'000; }, Millis(10'000)));
  thread.join();
}

TEST_CASE("linux loop: signals are told in a turn and not in their own time") {
  struct Handler final : SignalHandler {
    void on_signal(Signal signal) override { seen.push_back(signal); }
    std::vector<Signal> seen;
  } handler;
  {
    LinuxPort port;
    port.loop().watch_signals(handler);
    std::raise(SIGHUP);
    CHECK(handler.seen.empty());
    REQUIRE(port.run_until([&] { return handler.seen.size() == 1; }));
    std::raise(SIGINT);
    REQUIRE(port.run_until([&] { return handler.seen.size() == 2; }));
    std::raise(SIGTERM);
    REQUIRE(port.run_until([&] { return handler.seen.size() == 3; }));
  }
  CHECK(handler.seen == std::vector<Signal>{Signal::Reload, Signal::Terminate, Signal::Terminate});
  struct sigaction now {};
  sigaction(SIGHUP, nullptr, &now);
  CHECK((now.sa_handler == SIG_DFL));
}

TEST_CASE("sim loop: a signal is told in a turn") {
  struct Handler final : SignalHandler {
    void on_signal(Signal signal) override { seen.push_back(signal); }
    std::vector<Signal> seen;
  } handler;
  SimWorld world(1);
  SimHost& host = world.make_host("a", {});
  host.loop().watch_signals(handler);
  host.loop().raise(Signal::Reload);
  CHECK(handler.seen.empty());
  world.run_for(Millis(1));
  CHECK(handler.seen == std::vector<Signal>{Signal::Reload});
}

TEST_CASE("linux loop: stop() before run() lets it return, and the next run() runs") {
  LinuxLoop loop;
  REQUIRE(loop.ok());
  loop.stop();
  loop.run();
  LoopRunner runner(loop);
  int turns = 0;
  CHECK(runner.run_until([&] { return ++turns > 1; }, Millis(10)));
}

TEST_CASE("linux loop: libevent lives in its bounded heap and leaves nothing there") {
  const LibraryMemory memory(256 * 1024);
  CHECK(memory.heap().used() == 0);
  {
    LinuxPort port;
    CHECK(memory.heap().used() > 0);
    port.run_for(Millis(5));
  }
  CHECK(memory.heap().used() == 0);
  CHECK(memory.heap().refusals() == 0);
}
