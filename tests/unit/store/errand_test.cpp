// The admin thread's work on the file, in virtual time: this test is the admin thread.
#include "store/errands.h"
#include "store/sqlite.h"
#include "store_bench.h"

using namespace tipring;
using namespace tipring::store;

namespace {

constexpr const char* kPath = "/data/tipring.db";
constexpr const char* kLog = "/data/tipring.db-wal";

struct Count {
  int64_t value = 0;
};

struct ErrandBench : SimBench {
  explicit ErrandBench(const Server::Settings& with = {}) : SimBench(with) {
    make_user("alice");
    server->store().errands().set_notify(&notify);
  }
  Errands& errands() { return server->store().errands(); }

  // Runs the statement; what it came to is in `told`, in order.
  bool hand_over(Errand::Kind kind, std::string sql) {
    return errands().hand_over(make_errand<Count>(
        kind,
        [sql = std::move(sql)](Connection& database, Count& count) {
          return database.query(sql.c_str(), count.value);
        },
        [this](StoreStatus status, Count& count) {
          told.push_back(status);
          found.push_back(count.value);
        }));
  }
  StoreStatus run(Errand::Kind kind, const std::string& sql) {
    const size_t before = told.size();
    REQUIRE(hand_over(kind, sql));
    CHECK(told.size() == before);  // never before poll()
    run_until([&] { return errands().poll() && told.size() > before; });
    REQUIRE(told.size() == before + 1);
    return told.back();
  }
  StoreStatus read(const std::string& sql) { return run(Errand::Kind::Read, sql); }
  StoreStatus write(const std::string& sql) { return run(Errand::Kind::Write, sql); }

  int notified = 0;
  std::function<void()> notify = [this] { ++notified; };
  std::vector<StoreStatus> told;
  std::vector<int64_t> found;
};

// Holds a statement across its steps, as a backup does.
struct Stepwise final : Errand {
  struct Seen {
    int runs = 0;
    int let_go = 0;
    std::optional<StoreStatus> told;
  };
  Stepwise(Seen& to_tell, int steps) : Errand(Kind::Read), seen(to_tell), left(steps) {}
  Step run(Connection& database) override {
    ++seen.runs;
    if (!open) {
      CHECK(held.prepare(database.get(), "SELECT name FROM users") == SQLITE_OK);
      open = true;
    }
    const int code = held.step();
    held.reset();
    return {code, --left > 0};
  }
  void let_go() override {
    ++seen.let_go;
    held.finalize();
    open = false;
  }
  void on_done(StoreStatus status) override { seen.told = status; }

  Seen& seen;
  int left;
  Statement held;
  bool open = false;
};

const char* const kMakeTable = "CREATE TABLE extra (id INTEGER PRIMARY KEY, word TEXT NOT NULL)";

}  // namespace

TEST_CASE("errands: one reads what was committed, and is told at the next poll") {
  ErrandBench bench;
  CHECK(bench.read("SELECT count(*) FROM users WHERE name = 'alice'") == StoreStatus::Durable);
  CHECK(bench.found.back() == 1);
  CHECK(bench.notified == 1);
  CHECK_FALSE(bench.errands().poll());
}

TEST_CASE("errands: what one has written is there after a power cut") {
  ErrandBench bench;
  REQUIRE(bench.write(kMakeTable) == StoreStatus::Durable);
  REQUIRE(bench.write("INSERT INTO extra (word) VALUES ('kept')") == StoreStatus::Durable);
  bench.crash();
  bench.told.clear();
  CHECK(bench.read("SELECT count(*) FROM extra WHERE word = 'kept'") == StoreStatus::Durable);
  CHECK(bench.found.back() == 1);
}

TEST_CASE("errands: one that fails leaves nothing behind, and says why") {
  ErrandBench bench;
  REQUIRE(bench.write(kMakeTable) == StoreStatus::Durable);
  std::optional<StoreStatus> told;
  REQUIRE(bench.errands().hand_over(make_errand<Count>(
      Errand::Kind::Write,
      [](Connection& database, Count&) {
        const int code = database.execute("INSERT INTO extra (word) VALUES ('half')");
        return code != SQLITE_OK ? code
                                 : database.execute("INSERT INTO extra (word) VALUES (NULL)");
      },
      [&](StoreStatus status, Count&) { told = status; })));
  bench.run_until([&] { return bench.errands().poll(); });
  CHECK(told == StoreStatus::Rejected);
  CHECK(bench.read("SELECT count(*) FROM extra") == StoreStatus::Durable);
  CHECK(bench.found.back() == 0);
}

TEST_CASE("errands: faults of the disk are told, and gone when it is well again") {
  ErrandBench bench;
  REQUIRE(bench.write(kMakeTable) == StoreStatus::Durable);
  port::SimFileFaults& faults = bench.host.files().faults();
  faults.write_error = ENOSPC;
  CHECK(bench.write("INSERT INTO extra (word) VALUES ('a')") == StoreStatus::DiskFull);
  CHECK(bench.read("SELECT count(*) FROM extra") == StoreStatus::Durable);
  faults.write_error = 0;
  faults.sync_error = EIO;
  CHECK(bench.write("INSERT INTO extra (word) VALUES ('a')") == StoreStatus::Io);
  faults.sync_error = 0;
  CHECK(bench.write("INSERT INTO extra (word) VALUES ('a')") == StoreStatus::Durable);
}

TEST_CASE("errands: a file that another took the place of is left alone") {
  ErrandBench bench;
  REQUIRE(bench.host.files().rename(kPath, "/data/moved.db") == 0);
  int error = 0;
  REQUIRE(bench.host.files().open(kPath, port::OpenMode::CreateNew, error) != nullptr);
  CHECK(bench.read("SELECT count(*) FROM users") == StoreStatus::Replaced);
}

TEST_CASE("errands: as many wait as may, and the next is refused") {
  ErrandBench bench;
  for (size_t i = 0; i < Errands::kMax; ++i) {
    REQUIRE(bench.hand_over(Errand::Kind::Read, "SELECT count(*) FROM users"));
  }
  CHECK_FALSE(bench.hand_over(Errand::Kind::Read, "SELECT count(*) FROM users"));
  bench.run_until([&] { return bench.errands().poll() && bench.told.size() == Errands::kMax; });
  CHECK(bench.told.size() == Errands::kMax);
  CHECK(bench.hand_over(Errand::Kind::Read, "SELECT count(*) FROM users"));
}

TEST_CASE("errands: a registration waits for one of them at most") {
  Server::Settings settings;
  settings.options.commit_window = Millis(0);
  ErrandBench bench(settings);
  REQUIRE(bench.write(kMakeTable) == StoreStatus::Durable);
  bench.told.clear();
  bench.host.files().faults().sync_latency = Millis(20);
  for (int i = 0; i < 10; ++i) {
    REQUIRE(bench.hand_over(Errand::Kind::Write, "INSERT INTO extra (word) VALUES ('x')"));
  }
  bench.server->add("alice", "sip:alice@192.0.2.7", 1);
  bench.server->turn();
  size_t told_before = 99;
  bench.run_until([&] {
    bench.errands().poll();
    if (bench.server->answers[1] && told_before == 99) told_before = bench.told.size();
    return bench.told.size() == 10;
  });
  CHECK(bench.server->answers[1] == StoreStatus::Durable);
  CHECK(told_before <= 1);
}

TEST_CASE("errands: one in steps lets others go between") {
  Stepwise::Seen seen;  // outlives the bench, whose end may run the errand once more
  ErrandBench bench;
  REQUIRE(bench.errands().hand_over(std::make_unique<Stepwise>(seen, 3)));
  REQUIRE(bench.hand_over(Errand::Kind::Read, "SELECT count(*) FROM users"));
  int runs_before_other = 0;
  bench.run_until([&] {
    bench.errands().poll();
    if (bench.told.empty()) runs_before_other = seen.runs;
    return seen.told.has_value();
  });
  CHECK(seen.told == StoreStatus::Durable);
  CHECK(seen.runs == 3);
  CHECK(seen.let_go == 0);
  CHECK(runs_before_other <= 1);
}

TEST_CASE("errands: one in steps lets go of a file that is opened anew, and goes on") {
  Stepwise::Seen seen;  // outlives the bench, whose end may run the errand once more
  ErrandBench bench;
  bench.host.workers().set_latency(Millis(5), Millis(5));
  REQUIRE(bench.errands().hand_over(std::make_unique<Stepwise>(seen, 1'000'000)));
  bench.run_until([&] { return seen.runs > 2; });
  REQUIRE(bench.host.files().remove(kLog) == 0);
  bench.run_until([&] { return seen.let_go > 0; });
  CHECK(seen.let_go == 1);
  const int runs = seen.runs;
  bench.run_until([&] { return seen.runs > runs + 1; });
  CHECK(seen.runs > runs + 1);
  CHECK_FALSE(seen.told.has_value());
}

TEST_CASE("errands: what waits at the end is written, and nobody is told") {
  Stepwise::Seen seen;  // outlives the bench, whose end may run the errand once more
  ErrandBench bench;
  REQUIRE(bench.write(kMakeTable) == StoreStatus::Durable);
  bench.told.clear();
  for (int i = 0; i < 5; ++i) {
    REQUIRE(bench.hand_over(Errand::Kind::Write, "INSERT INTO extra (word) VALUES ('x')"));
  }
  REQUIRE(bench.errands().hand_over(std::make_unique<Stepwise>(seen, 1000)));
  bench.restart();
  CHECK(bench.told.empty());
  CHECK(seen.runs == 1);
  CHECK(seen.let_go == 1);
  CHECK_FALSE(seen.told.has_value());
  CHECK(bench.read("SELECT count(*) FROM extra") == StoreStatus::Durable);
  CHECK(bench.found.back() == 5);
}

TEST_CASE("errands: one that wants more memory than SQLite has fails alone") {
  ErrandBench bench;
  const std::string greedy =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
      " SELECT length(group_concat(hex(zeroblob(20000)), '')) FROM n";
  CHECK(bench.read(greedy) == StoreStatus::NoMemory);
  CHECK(bench.read("SELECT count(*) FROM users") == StoreStatus::Durable);
  bench.make_binding("alice", "sip:alice@192.0.2.7");
}

TEST_CASE("errands: none is taken when the file could not be opened") {
  Server::Settings settings;
  settings.options.path = "/nowhere/tipring.db";
  SimBench bench(settings);
  REQUIRE_FALSE(bench.server->report.ready());
  CHECK_FALSE(bench.server->store().errands().hand_over(make_errand<Count>(
      Errand::Kind::Read, [](Connection&, Count&) { return SQLITE_OK; },
      [](StoreStatus, Count&) {})));
}
