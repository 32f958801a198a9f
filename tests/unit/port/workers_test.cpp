// What port/worker.h promises, on both ports.
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

#include <array>
#include <atomic>
#include <csignal>

#include "port/linux/linux_workers.h"
#include "port/worker.h"
#include "worlds.h"

using namespace tipring::port;

namespace {

struct LinuxSetup {
  LinuxWorkers workers;
  LinuxPort port;
};

struct SimSetup {
  SimWorld world{1};
  SimHost& host = world.make_host("a", {});
  SimWorkers& workers = host.workers();
  struct {
    SimWorld& world;
    bool run_until(const std::function<bool()>& condition) {
      return world.run_until(condition, Millis(3000));
    }
    void run_for(Millis time) { world.run_for(time); }
    Loop& loop() { return host.loop(); }
    SimHost& host;
  } port{world, host};
};

struct Task final : WorkerTask {
  Millis serve(Millis now) override {
    last = now.count();
    const int number = ++served;
    return then ? then(number, now) : kNever;
  }
  std::atomic<int> served = 0;
  std::atomic<int64_t> last = 0;
  std::function<Millis(int, Millis)> then;
};

struct Answer final : WakeupHandler {
  void on_wakeup() override { ++count; }
  int count = 0;
};

}  // namespace

TEST_CASE_TEMPLATE("worker: serves when notified and not before", Setup, LinuxSetup, SimSetup) {
  Setup setup;
  Task task;
  const auto worker = setup.workers.start("test", task);
  REQUIRE(worker);
  setup.port.run_for(Millis(10));
  const int before = task.served;
  worker->notify();
  REQUIRE(setup.port.run_until([&] { return task.served == before + 1; }));
}

TEST_CASE_TEMPLATE("worker: its answer wakes the loop", Setup, LinuxSetup, SimSetup) {
  Setup setup;
  Task task;
  Answer answer;
  const auto wakeup = setup.port.loop().make_wakeup(answer);
  task.then = [&](int, Millis) {
    wakeup->notify();
    return kNever;
  };
  const auto worker = setup.workers.start("test", task);
  worker->notify();
  REQUIRE(setup.port.run_until([&] { return answer.count > 0; }));
}

TEST_CASE_TEMPLATE("worker: serves again at the instant it asked for, and not early", Setup,
                   LinuxSetup, SimSetup) {
  Setup setup;
  Task task;
  std::atomic<int64_t> asked = 0;
  task.then = [&](int number, Millis now) {
    if (number > 1) return kNever;
    asked = now.count() + 20;
    return now + Millis(20);
  };
  const auto worker = setup.workers.start("test", task);
  worker->notify();
  Answer tick;
  const auto wakeup = setup.port.loop().make_wakeup(tick);
  for (int i = 0; i < 300 && task.served < 2; ++i) setup.port.run_for(Millis(5));
  CHECK(task.served == 2);
  CHECK(task.last >= asked);
}

TEST_CASE_TEMPLATE("worker: work that was notified is served before the end", Setup, LinuxSetup,
                   SimSetup) {
  Setup setup;
  Task task;
  auto worker = setup.workers.start("test", task);
  for (int i = 0; i < 50; ++i) {
    const int before = task.served;
    worker->notify();
    worker.reset();
    CHECK(task.served > before);
    worker = setup.workers.start("test", task);
  }
}

TEST_CASE("linux worker: many notifications from another thread lose none") {
  struct Ring final : WorkerTask {
    Millis serve(Millis) override {
      taken = sent.load();
      return kNever;
    }
    std::atomic<int> sent = 0;
    std::atomic<int> taken = 0;
  } ring;
  LinuxWorkers workers;
  {
    const auto worker = workers.start("ring", ring);
    for (int i = 0; i < 50'000; ++i) {
      ++ring.sent;
      worker->notify();
    }
  }
  CHECK(ring.taken == 50'000);
}

TEST_CASE("linux worker: bears its name, and leaves signals to the main thread") {
  struct Task final : WorkerTask {
    Millis serve(Millis) override {
      pthread_getname_np(pthread_self(), name.data(), name.size());
      sigset_t mask;
      pthread_sigmask(SIG_SETMASK, nullptr, &mask);
      blocked = sigismember(&mask, SIGTERM) == 1;
      return kNever;
    }
    std::array<char, 16> name{};
    bool blocked = false;
  } task;
  LinuxWorkers workers;
  workers.start("storage", task)->notify();
  CHECK(std::string(task.name.data()) == "storage");
  CHECK(task.blocked);
}

TEST_CASE("linux worker: at work it does not interrupt the loop, and has its share of a core") {
  LinuxSetup setup;
  Task task;
  const int loops_nice = getpriority(PRIO_PROCESS, 0);
  const int loops_policy = sched_getscheduler(0);
  task.then = [&](int, Millis) {
    CHECK(sched_getscheduler(0) == SCHED_BATCH);
    CHECK(getpriority(PRIO_PROCESS, 0) == loops_nice);
    return kNever;
  };
  const auto worker = setup.workers.start("test", task);
  worker->notify();
  CHECK(setup.port.run_until([&] { return task.served == 1; }));
  CHECK(sched_getscheduler(0) == loops_policy);
}

TEST_CASE("sim worker: what its files cost comes before its answer and keeps it busy" *
          doctest::description("R9.5")) {
  SimSetup setup;
  Task task;
  Answer answer;
  const auto wakeup = setup.port.loop().make_wakeup(answer);
  int error = 0;
  const auto file = setup.host.files().open("log", OpenMode::ReadWriteCreate, error);
  REQUIRE(file);
  setup.host.files().faults().sync_latency = Millis(40);
  const Millis start = setup.world.now();
  task.then = [&](int, Millis) {
    CHECK(file->sync() == 0);
    CHECK(setup.host.clock().monotonic() == setup.world.now() + Millis(40));
    wakeup->notify();
    return kNever;
  };
  const auto worker = setup.workers.start("test", task);
  worker->notify();
  setup.world.run_for(Millis(1));
  worker->notify();
  REQUIRE(setup.world.run_until([&] { return answer.count == 1; }, Millis(1000)));
  CHECK(setup.world.now() == start + Millis(40));
  REQUIRE(setup.world.run_until([&] { return answer.count == 2; }, Millis(1000)));
  CHECK(setup.world.now() == start + Millis(80));
}

TEST_CASE("sim worker: after a crash nothing is served any more, not even at the end") {
  SimSetup setup;
  Task task;
  auto worker = setup.workers.start("test", task);
  worker->notify();
  setup.host.crash();
  setup.world.run_for(Millis(10));
  worker.reset();
  CHECK(task.served == 0);
}
