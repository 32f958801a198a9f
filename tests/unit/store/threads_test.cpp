#include "linux_bench.h"

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
