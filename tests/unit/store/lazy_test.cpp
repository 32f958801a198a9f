#include "store_bench.h"

using namespace tipring;
using namespace tipring::store;

TEST_CASE("store: a refresh is visible at once, and written within a quarter of its interval" *
          doctest::description("DESIGN: storage and time")) {
  SimBench bench;
  bench.make_user("alice");
  bench.make_binding("alice", "sip:alice@192.0.2.7", Millis(60'000));
  Server& server = *bench.server;
  const uint64_t commits = server->counters().commits;
  bench.run_for(Millis(30'000));
  Binding& binding = *server.user("alice").first_binding();
  server.refresh("alice", binding, Millis(60'000), 2);
  const Millis expires_at = server.now() + Millis(60'000);
  CHECK(binding.expires_at() == expires_at);
  CHECK(binding.cseq() == 2);
  bench.run_for(Millis(10));
  CHECK(server->counters().commits == commits);
  bench.run_for(Millis(15'000) - Millis(10));
  CHECK(server->counters().commits == commits + 1);
  CHECK(server->counters().lazy_writes == 1);

  bench.crash();
  const Binding& found = *bench.server->user("alice").first_binding();
  CHECK(found.cseq() == 2);
  // It lives on by the grace that a refresh may be late.
  CHECK(found.expires_at() == expires_at + Millis(15'000));
}

TEST_CASE("store: a refresh of a long registration is written within 30 seconds") {
  SimBench bench;
  bench.make_user("alice");
  bench.make_binding("alice", "sip:alice@192.0.2.7");
  Server& server = *bench.server;
  server.refresh("alice", *server.user("alice").first_binding(), Millis(3'600'000), 2);
  bench.run_for(Millis(30'000));
  CHECK(server->counters().lazy_writes == 1);
}

TEST_CASE(
    "store: a crash before a refresh is written finds the binding alive for its grace" *
    doctest::description("R9.3: a start after kill -9 finds every binding answered with 200")) {
  SimBench bench;
  bench.make_user("alice");
  bench.make_binding("alice", "sip:alice@192.0.2.7", Millis(120'000));
  bench.run_for(Millis(119'000));
  bench.server->refresh("alice", *bench.server->user("alice").first_binding(), Millis(120'000), 2);
  bench.run_for(Millis(3'000));
  bench.crash(Millis(2'000));
  CHECK(bench.server->contacts("alice").size() == 1);
}

TEST_CASE("store: the refreshes of many users are written in one transaction, sorted by slot" *
          doctest::description("DESIGN: batched")) {
  SimBench bench;
  for (int i = 0; i < 20; ++i) {
    bench.make_user("user" + std::to_string(i));
    bench.make_binding("user" + std::to_string(i), "sip:phone@192.0.2.7");
  }
  Server& server = *bench.server;
  const uint64_t commits = server->counters().commits;
  for (int i = 19; i >= 0; --i) {
    const std::string name = "user" + std::to_string(i);
    server.refresh(name, *server.user(name).first_binding(), Millis(3'600'000), 2);
    bench.run_for(Millis(500));
  }
  bench.run_for(Millis(30'000));
  CHECK(server->counters().lazy_writes == 20);
  CHECK(server->counters().commits == commits + 1);
}

TEST_CASE("store: a refresh in an update that adds as well waits with it") {
  SimBench bench;
  bench.make_user("alice");
  bench.make_binding("alice", "sip:one@192.0.2.1", Millis(60'000));
  Server& server = *bench.server;
  Binding& one = *server.user("alice").first_binding();
  BindingUpdate& update = server.begin("alice");
  update.refresh(one, server.now() + Millis(600'000), 5);
  REQUIRE(update.add(server.fields("sip:two@192.0.2.2")));
  const Millis expires_at = server.now() + Millis(600'000);
  CHECK(server.commit(update, 1) == CommitState::Pending);
  CHECK(one.cseq() == 1);
  REQUIRE(bench.wait(1) == StoreStatus::Durable);
  CHECK(one.cseq() == 5);
  CHECK(one.expires_at() == expires_at);
  bench.crash();
  CHECK(bench.server->contacts("alice").size() == 2);
  CHECK(bench.server->user("alice").first_binding()->cseq() == 5);
}

namespace {

struct Observer final : BindingObserver {
  void on_binding_expired(const User& user, const Binding& binding) override {
    ended.push_back(std::string(user.name()) + " " + std::string(binding.contact()));
  }
  std::vector<std::string> ended;
};

}  // namespace

TEST_CASE("store: a binding that is not refreshed ends at its time, with its row soon after" *
          doctest::description("RFC 3261 10.3; R6.4")) {
  SimBench bench;
  bench.make_user("alice");
  Server& server = *bench.server;
  Observer observer;
  server->set_observer(&observer);
  bench.make_binding("alice", "sip:alice@192.0.2.7", Millis(60'000));
  const Millis end = server.user("alice").first_binding()->expires_at();
  bench.run_for(end - bench.world.now() - Millis(1));
  CHECK(server.contacts("alice").size() == 1);
  bench.run_for(Millis(2));
  CHECK(server.contacts("alice").empty());
  CHECK(observer.ended == Contacts{"alice sip:alice@192.0.2.7"});
  CHECK(server->counters().expired == 1);
  CHECK(server->counters().lazy_writes == 0);
  bench.run_for(Millis(31'000));
  CHECK(server->counters().lazy_writes == 1);
  server->set_observer(nullptr);
}

TEST_CASE("store: the slot of an ended binding is used again before its row is deleted") {
  SimBench bench;
  bench.make_user("alice");
  bench.make_binding("alice", "sip:old@192.0.2.7", Millis(1'000));
  bench.run_for(Millis(1'100));
  bench.make_binding("alice", "sip:new@192.0.2.7");
  Server& server = *bench.server;
  CHECK(server.user("alice").first_binding()->slot() == 0);
  bench.run_for(Millis(60'000));
  CHECK(server->counters().lazy_writes == 0);
  bench.crash();
  CHECK(bench.server->contacts("alice") == Contacts{"sip:new@192.0.2.7"});
}

TEST_CASE("store: a row whose slot was wanted by an update that failed is still deleted") {
  SimBench bench;
  bench.make_user("alice");
  bench.make_binding("alice", "sip:old@192.0.2.7", Millis(1'000));
  bench.run_for(Millis(1'100));
  bench.host.files().faults().write_error = EIO;
  Server& server = *bench.server;
  server.add("alice", "sip:new@192.0.2.7", 1);
  CHECK(bench.wait(1) == StoreStatus::Io);
  bench.host.files().faults().write_error = 0;
  bench.run_for(Millis(60'000));
  CHECK(server->counters().lazy_writes == 1);
}

TEST_CASE("store: a binding whose end comes while it is being refreshed lives on") {
  SimBench bench;
  bench.make_user("alice");
  bench.make_binding("alice", "sip:one@192.0.2.1", Millis(10'000));
  Server& server = *bench.server;
  Binding& one = *server.user("alice").first_binding();
  bench.host.files().faults().sync_latency = Millis(500);
  bench.run_for(one.expires_at() - bench.world.now() - Millis(100));
  SUBCASE("when the update succeeds") {
    BindingUpdate& update = server.begin("alice");
    update.refresh(one, server.now() + Millis(60'000), 2);
    REQUIRE(update.add(server.fields("sip:two@192.0.2.2")));
    server.commit(update, 1);
    REQUIRE(bench.wait(1) == StoreStatus::Durable);
    CHECK(server.contacts("alice").size() == 2);
  }
  SUBCASE("but ends when it fails") {
    bench.host.files().faults().sync_error = EIO;
    BindingUpdate& update = server.begin("alice");
    update.refresh(one, server.now() + Millis(60'000), 2);
    REQUIRE(update.add(server.fields("sip:two@192.0.2.2")));
    server.commit(update, 1);
    REQUIRE(bench.wait(1) == StoreStatus::Io);
    bench.run_for(Millis(5));
    CHECK(server.contacts("alice").empty());
  }
}

TEST_CASE("store: lazy writes that fail are repeated until the disk is well" *
          doctest::description("R9.5: logged and retried")) {
  SimBench bench;
  bench.make_user("alice");
  bench.make_binding("alice", "sip:alice@192.0.2.7");
  Server& server = *bench.server;
  bench.host.files().faults().space_left = 0;
  server.refresh("alice", *server.user("alice").first_binding(), Millis(3'600'000), 2);
  bench.run_for(Millis(60'000));
  CHECK(server->counters().lazy_writes == 0);
  CHECK(server->counters().commits_failed >= 5);
  CHECK(server->last_status() == StoreStatus::DiskFull);
  CHECK(server->failing_since() != kNever);
  CHECK(server.logged("store_failed") == 1);
  bench.host.files().faults().space_left = UINT64_MAX;
  bench.run_for(Millis(6'000));
  CHECK(server->counters().lazy_writes == 1);
  CHECK(server->last_status() == StoreStatus::Durable);
  CHECK(server->failing_since() == kNever);
  CHECK(server.logged("store_recovered") == 1);
}

TEST_CASE("store: what is still to be written is written at the end") {
  SimBench bench;
  bench.make_user("alice");
  bench.make_binding("alice", "sip:one@192.0.2.1");
  bench.make_binding("alice", "sip:two@192.0.2.2", Millis(1'000));
  bench.run_for(Millis(1'100));
  Server& server = *bench.server;
  server.refresh("alice", *server.user("alice").first_binding(), Millis(3'600'000), 77);
  server.add("alice", "sip:three@192.0.2.3", 1);
  bench.restart();
  CHECK(bench.server->report.bindings == 2);
  CHECK(bench.server->report.bindings_expired == 0);
  CHECK(bench.server->user("alice").first_binding()->cseq() == 77);
}

TEST_CASE("store: when the wall clock is set, all rows get their times anew" *
          doctest::description("SPEC 1.7: clock jumps")) {
  SimBench bench;
  bench.host.clock().set_wall(Millis(0));
  bench.restart();
  bench.make_user("alice");
  bench.make_binding("alice", "sip:alice@192.0.2.7");
  bench.host.clock().set_wall(Millis(1'800'000'000'000));
  bench.run_for(Millis(40'000));
  CHECK((*bench.server)->counters().lazy_writes == 1);
  bench.crash();
  CHECK_FALSE(bench.server->report.clock_was_unset);
  CHECK(bench.server->contacts("alice").size() == 1);
}
