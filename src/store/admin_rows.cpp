#include "store/admin_rows.h"

#include <algorithm>

#include "store/sqlite.h"

namespace tipring::store {

namespace {

template <size_t Size>
bool take(std::span<const uint8_t> blob, std::array<uint8_t, Size>& out) {
  if (blob.size() != Size) return false;
  std::copy(blob.begin(), blob.end(), out.begin());
  return true;
}

// Calls `row` for each; SQLITE_OK at the end.
template <class Row>
int for_each(Statement& statement, Row row) {
  int code = SQLITE_ROW;
  while ((code = statement.step()) == SQLITE_ROW) row(statement);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

int run(Connection& database, std::string_view sql, auto bind) {
  Statement statement;
  if (const int code = statement.prepare(database.get(), sql); code != SQLITE_OK) return code;
  bind(statement);
  return statement.run();
}

}  // namespace

int load_admin_accounts(Connection& database, size_t max, std::vector<AdminAccountRow>& rows) {
  Statement statement;
  const int code = statement.prepare(database.get(),
                                     "SELECT name, role, salt, rounds, hash, created FROM "
                                     "admin_accounts ORDER BY name LIMIT ?1");
  if (code != SQLITE_OK) return code;
  statement.bind(1, static_cast<int64_t>(max));
  return for_each(statement, [&](Statement& read) {
    AdminAccountRow row;
    row.name = read.text(0);
    row.role = static_cast<uint8_t>(read.integer(1));
    row.rounds = static_cast<uint32_t>(read.integer(3));
    row.created_ms = read.integer(5);
    if (take(read.blob(2), row.salt) && take(read.blob(4), row.hash) && row.rounds > 0)
      rows.push_back(std::move(row));
  });
}

int load_admin_tokens(Connection& database, size_t max, std::vector<AdminTokenRow>& rows) {
  Statement statement;
  const int code = statement.prepare(database.get(),
                                     "SELECT name, role, scopes, hash, created, expires FROM "
                                     "admin_tokens ORDER BY name LIMIT ?1");
  if (code != SQLITE_OK) return code;
  statement.bind(1, static_cast<int64_t>(max));
  return for_each(statement, [&](Statement& read) {
    AdminTokenRow row;
    row.name = read.text(0);
    row.role = static_cast<uint8_t>(read.integer(1));
    row.scopes = static_cast<uint16_t>(read.integer(2));
    row.created_ms = read.integer(4);
    row.expires_ms = read.integer(5);
    if (take(read.blob(3), row.hash)) rows.push_back(std::move(row));
  });
}

int put_admin_account(Connection& database, const AdminAccountRow& row) {
  return run(database,
             "INSERT INTO admin_accounts (name, role, salt, rounds, hash, created) VALUES (?1, "
             "?2, ?3, ?4, ?5, ?6) ON CONFLICT (name) DO UPDATE SET role = excluded.role, salt = "
             "excluded.salt, rounds = excluded.rounds, hash = excluded.hash",
             [&](Statement& statement) {
               statement.bind(1, std::string_view(row.name))
                   .bind(2, int64_t{row.role})
                   .bind(3, std::span<const uint8_t>(row.salt))
                   .bind(4, int64_t{row.rounds})
                   .bind(5, std::span<const uint8_t>(row.hash))
                   .bind(6, row.created_ms);
             });
}

int remove_admin_account(Connection& database, std::string_view name) {
  return run(database, "DELETE FROM admin_accounts WHERE name = ?1",
             [&](Statement& statement) { statement.bind(1, name); });
}

int put_admin_token(Connection& database, const AdminTokenRow& row) {
  return run(database,
             "INSERT INTO admin_tokens (name, role, scopes, hash, created, expires) VALUES (?1, "
             "?2, ?3, ?4, ?5, ?6)",
             [&](Statement& statement) {
               statement.bind(1, std::string_view(row.name))
                   .bind(2, int64_t{row.role})
                   .bind(3, int64_t{row.scopes})
                   .bind(4, std::span<const uint8_t>(row.hash))
                   .bind(5, row.created_ms)
                   .bind(6, row.expires_ms);
             });
}

int remove_admin_token(Connection& database, std::string_view name) {
  return run(database, "DELETE FROM admin_tokens WHERE name = ?1",
             [&](Statement& statement) { statement.bind(1, name); });
}

int add_audit(Connection& database, const AuditRow& row) {
  const int code =
      run(database,
          "INSERT INTO admin_audit (at, who, source, action, status) VALUES (?1, ?2, ?3, ?4, ?5)",
          [&](Statement& statement) {
            statement.bind(1, row.at_ms)
                .bind(2, std::string_view(row.who))
                .bind(3, std::string_view(row.source))
                .bind(4, std::string_view(row.action))
                .bind(5, int64_t{row.status});
          });
  if (code != SQLITE_OK) return code;
  const bool refused = row.status == kAuditRefused;
  return run(
      database,
      "DELETE FROM admin_audit WHERE (status = ?1) = ?2 AND id <= (SELECT id FROM admin_audit "
      "WHERE (status = ?1) = ?2 ORDER BY id DESC LIMIT 1 OFFSET ?3)",
      [&](Statement& statement) {
        statement.bind(1, kAuditRefused)
            .bind(2, int64_t{refused})
            .bind(3, refused ? kAuditRefusedMax : kAuditRowsMax);
      });
}

int list_audit(Connection& database, int64_t before, size_t max, std::vector<AuditRow>& rows) {
  Statement statement;
  const int code = statement.prepare(
      database.get(),
      "SELECT id, at, who, source, action, status FROM admin_audit WHERE id < ?1 OR ?1 = 0 ORDER "
      "BY id DESC LIMIT ?2");
  if (code != SQLITE_OK) return code;
  statement.bind(1, before).bind(2, static_cast<int64_t>(max));
  return for_each(statement, [&](Statement& read) {
    rows.push_back({read.integer(0), read.integer(1), std::string(read.text(2)),
                    std::string(read.text(3)), std::string(read.text(4)),
                    static_cast<int>(read.integer(5))});
  });
}

}  // namespace tipring::store
