// Files that are removed, moved and damaged under a running server.
#include "store_bench.h"

using namespace tipring;
using namespace tipring::store;

namespace {

constexpr const char* kPath = "/data/tipring.db";
constexpr const char* kLog = "/data/tipring.db-wal";

struct TwoUsers : SimBench {
  TwoUsers() {
    make_user("alice");
    make_user("bob");
    make_binding("alice", "sip:alice@192.0.2.7");
  }
  port::SimFiles& files() { return host.files(); }
  StoreStatus bob_registers(uint64_t tag) {
    server->add("bob", "sip:" + std::to_string(tag) + "@192.0.2.8", tag);
    const auto status = wait(tag);
    REQUIRE(status);
    return *status;
  }
};

}  // namespace

TEST_CASE("store: a log that was deleted is rescued before the next commit" *
          doctest::description("R9.5, R9.3")) {
  TwoUsers bench;
  REQUIRE(bench.files().remove(kLog) == 0);
  CHECK(bench.bob_registers(1) == StoreStatus::Durable);
  CHECK(bench.server->logged("store_reopened") == 1);
  bench.crash();
  CHECK(bench.server->contacts("alice") == Contacts{"sip:alice@192.0.2.7"});
  CHECK(bench.server->contacts("bob") == Contacts{"sip:1@192.0.2.8"});
}

TEST_CASE("store: a file that was deleted is written anew, with or without its log" *
          doctest::description("R9.5, R9.3")) {
  for (const bool log_too : {false, true}) {
    CAPTURE(log_too);
    TwoUsers bench;
    REQUIRE(bench.files().remove(kPath) == 0);
    if (log_too) REQUIRE(bench.files().remove(kLog) == 0);
    CHECK(bench.bob_registers(1) == StoreStatus::Durable);
    CHECK(bench.server->logged("store_reopened") == 1);
    CHECK(bench.bob_registers(2) == StoreStatus::Durable);
    bench.crash();
    REQUIRE(bench.server->report.ready());
    CHECK_FALSE(bench.server->report.created);
    CHECK(bench.server->contacts("alice") == Contacts{"sip:alice@192.0.2.7"});
    CHECK(bench.server->contacts("bob").size() == 2);
  }
}

TEST_CASE("store: a file that cannot be written anew yet fails writes, and nothing is lost" *
          doctest::description("R9.5")) {
  TwoUsers bench;
  REQUIRE(bench.files().remove(kPath) == 0);
  bench.files().faults().space_left = 5'000;
  CHECK(bench.bob_registers(1) == StoreStatus::DiskFull);
  port::FileInfo info;
  CHECK(bench.files().info(kPath, info) == ENOENT);
  CHECK(bench.files().info("/data/tipring.db.part", info) == ENOENT);
  bench.files().faults() = {};
  // By itself, since it looks whether the disk is well again.
  bench.run_for(Millis(5'000));
  CHECK((*bench.server)->failing_since() == kNever);
  CHECK(bench.server->logged("store_recovered") == 1);
  CHECK(bench.bob_registers(2) == StoreStatus::Durable);
  bench.crash();
  CHECK(bench.server->contacts("alice").size() == 1);
  CHECK(bench.server->contacts("bob") == Contacts{"sip:2@192.0.2.8"});
}

TEST_CASE("store: another file in its place is left alone, and the old one may come back" *
          doctest::description("R9.5")) {
  TwoUsers bench;
  REQUIRE(bench.files().rename(kPath, "/data/aside.db") == 0);
  int error = 0;
  REQUIRE(bench.files().open(kPath, port::OpenMode::ReadWriteCreate, error) != nullptr);
  CHECK(bench.bob_registers(1) == StoreStatus::Replaced);
  port::FileInfo info;
  REQUIRE(bench.files().info(kPath, info) == 0);
  CHECK(info.size == 0);
  REQUIRE(bench.files().rename("/data/aside.db", kPath) == 0);
  CHECK(bench.bob_registers(2) == StoreStatus::Durable);
  bench.crash();
  CHECK(bench.server->contacts("bob") == Contacts{"sip:2@192.0.2.8"});
}

TEST_CASE("store: who deletes the file and ends the server is rid of it") {
  TwoUsers bench;
  bench.server->refresh("alice", *bench.server->user("alice").first_binding(), Millis(60'000), 5);
  REQUIRE(bench.files().remove(kPath) == 0);
  bench.restart();
  CHECK(bench.server->report.created);
  CHECK(bench.server->report.users == 0);
}
