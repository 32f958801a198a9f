#include "store/admin_rows.h"

#include <doctest/doctest.h>

#include <string>

#include "store/migrations.h"
#include "store/sqlite.h"

using namespace tipring::store;

namespace {

struct Database {
  Database() {
    REQUIRE(connection.open(":memory:", "") == SQLITE_OK);
    for (const Migration& migration : migrations())
      REQUIRE(connection.execute(std::string(migration.sql).c_str()) == SQLITE_OK);
  }
  Connection connection;
};

}  // namespace

TEST_CASE("admin rows: accounts come back as they were put, and change by their name") {
  Database database;
  AdminAccountRow row{"anna", 2, {1, 2, 3}, 100'000, {9, 8}, 1700};
  REQUIRE(put_admin_account(database.connection, row) == SQLITE_OK);
  row.role = 1;
  row.hash = {7};
  REQUIRE(put_admin_account(database.connection, row) == SQLITE_OK);
  REQUIRE(put_admin_account(database.connection, {"a'b", 1, {}, 1, {}, 1}) == SQLITE_OK);
  std::vector<AdminAccountRow> rows;
  REQUIRE(load_admin_accounts(database.connection, 10, rows) == SQLITE_OK);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].name == "a'b");
  CHECK(rows[1].name == "anna");
  CHECK(rows[1].role == 1);
  CHECK(rows[1].salt == row.salt);
  CHECK(rows[1].hash == row.hash);
  CHECK(rows[1].rounds == 100'000);
  CHECK(rows[1].created_ms == 1700);
  REQUIRE(remove_admin_account(database.connection, "anna") == SQLITE_OK);
  rows.clear();
  REQUIRE(load_admin_accounts(database.connection, 10, rows) == SQLITE_OK);
  CHECK(rows.size() == 1);
}

TEST_CASE("admin rows: tokens are listed, a name is given once") {
  Database database;
  const AdminTokenRow row{"backup", 1, 5, {1}, 1, 2};
  REQUIRE(put_admin_token(database.connection, row) == SQLITE_OK);
  CHECK(put_admin_token(database.connection, row) != SQLITE_OK);
  std::vector<AdminTokenRow> rows;
  REQUIRE(load_admin_tokens(database.connection, 10, rows) == SQLITE_OK);
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].scopes == 5);
  CHECK(rows[0].expires_ms == 2);
  REQUIRE(remove_admin_token(database.connection, "backup") == SQLITE_OK);
  rows.clear();
  REQUIRE(load_admin_tokens(database.connection, 10, rows) == SQLITE_OK);
  CHECK(rows.empty());
}

TEST_CASE("admin rows: the audit log gives the newest first, page by page, and keeps so many") {
  Database database;
  REQUIRE(database.connection.execute("BEGIN") == SQLITE_OK);
  const int64_t count = kAuditRowsMax + 10;
  for (int64_t i = 1; i <= count; ++i)
    REQUIRE(add_audit(database.connection, {0, i, "anna", "local", "x", 200}) == SQLITE_OK);
  REQUIRE(database.connection.execute("COMMIT") == SQLITE_OK);
  std::vector<AuditRow> rows;
  REQUIRE(list_audit(database.connection, 0, 3, rows) == SQLITE_OK);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].at_ms == count);
  CHECK(rows[2].at_ms == count - 2);
  const int64_t before = rows[2].id;
  rows.clear();
  REQUIRE(list_audit(database.connection, before, 10'000, rows) == SQLITE_OK);
  CHECK(rows[0].at_ms == count - 3);
  CHECK(rows.size() == kAuditRowsMax - 3);
}

TEST_CASE("admin rows: strangers who try to sign in push no change out of the audit log") {
  Database database;
  REQUIRE(database.connection.execute("BEGIN") == SQLITE_OK);
  REQUIRE(add_audit(database.connection, {0, 1, "anna", "local", "x", 200}) == SQLITE_OK);
  const int64_t tries = kAuditRowsMax + 10;
  for (int64_t i = 2; i <= tries; ++i)
    REQUIRE(add_audit(database.connection, {0, i, "guess", "local", "x", 401}) == SQLITE_OK);
  REQUIRE(database.connection.execute("COMMIT") == SQLITE_OK);
  std::vector<AuditRow> rows;
  REQUIRE(list_audit(database.connection, 0, 10'000, rows) == SQLITE_OK);
  CHECK(rows.size() == kAuditRefusedMax + 1);
  CHECK(rows.front().at_ms == tries);
  CHECK(rows.back().who == "anna");
}
