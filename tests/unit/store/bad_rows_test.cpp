// Files that somebody edited by hand, or that rotted without SQLite noticing.
#include "linux_bench.h"
#include "store/sqlite.h"

using namespace tipring;
using namespace tipring::store;

namespace {

struct Row {
  const char* sql;
  const char* first_skipped;  // empty when all rows are good
  uint32_t users;
  uint32_t bindings;
};

// The file holds the users alice (1) and bob (2), with one binding each in the slots 0 and 1.
constexpr Row kRows[] = {
    {"", "", 2, 2},
    {"UPDATE bindings SET transport = 255 WHERE slot = 0", "bindings 0: transport", 2, 1},
    {"UPDATE bindings SET transport = 6 WHERE slot = 1", "bindings 1: transport", 2, 1},
    {"UPDATE bindings SET transport = -1", "bindings 0: transport", 2, 0},
    {"UPDATE bindings SET transport = 'udp'", "bindings 0: transport", 2, 0},
    {"UPDATE bindings SET transport = 4294967296", "bindings 0: transport", 2, 0},
    {"UPDATE bindings SET listener = 256", "bindings 0: listener", 2, 0},
    {"UPDATE bindings SET listener = 255", "", 2, 2},
    {"UPDATE bindings SET listener = x'00'", "bindings 0: listener", 2, 0},
    {"UPDATE bindings SET contact = ''", "bindings 0: contact", 2, 0},
    {"UPDATE bindings SET contact = x'00ff80'", "bindings 0: contact", 2, 0},
    {"UPDATE bindings SET contact = 'sip:a@b' || char(13, 10) || 'X: y'", "bindings 0: contact", 2,
     0},
    {"UPDATE bindings SET contact = 'sip:a@b' || char(0)", "bindings 0: contact", 2, 0},
    {"UPDATE bindings SET contact = 17", "bindings 0: contact", 2, 0},
    {"UPDATE bindings SET contact = 'mailto:a@b'", "", 2, 2},
    {"UPDATE bindings SET contact = 'mailto:a>b'", "bindings 0: contact", 2, 0},
    {"UPDATE bindings SET display_name = '\"a\"'", "", 2, 2},
    {"UPDATE bindings SET display_name = 'a\"'", "bindings 0: display_name", 2, 0},
    {"UPDATE bindings SET display_name = 'a <sip:b>'", "bindings 0: display_name", 2, 0},
    {"UPDATE bindings SET display_name = 'a,'", "bindings 0: display_name", 2, 0},
    {"UPDATE bindings SET display_name = 'a' || char(13, 10)", "bindings 0: display_name", 2, 0},
    {"UPDATE bindings SET params = char(10)", "bindings 0: params", 2, 0},
    {"UPDATE bindings SET path = '<sip:p;lr>' || char(13, 10)", "bindings 0: path", 2, 0},
    {"UPDATE bindings SET call_id = ''", "bindings 0: call_id", 2, 0},
    {"UPDATE bindings SET contact = 'sip:' || printf('%.9000c', 'a') || '@b'",
     "bindings 0: its texts are too long", 2, 0},
    {"UPDATE bindings SET user_agent = printf('%.100000c', 'a')",
     "bindings 0: its texts are too long", 2, 0},
    {"UPDATE bindings SET cseq = -1", "bindings 0: cseq", 2, 0},
    {"UPDATE bindings SET cseq = 4294967296", "bindings 0: cseq", 2, 0},
    {"UPDATE bindings SET cseq = 1.5", "bindings 0: cseq", 2, 0},
    {"UPDATE bindings SET q = 1001", "bindings 0: q", 2, 0},
    {"UPDATE bindings SET reg_id = -5", "bindings 0: reg_id", 2, 0},
    {"UPDATE bindings SET methods = 'all'", "bindings 0: methods", 2, 0},
    {"UPDATE bindings SET expires_at = 9223372036854775807", "bindings 0: expires_at", 2, 0},
    {"UPDATE bindings SET expires_at = -9223372036854775807", "bindings 0: expires_at", 2, 0},
    {"UPDATE bindings SET expires_at = 1e300", "bindings 0: expires_at", 2, 0},
    {"UPDATE bindings SET interval_ms = 9223372036854775807", "bindings 0: interval_ms", 2, 0},
    {"UPDATE bindings SET interval_ms = -1", "bindings 0: interval_ms", 2, 0},
    {"UPDATE bindings SET received = 'here'", "bindings 0: received", 2, 0},
    {"UPDATE bindings SET received = '192.0.2.7:'", "bindings 0: received", 2, 0},
    {"UPDATE bindings SET received = '192.0.2.7:0'", "", 2, 2},  // registered by a third party
    {"UPDATE bindings SET local = '192.0.2.1:0'", "bindings 0: local", 2, 0},
    {"UPDATE bindings SET received = '192.0.2.7:99999'", "bindings 0: received", 2, 0},
    {"UPDATE bindings SET received = '[2001:db8::7]:5060'", "", 2, 2},
    {"UPDATE bindings SET local = ''", "bindings 0: local", 2, 0},
    {"PRAGMA foreign_keys = OFF; UPDATE bindings SET user_id = 77", "bindings 0: user_id", 2, 0},
    {"PRAGMA foreign_keys = OFF; DELETE FROM users WHERE id = 1", "bindings 0: user_id", 1, 1},
    {"UPDATE bindings SET slot = -9 WHERE slot = 0", "", 2, 2},
    {"UPDATE bindings SET slot = 9223372036854775807 WHERE slot = 0", "", 2, 2},
    {"UPDATE users SET name = x'ff41' WHERE id = 1", "users 1: name", 1, 1},
    {"UPDATE users SET name = 'a' || char(10) WHERE id = 1", "users 1: name", 1, 1},
    {"UPDATE users SET name = 'a' || char(0) || 'b' WHERE id = 1", "users 1: name", 1, 1},
    {"UPDATE users SET name = printf('%.9000c', 'a') WHERE id = 1", "users 1: name", 1, 1},
    {"UPDATE users SET domain = 'UPPER' WHERE id = 1", "users 1: name", 1, 1},
    {"UPDATE users SET display_name = x'c328' WHERE id = 1", "users 1: display_name", 1, 1},
    {"UPDATE users SET aliases = char(10, 10) WHERE id = 1", "users 1: name", 1, 1},
    {"UPDATE users SET algorithms = 259 WHERE id = 1", "users 1: algorithms", 1, 1},
    {"UPDATE users SET algorithms = 'MD5' WHERE id = 1", "users 1: algorithms", 1, 1},
    {"UPDATE users SET session_timer = 2 WHERE id = 1", "users 1: session_timer", 1, 1},
    {"UPDATE users SET auth_name = '' WHERE id = 1", "", 2, 2},
    {"UPDATE users SET id = -1 WHERE id = 1", "bindings 0: user_id", 2, 1},
    {"UPDATE users SET auth_name = '' WHERE id = 2; UPDATE users SET auth_name = 'bob' WHERE id = "
     "1",
     "users 2: auth_name", 1, 1},
    {"UPDATE credentials SET ha1 = x'00'", "", 2, 2},
    {"UPDATE credentials SET ha1 = 'sixteen letters.', algorithm = 'MD5' WHERE algorithm = 'MD5'",
     "", 2, 2},
    {"UPDATE meta SET value = 9223372036854775807", "meta 1: last_written", 2, 2},
    {"UPDATE meta SET value = 'yesterday'", "", 2, 2},
    {"UPDATE meta SET value = -5", "meta 1: last_written", 2, 2},
    {"DELETE FROM meta", "", 2, 2},
};

void fill(const std::string& path) {
  LinuxBench bench(path);
  bench.make_user("alice");
  bench.make_user("bob");
  bench.server->add("alice", "sip:alice@192.0.2.7", 1);
  bench.server->add("bob", "sip:bob@192.0.2.8", 2);
  REQUIRE(bench.wait(1) == StoreStatus::Durable);
  REQUIRE(bench.wait(2) == StoreStatus::Durable);
}

}  // namespace

TEST_CASE("store: a row that cannot be used is skipped by its name, the others are loaded" *
          doctest::description("R9.5; SPEC 1.7 Appliance")) {
  const TempFolder folder;
  fill(folder.file("good.db"));
  for (const Row& row : kRows) {
    CAPTURE(row.sql);
    const std::string path = folder.file("edited.db");
    std::filesystem::copy_file(folder.file("good.db"), path,
                               std::filesystem::copy_options::overwrite_existing);
    {
      Connection editor;
      REQUIRE(editor.open(path, "") == SQLITE_OK);
      REQUIRE_MESSAGE(editor.execute(row.sql) == SQLITE_OK, editor.error_text());
    }
    LinuxBench bench(path);
    const StartReport& report = bench.server->report;
    REQUIRE_MESSAGE(report.ready(), report.message);
    CHECK(report.first_skipped == row.first_skipped);
    CHECK(report.users == row.users);
    CHECK(report.bindings == row.bindings);
    CHECK(bench.server->logged("store_rows_skipped") == (*row.first_skipped != '\0' ? 1 : 0));
    // It goes on from there.
    bench.make_user("carol");
    bench.server->add("carol", "sip:carol@192.0.2.9", 9);
    CHECK(bench.wait(9) == StoreStatus::Durable);
  }
}

TEST_CASE("store: tables made anew without their constraints do not confuse it" *
          doctest::description("R9.5")) {
  const TempFolder folder;
  const std::string path = folder.file("tipring.db");
  fill(path);
  {
    Connection editor;
    REQUIRE(editor.open(path, "") == SQLITE_OK);
    // Without NOT NULL and UNIQUE: two of each user, and rows of nothing but NULL.
    REQUIRE(editor.execute(
                "CREATE TABLE u (id INTEGER PRIMARY KEY, domain, name, auth_name, display_name,"
                " aliases, algorithms, session_timer);"
                "INSERT INTO u SELECT * FROM users;"
                "INSERT INTO u SELECT id + 10, domain, name, auth_name, display_name, aliases,"
                " algorithms, session_timer FROM users;"
                "INSERT INTO u (id) VALUES (99);"
                "DROP TABLE users; ALTER TABLE u RENAME TO users;"
                "CREATE TABLE b AS SELECT * FROM bindings;"
                "INSERT INTO b (slot) VALUES (7), (8);"
                "INSERT INTO b SELECT * FROM bindings WHERE slot = 1;"
                "DROP TABLE bindings; ALTER TABLE b RENAME TO bindings;") == SQLITE_OK);
  }
  LinuxBench bench(path);
  CHECK(bench.server->report.users <= 2);
  CHECK(bench.server->report.bindings <= 2);
}

TEST_CASE("store: a file without one of its tables is refused in words" *
          doctest::description("R9.5")) {
  for (const char* table : {"users", "credentials", "bindings", "meta"}) {
    CAPTURE(table);
    const TempFolder folder;
    const std::string path = folder.file("tipring.db");
    fill(path);
    {
      Connection editor;
      REQUIRE(editor.open(path, "") == SQLITE_OK);
      REQUIRE(editor.execute((std::string("DROP TABLE ") + table).c_str()) == SQLITE_OK);
    }
    LinuxBench bench(path);
    const StartReport& report = bench.server->report;
    CHECK(report.status == StartStatus::Corrupt);
    CHECK_MESSAGE(report.message.find("no such table") != std::string::npos, report.message);
    CHECK(report.message.find("Restore it from a backup") != std::string::npos);
  }
}
