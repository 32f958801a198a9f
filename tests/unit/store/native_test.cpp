#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "linux_bench.h"
#include "store/offline_store.h"
#include "store/sqlite.h"

using namespace tipring;
using namespace tipring::store;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
}

// What a child says through a pipe before it is killed: one 8-byte number for each answer.
std::vector<uint64_t> listen_and_kill(int fd, pid_t child, size_t answers) {
  std::vector<uint64_t> heard;
  uint64_t number = 0;
  while (heard.size() < answers && ::read(fd, &number, sizeof number) == sizeof number) {
    heard.push_back(number);
  }
  ::kill(child, SIGKILL);
  while (::read(fd, &number, sizeof number) == sizeof number) heard.push_back(number);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status));
  return heard;
}

// Registers without end, and says each answer.
[[noreturn]] void register_until_killed(const std::string& path, int fd) {
  LinuxBench bench(path);
  for (uint64_t i = 0;; ++i) {
    const std::string contact = "sip:" + std::to_string(i) + "@192.0.2.7";
    Server& server = *bench.server;
    BindingUpdate& update = server.begin("alice");
    if (Binding* old = server.user("alice").first_binding()) update.remove(*old);
    REQUIRE(update.add(server.fields(contact)));
    server.commit(update, i);
    if (bench.wait(i) != StoreStatus::Durable) ::_exit(1);
    if (::write(fd, &i, sizeof i) != sizeof i) ::_exit(1);
  }
}

}  // namespace

TEST_CASE("store: the file is made at start, for our user alone, and can be read meanwhile" *
          doctest::description("R9.1: delete file, start, sqlite3 .schema")) {
  const TempFolder folder;
  const std::string path = folder.file("tipring.db");
  LinuxBench bench(path);
  REQUIRE_MESSAGE(bench.server->report.ready(), bench.server->report.message);
  CHECK(bench.server->report.created);
  bench.make_user("alice");
  CHECK(mode_of(path) == 0600);
  CHECK(mode_of(path + "-wal") == 0600);
  CHECK(mode_of(path + "-shm") == 0600);
  Connection reader;
  REQUIRE(reader.open(path, "") == SQLITE_OK);
  std::string schema;
  CHECK(reader.query("SELECT group_concat(sql, ';') FROM sqlite_master", schema) == SQLITE_OK);
  for (const char* table : {"users", "credentials", "bindings", "meta"}) {
    CHECK(schema.find(std::string("CREATE TABLE ") + table) != std::string::npos);
  }
  int64_t version = 0;
  CHECK(reader.query("PRAGMA user_version", version) == SQLITE_OK);
  CHECK(version == 1005);
  int64_t users = 0;
  CHECK(reader.query("SELECT count(*) FROM users WHERE name = 'alice'", users) == SQLITE_OK);
  CHECK(users == 1);
}

TEST_CASE("store: kill -9 at any moment leaves every answered registration" *
          doctest::description("R9.2, R9.3")) {
  for (const size_t answers : {1U, 7U, 40U, 150U}) {
    CAPTURE(answers);
    const TempFolder folder;
    const std::string path = folder.file("tipring.db");
    {
      LinuxBench bench(path);
      bench.make_user("alice");
    }
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) register_until_killed(path, ends[1]);
    ::close(ends[1]);
    const std::vector<uint64_t> heard = listen_and_kill(ends[0], child, answers);
    ::close(ends[0]);
    REQUIRE(heard.size() >= answers);

    LinuxBench bench(path);
    REQUIRE(bench.server->report.ready());
    const Contacts found = bench.server->contacts("alice");
    REQUIRE(found.size() == 1);
    const uint64_t number = std::strtoull(found.front().c_str() + 4, nullptr, 10);
    CHECK(number >= heard.back());
    CHECK(number <= heard.back() + 1);
  }
}

TEST_CASE("store: a file that another process has locked fails writes, until it lets go" *
          doctest::description("R9.5: locked")) {
  const TempFolder folder;
  const std::string path = folder.file("tipring.db");
  LinuxBench bench(path);
  bench.make_user("alice");
  Connection other;
  REQUIRE(other.open(path, "") == SQLITE_OK);
  REQUIRE(other.execute("BEGIN IMMEDIATE") == SQLITE_OK);
  bench.server->add("alice", "sip:alice@192.0.2.7", 1);
  CHECK(bench.wait(1) == StoreStatus::Locked);
  CHECK(bench.server->contacts("alice").empty());
  CHECK(bench.server->logged("store_failed") == 1);
  REQUIRE(other.execute("ROLLBACK") == SQLITE_OK);
  bench.server->add("alice", "sip:alice@192.0.2.7", 2);
  CHECK(bench.wait(2) == StoreStatus::Durable);
  CHECK(bench.server->logged("store_recovered") == 1);
}

TEST_CASE("store: a file that is locked at start is refused in words") {
  const TempFolder folder;
  const std::string path = folder.file("tipring.db");
  { LinuxBench bench(path); }
  Connection other;
  REQUIRE(other.open(path, "") == SQLITE_OK);
  REQUIRE(other.execute("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE") == SQLITE_OK);
  const port::LinuxClock clock;
  port::LinuxFiles files;
  OfflineStore offline(files, clock, path, "example");
  const StartReport report = offline.open();
  CHECK(report.status == StartStatus::Locked);
  CHECK(report.message.find("locked by another process") != std::string::npos);
  CHECK(report.message.find(path) != std::string::npos);
}

TEST_CASE("store: a second server is kept from a file that one has" *
          doctest::description("R9.5: locked")) {
  const TempFolder folder;
  const std::string path = folder.file("tipring.db");
  LinuxBench first(path);
  first.make_user("alice");
  {
    LinuxBench second(path);
    CHECK(second.server->report.status == StartStatus::Locked);
    CHECK(second.server->report.message.find(path + " is used by another server") == 0);
  }
  first.server->add("alice", "sip:alice@192.0.2.7", 1);
  CHECK(first.wait(1) == StoreStatus::Durable);
  first.server.reset();
  LinuxBench third(path);
  CHECK(third.server->report.ready());
  CHECK(third.server->contacts("alice").size() == 1);
}

TEST_CASE("offline store: while a server has the file it is kept out, as it keeps out others") {
  const TempFolder folder;
  const std::string path = folder.file("tipring.db");
  const port::LinuxClock clock;
  port::LinuxFiles files;
  LinuxBench bench(path);
  REQUIRE(bench.server->report.ready());
  {
    OfflineStore offline(files, clock, path, "example");
    CHECK(offline.open().status == StartStatus::Locked);
    bench.make_user("alice");  // the server is not disturbed
  }
  bench.server.reset();
  OfflineStore offline(files, clock, path, "example");
  const StartReport report = offline.open();
  REQUIRE_MESSAGE(report.ready(), report.message);
  CHECK(offline.list_users()->size() == 1);
  OfflineStore second(files, clock, path, "example");
  CHECK(second.open().status == StartStatus::Locked);
  REQUIRE(offline.put_user({"", "bob", "", "", "", 0}, nullptr, PutMode::Create));
}

TEST_CASE("store: a row changed behind our back fails its own update, not its neighbours") {
  const TempFolder folder;
  const std::string path = folder.file("tipring.db");
  Server::Settings settings;
  LinuxBench bench(path, settings);
  bench.make_user("alice");
  bench.make_user("bob");
  Connection other;
  REQUIRE(other.open(path, "") == SQLITE_OK);
  REQUIRE(other.execute("PRAGMA foreign_keys = ON; DELETE FROM users WHERE name = 'alice'") ==
          SQLITE_OK);
  bench.server->add("alice", "sip:alice@192.0.2.7", 1);
  bench.server->add("bob", "sip:bob@192.0.2.8", 2);
  CHECK(bench.wait(1) == StoreStatus::Rejected);
  CHECK(bench.wait(2) == StoreStatus::Durable);
}

TEST_CASE("store: a folder without permission is refused in words" *
          doctest::skip(::geteuid() == 0)) {  // root may write everywhere
  const TempFolder folder;
  REQUIRE(::chmod(folder.file("").c_str(), 0500) == 0);
  const port::LinuxClock clock;
  port::LinuxFiles files;
  OfflineStore offline(files, clock, folder.file("tipring.db"), "example");
  CHECK(offline.open().message.find("permission denied") != std::string::npos);
}
