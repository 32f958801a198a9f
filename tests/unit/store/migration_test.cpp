#include "store/database.h"
#include "store/migrations.h"
#include "store_bench.h"

using namespace tipring;
using namespace tipring::store;

TEST_CASE("migrations: what is done with a file follows from its version and ours" *
          doctest::description("DESIGN: user_version = major * 1000 + minor")) {
  struct Row {
    FileIdentity file;
    int32_t ours;
    MigrationStep step;
  };
  const Row rows[] = {
      {{0, 0, false}, 1000, MigrationStep::Create},
      {{0, 0, true}, 1000, MigrationStep::RefuseForeign},
      {{0, 7, false}, 1000, MigrationStep::RefuseForeign},
      {{0, 1000, true}, 1000, MigrationStep::RefuseForeign},
      {{12345, 1000, true}, 1000, MigrationStep::RefuseForeign},
      {{kApplicationId, 0, true}, 1000, MigrationStep::RefuseForeign},
      {{kApplicationId, 1000, true}, 1000, MigrationStep::Nothing},
      {{kApplicationId, 1000, true}, 1003, MigrationStep::AddMinor},
      {{kApplicationId, 1002, true}, 1003, MigrationStep::AddMinor},
      {{kApplicationId, 1005, true}, 1003, MigrationStep::Nothing},
      {{kApplicationId, 1999, true}, 1000, MigrationStep::Nothing},
      {{kApplicationId, 1999, true}, 2000, MigrationStep::CopyAndMove},
      {{kApplicationId, 1000, true}, 3001, MigrationStep::CopyAndMove},
      {{kApplicationId, 2000, true}, 1999, MigrationStep::RefuseNewer},
      {{kApplicationId, 3000, true}, 2005, MigrationStep::RefuseNewer},
  };
  for (const Row& row : rows) {
    CAPTURE(row.file.user_version);
    CAPTURE(row.ours);
    CHECK(decide_migration(row.file, row.ours) == row.step);
  }
}

namespace {

struct Opened {
  explicit Opened(port::SimHost& host) : database(host.files(), host.clock(), 32) {}
  bool open(std::span<const Migration> migrations) {
    return database.open("/test.db", migrations, report);
  }
  int64_t number(const char* sql) {
    int64_t value = -1;
    CHECK(database.connection().query(sql, value) == SQLITE_OK);
    return value;
  }
  Database database;
  StartReport report;
};

constexpr Migration kFirst = {1000, "CREATE TABLE t (a); INSERT INTO t VALUES (1), (2);"};
constexpr Migration kMinor = {1001, "ALTER TABLE t ADD COLUMN b DEFAULT 5;"};
constexpr Migration kMajor = {2000, "CREATE TABLE u AS SELECT a FROM t; DROP TABLE t;"};

}  // namespace

TEST_CASE("migrations: a minor one adds, and older programs still open the file") {
  port::SimWorld world(1);
  port::SimHost& host = world.make_host("h", {});
  const Migration first[] = {kFirst};
  const Migration both[] = {kFirst, kMinor};
  {
    Opened opened(host);
    REQUIRE(opened.open(first));
    CHECK(opened.report.created);
  }
  for (int i = 0; i < 2; ++i) {
    Opened opened(host);
    REQUIRE(opened.open(both));
    CHECK_FALSE(opened.report.created);
    CHECK(opened.report.copy.empty());
    CHECK(opened.number("PRAGMA user_version") == 1001);
    CHECK(opened.number("SELECT sum(b) FROM t") == 10);
  }
  Opened opened(host);
  CHECK(opened.open(first));
  CHECK(opened.number("PRAGMA user_version") == 1001);
}

TEST_CASE(
    "migrations: before a major one the file is copied, and the older program refuses the new") {
  port::SimWorld world(1);
  port::SimHost& host = world.make_host("h", {});
  const Migration old[] = {kFirst, kMinor};
  const Migration all[] = {kFirst, kMinor, kMajor};
  CHECK(Opened(host).open(old));
  {
    Opened opened(host);
    REQUIRE(opened.open(all));
    CHECK(opened.report.copy == "/test.db.schema-1001");
    CHECK(opened.number("SELECT count(*) FROM u") == 2);
  }
  {
    Opened opened(host);
    CHECK_FALSE(opened.open(old));
    CHECK(opened.report.status == StartStatus::NewerMajor);
    CHECK(opened.report.message.find("/test.db") != std::string::npos);
    CHECK(opened.report.message.find("newer version") != std::string::npos);
  }
  REQUIRE(host.files().rename("/test.db.schema-1001", "/test.db") == 0);
  host.files().remove("/test.db-wal");
  Opened opened(host);
  CHECK(opened.open(old));
  CHECK(opened.number("SELECT sum(b) FROM t") == 10);
}

TEST_CASE("migrations: a copy that was made before is not overwritten") {
  port::SimWorld world(1);
  port::SimHost& host = world.make_host("h", {});
  const Migration old[] = {kFirst};
  const Migration all[] = {kFirst, kMinor, kMajor};
  CHECK(Opened(host).open(old));
  int error = 0;
  const std::string precious = "the only copy of last year";
  REQUIRE(host.files()
              .open("/test.db.schema-1000", port::OpenMode::ReadWriteCreate, error)
              ->write_at(0, precious) == 0);
  Opened opened(host);
  REQUIRE(opened.open(all));
  CHECK(opened.report.copy == "/test.db.schema-1000.2");
  std::string found;
  CHECK(port::read_file(host.files(), "/test.db.schema-1000", 1000, found) == 0);
  CHECK(found == precious);
  port::FileInfo info;
  CHECK(host.files().info("/test.db.schema-1000.2.part", info) == ENOENT);
}

TEST_CASE("migrations: wherever the disk is full or the power fails, it begins anew later") {
  const Migration old[] = {kFirst, kMinor};
  const Migration all[] = {kFirst, kMinor, kMajor};
  const port::SimCrashKeeps keeps[] = {port::SimCrashKeeps::Nothing, port::SimCrashKeeps::Prefix,
                                       port::SimCrashKeeps::Any};
  int refused = 0;
  bool done = false;
  for (uint64_t room = 0; !done; room += 1500) {
    CAPTURE(room);
    REQUIRE(room < 1'000'000);
    port::SimWorld world(room + 1);
    port::SimHost& host = world.make_host("h", {});
    host.files().set_crash_keeps(keeps[room / 1500 % 3]);
    CHECK(Opened(host).open(old));
    host.files().faults().space_left = room;
    {
      Opened opened(host);
      done = opened.open(all);
      if (!done) {
        ++refused;
        CHECK(opened.report.status == StartStatus::DiskFull);
        CHECK_MESSAGE(opened.report.message.find("the disk is full") != std::string::npos,
                      opened.report.message);
      }
      host.crash();
    }
    host.restart();
    host.files().faults() = {};
    {
      // Who has not moved it finds what was there; a copy is whole or is not there.
      Opened opened(host);
      if (!done) {
        REQUIRE_MESSAGE(opened.open(old), opened.report.message);
        CHECK(opened.number("SELECT sum(b) FROM t") == 10);
      }
    }
    Opened opened(host);
    REQUIRE_MESSAGE(opened.open(all), opened.report.message);
    CHECK(opened.number("SELECT count(*) FROM u") == 2);
  }
  CHECK(refused > 10);
}

TEST_CASE("migrations: one that fails leaves the file as it was") {
  port::SimWorld world(1);
  port::SimHost& host = world.make_host("h", {});
  const Migration old[] = {kFirst};
  const Migration wrong[] = {kFirst, kMinor, {1002, "CREATE TABLE t (a);"}};
  CHECK(Opened(host).open(old));
  {
    Opened opened(host);
    CHECK_FALSE(opened.open(wrong));
    CHECK(opened.report.status == StartStatus::Corrupt);
    CHECK(opened.report.message.find("already exists") != std::string::npos);
  }
  Opened opened(host);
  REQUIRE(opened.open(old));
  CHECK(opened.number("PRAGMA user_version") == 1000);
  CHECK(opened.number("SELECT count(*) FROM pragma_table_info('t')") == 1);
}

TEST_CASE("database: a file that cannot be used is explained" *
          doctest::description("R9.5; DESIGN: every refusal explains itself")) {
  port::SimWorld world(1);
  port::SimHost& host = world.make_host("h", {});
  port::SimFiles& files = host.files();
  const Migration first[] = {kFirst};
  const auto refused = [&](std::string_view part, StartStatus status, std::string_view path) {
    CAPTURE(part);
    Database database(files, host.clock(), 32);
    StartReport report;
    CHECK_FALSE(database.open(std::string(path), first, report));
    CHECK(report.status == status);
    CHECK_MESSAGE(report.message.find(part) != std::string::npos, report.message);
    CHECK(report.message.find(path) != std::string::npos);
  };
  refused("there is no folder /none", StartStatus::CannotOpen, "/none/test.db");
  REQUIRE(files.make_directory("/folder") == 0);
  refused("it is a folder", StartStatus::CannotOpen, "/folder");
  files.faults().open_error = EACCES;
  refused("permission denied", StartStatus::CannotOpen, "/test.db");
  files.faults() = {};
  files.faults().read_only = true;
  refused("read-only", StartStatus::ReadOnly, "/test.db");
  files.faults() = {};
  files.faults().space_left = 100;
  refused("the disk is full", StartStatus::DiskFull, "/full.db");
  files.faults() = {};
  files.faults().write_error = EIO;
  refused("Check the disk", StartStatus::Io, "/broken.db");
  files.faults() = {};

  int error = 0;
  const std::string text(5000, 'x');
  REQUIRE(files.open("/text", port::OpenMode::ReadWriteCreate, error)->write_at(0, text) == 0);
  refused("is not a SQLite database", StartStatus::NotADatabase, "/text");
}

TEST_CASE("database: another program's database is not touched") {
  port::SimWorld world(1);
  port::SimHost& host = world.make_host("h", {});
  const Migration foreign[] = {{1000, "CREATE TABLE theirs (a);"}};
  {
    Opened opened(host);
    REQUIRE(opened.open(foreign));
    REQUIRE(opened.database.connection().execute("PRAGMA application_id = 77") == SQLITE_OK);
  }
  Opened opened(host);
  CHECK_FALSE(opened.open(foreign));
  CHECK(opened.report.status == StartStatus::NotADatabase);
  CHECK(opened.report.message.find("another program") != std::string::npos);
}

TEST_CASE("database: a damaged file is explained at start") {
  SimBench bench;
  for (int i = 0; i < 40; ++i) bench.make_user("user" + std::to_string(i));
  bench.server.reset();
  port::FileInfo info;
  REQUIRE(bench.host.files().info("/data/tipring.db", info) == 0);
  REQUIRE(info.size > 3 * 4096);
  int error = 0;
  auto file = bench.host.files().open("/data/tipring.db", port::OpenMode::ReadWriteCreate, error);
  REQUIRE(file != nullptr);
  // Every page but the first, which holds the schema.
  for (uint64_t at = 4096; at < info.size; at += 64) {
    REQUIRE(file->write_at(at, std::string(64, '\xa5')) == 0);
  }
  bench.start();
  CHECK(bench.server->report.status == StartStatus::Corrupt);
  CHECK(bench.server->report.message.find("is damaged") != std::string::npos);
}
