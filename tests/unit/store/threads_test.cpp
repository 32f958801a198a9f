#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "linux_bench.h"
#include "store/errands.h"
#include "store/sqlite.h"

using namespace tipring;
using namespace tipring::store;

TEST_CASE("store: loop and storage thread work at the same time" *
          doctest::description("run under the thread sanitizer")) {
  constexpr uint64_t kUsers = 32;
  const TempFolder folder;
  LinuxBench bench(folder.file("tipring.db"));
  REQUIRE_MESSAGE(bench.server->report.ready(), bench.server->report.message);
  const auto name = [](uint64_t i) { return "user" + std::to_string(i); };
  for (uint64_t i = 0; i < kUsers; ++i) REQUIRE(bench.server->put(name(i), i));
  REQUIRE(bench.run_until([&] { return (*bench.server)->user_count() == kUsers; }));

  // Every user registers, moves, refreshes and leaves, over and over, as fast as answers come.
  Server& server = *bench.server;
  uint64_t tag = 1000;
  const auto act = [&] {
    for (uint64_t i = 0; i < kUsers; ++i) {
      User& user = server.user(name(i));
      if (user.busy()) continue;
      Binding* binding = user.first_binding();
      const Result<BindingUpdate*> update = server->begin_update(user);
      if (!update) continue;  // as many as there may be are on their way
      if (binding == nullptr) {
        REQUIRE((*update)->add(server.fields("sip:phone@192.0.2.7")));
      } else if (tag % 3 == 0) {
        (*update)->remove(*binding);
      } else if (tag % 3 == 1) {
        REQUIRE((*update)->replace(*binding, server.fields("sip:moved@192.0.2.8")));
      } else {
        (*update)->refresh(*binding, server.now() + Millis(1'000), binding->cseq() + 1);
      }
      server.commit(**update, tag++);
    }
    return tag > 4000;
  };
  REQUIRE(bench.run_until(act, Millis(60'000)));
  const auto idle = [&] {
    for (uint64_t i = 0; i < kUsers; ++i) {
      if (server.user(name(i)).busy()) return false;
    }
    return true;
  };
  REQUIRE(bench.run_until(idle));
  CHECK(server->counters().commits_failed == 0);
  CHECK(server->counters().updates > 1000);
  CHECK(server->counters().commits < server->counters().updates);
  for (const auto& [answered, status] : server.answers.by_tag)
    CHECK(status == StoreStatus::Durable);

  std::map<std::string, Contacts> before;
  for (uint64_t i = 0; i < kUsers; ++i) before[name(i)] = server.contacts(name(i));
  bench.start();
  REQUIRE(bench.server->report.ready());
  for (uint64_t i = 0; i < kUsers; ++i) CHECK(bench.server->contacts(name(i)) == before[name(i)]);
}

TEST_CASE("store: errands of a second thread run while the loop registers" *
          doctest::description("run under the thread sanitizer")) {
  constexpr int kErrands = 400;
  const TempFolder folder;
  LinuxBench bench(folder.file("tipring.db"));
  REQUIRE_MESSAGE(bench.server->report.ready(), bench.server->report.message);
  bench.make_user("alice");
  Errands& errands = bench.server->store().errands();

  // The admin thread: as many as may be at one time, woken by the storage thread.
  std::atomic<int> told{0};
  int64_t in_order = 0;  // rows found by the reads, which follow a write each
  std::thread admin([&] {
    std::mutex mutex;
    std::condition_variable woken;
    bool notified = false;
    const std::function<void()> notify = [&] {
      const std::lock_guard lock(mutex);
      notified = true;
      woken.notify_one();
    };
    errands.set_notify(&notify);
    const auto hand_over = [&](Errand::Kind kind, const char* sql) {
      return errands.hand_over(make_errand<int64_t>(
          kind, [sql](Connection& database, int64_t& value) { return database.query(sql, value); },
          [&](StoreStatus status, int64_t& value) {
            CHECK(status == StoreStatus::Durable);
            if (value > 0) CHECK(value == ++in_order);
            ++told;
          }));
    };
    for (int sent = 0; told < kErrands;) {
      if (sent < kErrands && sent - told < 20) {
        const bool write = sent % 2 == 0;
        if (hand_over(write ? Errand::Kind::Write : Errand::Kind::Read,
                      write ? "INSERT INTO meta (key, value) SELECT 'row' || count(*), 0 FROM meta"
                            : "SELECT count(*) FROM meta WHERE key LIKE 'row%'")) {
          ++sent;
          continue;
        }
      }
      std::unique_lock lock(mutex);
      woken.wait(lock, [&] { return notified; });
      notified = false;
      lock.unlock();
      errands.poll();
    }
    errands.set_notify(nullptr);
  });

  Server& server = *bench.server;
  uint64_t tag = 1000;
  const auto act = [&] {
    User& user = server.user("alice");
    if (!user.busy()) {
      BindingUpdate& update = server.begin("alice");
      if (Binding* old = user.first_binding()) update.remove(*old);
      REQUIRE(update.add(server.fields("sip:" + std::to_string(tag) + "@192.0.2.7")));
      server.commit(update, tag++);
    }
    return told == kErrands;
  };
  CHECK(bench.run_until(act, Millis(60'000)));
  admin.join();
  CHECK(in_order == kErrands / 2);
  CHECK(server->counters().commits_failed == 0);
}
