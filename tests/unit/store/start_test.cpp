#include "store_bench.h"

using namespace tipring;
using namespace tipring::store;

TEST_CASE("store: rows that expired while the server was down are dropped, with grace" *
          doctest::description("R9.3; DESIGN: at start each binding is given that much grace")) {
  SimBench bench;
  bench.make_user("alice");
  bench.make_binding("alice", "sip:short@192.0.2.1", Millis(60'000));
  bench.make_binding("alice", "sip:middle@192.0.2.2", Millis(80'000));
  bench.make_binding("alice", "sip:long@192.0.2.3", Millis(3'600'000));
  bench.crash(Millis(76'000));  // 60 s and its grace of 15 s are over
  CHECK(bench.server->contacts("alice") == Contacts{"sip:middle@192.0.2.2", "sip:long@192.0.2.3"});
  CHECK(bench.server->report.bindings == 2);
  CHECK(bench.server->report.bindings_expired == 1);
  // The row of the dropped one goes, lazily.
  bench.run_for(Millis(31'000));
  CHECK((*bench.server)->counters().lazy_writes >= 1);
  bench.restart();
  CHECK(bench.server->report.bindings_expired == 0);
}

TEST_CASE("store: with a clock that is unset, remaining life counts from the last written time" *
          doctest::description("DESIGN: a board whose clock is unset at start")) {
  SimBench bench;
  bench.make_user("alice");
  bench.make_binding("alice", "sip:alice@192.0.2.7", Millis(60'000));
  bench.run_for(Millis(10'000));
  bench.host.clock().set_wall(Millis(5'000));
  bench.crash();
  CHECK(bench.server->report.clock_was_unset);
  CHECK(bench.server->logged("clock_behind_store") == 1);
  REQUIRE(bench.server->contacts("alice").size() == 1);
  const Millis left = bench.server->user("alice").first_binding()->expires_at() - bench.world.now();
  CHECK(left <= Millis(75'000));
  CHECK(left >= Millis(74'000));
  // And it can do so once more.
  bench.make_binding("alice", "sip:two@192.0.2.8", Millis(60'000));
  bench.host.clock().set_wall(Millis(7'000));
  bench.crash();
  CHECK(bench.server->contacts("alice").size() == 2);
}

TEST_CASE("store: a smaller capacity moves the rows beyond it, or is refused in words") {
  SimBench bench;
  bench.make_user("alice");
  for (int i = 0; i < 40; ++i) {
    bench.make_binding("alice", "sip:" + std::to_string(i) + "@192.0.2.7",
                       Millis(i < 35 ? 10'000 : 3'600'000));
  }
  bench.settings.limits.bindings = 1;
  SUBCASE("moved") {
    bench.crash(Millis(20'000));
    REQUIRE(bench.server->report.ready());
    CHECK(bench.server->report.bindings == 5);
    CHECK(bench.server->report.bindings_expired == 35);
    bench.restart();
    CHECK(bench.server->contacts("alice").size() == 5);
  }
  SUBCASE("refused") {
    bench.crash();
    CHECK(bench.server->report.status == StartStatus::DoesNotFit);
    CHECK(bench.server->report.message.find("capacity.bindings") != std::string::npos);
    bench.settings.limits.bindings = 64;
    bench.restart();
    CHECK(bench.server->report.bindings == 40);
  }
  SUBCASE("users as well") {
    bench.make_user("bob");
    bench.settings.limits.users = 1;
    bench.settings.limits.bindings = 64;
    bench.restart();
    CHECK(bench.server->report.status == StartStatus::DoesNotFit);
    CHECK(bench.server->report.message.find("capacity.users") != std::string::npos);
  }
}

TEST_CASE("store: 1000 users with 2000 bindings fit into their memory, and are loaded" *
          doctest::description("DESIGN: memory, default profile")) {
  Server::Settings settings;
  settings.limits = kDefaultLimits;
  MemoryPlan plan;
  Store::plan(settings.limits, plan);
  CHECK(plan.total_bytes() <= 5 * 1024 * 1024 / 2);

  SimBench bench(settings);
  const auto name = [](uint64_t i) { return "subscriber-" + std::to_string(i); };
  for (uint64_t i = 0; i < 1000; ++i) {
    while (!bench.server->put(name(i), i)) bench.run_for(Millis(5));
  }
  REQUIRE(bench.run_until([&] { return (*bench.server)->user_count() == 1000; }));
  for (uint64_t i = 0; i < 2000; ++i) {
    Server& server = *bench.server;
    const auto ready = [&] { return !server.user(name(i / 2)).busy(); };
    REQUIRE(bench.run_until(ready));
    Result<BindingUpdate*> update = server->begin_update(server.user(name(i / 2)));
    while (!update) {
      bench.run_for(Millis(5));
      update = server->begin_update(server.user(name(i / 2)));
    }
    BindingFields fields = server.fields("sip:subscriber-1234-0x55d0c0ffee@192.168.100.200:50620");
    fields.instance = "<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>";
    fields.user_agent = "baresip v1.0.0 (x86_64/linux)";
    fields.params = ";methods=\"INVITE,ACK,BYE,CANCEL,OPTIONS\"";
    REQUIRE((*update)->add(fields));
    server.commit(**update, 10'000 + i);
  }
  REQUIRE(bench.run_until([&] { return (*bench.server)->binding_count() == 2000; }));
  MESSAGE("plan " << plan.total_bytes() / 1024 << " KiB, SQLite used at most "
                  << (*bench.server)->file_memory_used_max() / 1024 << " KiB of its heap");
  bench.crash();
  CHECK(bench.server->report.users == 1000);
  CHECK(bench.server->report.bindings == 2000);
  CHECK(bench.server->contacts(name(999)).size() == 2);
}
