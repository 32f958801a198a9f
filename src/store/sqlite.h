// A connection to a SQLite file and its prepared statements, as thin as can be. Both threads of the
// store use a connection, but never at the same time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "store/store_status.h"

namespace tipring::store {

// Borrows its connection. Text and blobs that are bound are borrowed until reset().
class Statement {
 public:
  Statement() = default;
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  void finalize();
  // Kept for long: says so to SQLite.
  int prepare(sqlite3* connection, std::string_view sql);

  Statement& bind(int index, int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, std::span<const uint8_t> blob);

  // SQLITE_ROW, SQLITE_DONE, or an extended result code.
  int step() { return sqlite3_step(statement_); }
  void reset() { sqlite3_reset(statement_); }
  // Runs a statement without rows: SQLITE_OK or an extended result code. Ready for the next run
  // after.
  int run();
  // Rows that the last run() of this connection changed.
  int changes() const { return sqlite3_changes(sqlite3_db_handle(statement_)); }

  bool is_integer(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_INTEGER;
  }
  int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  // Until the next step() or reset().
  std::string_view text(int column) const;
  std::span<const uint8_t> blob(int column) const;

 private:
  sqlite3_stmt* statement_ = nullptr;
};

class Connection {
 public:
  Connection() = default;
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // `vfs` empty: SQLite's own. Results are extended result codes.
  int open(const std::string& path, const std::string& vfs);
  void close();

  int execute(const char* sql);
  // The first column of the first row.
  int query(const char* sql, int64_t& value);
  int query(const char* sql, std::string& value);

  sqlite3* get() const { return connection_; }
  const char* error_text() const;
  bool in_transaction() const { return sqlite3_get_autocommit(connection_) == 0; }

  // What the failure was that has just given `code`: SQLite's code together with the system's,
  // which the next call may overwrite.
  StoreStatus status_of(int code) const;

 private:
  template <class Take>
  int query_row(const char* sql, Take take);
  int system_error() const;

  sqlite3* connection_ = nullptr;
};

}  // namespace tipring::store
