#include "store/sqlite.h"

#include <cerrno>

namespace tipring::store {
namespace {

// How long a statement waits for another process to let go of the file. Calls go on meanwhile.
constexpr int kBusyTimeoutMs = 1000;

}  // namespace

void Statement::finalize() {
  sqlite3_finalize(statement_);
  statement_ = nullptr;
}

int Statement::prepare(sqlite3* connection, std::string_view sql) {
  return sqlite3_prepare_v3(connection, sql.data(), static_cast<int>(sql.size()),
                            SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
}

Statement& Statement::bind(int index, int64_t value) {
  sqlite3_bind_int64(statement_, index, value);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  // A null pointer would bind NULL instead of an empty text.
  const char* data = text.data() == nullptr ? "" : text.data();
  sqlite3_bind_text(statement_, index, data, static_cast<int>(text.size()), SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind(int index, std::span<const uint8_t> blob) {
  sqlite3_bind_blob(statement_, index, blob.data(), static_cast<int>(blob.size()), SQLITE_STATIC);
  return *this;
}

int Statement::run() {
  int code = step();
  while (code == SQLITE_ROW) code = step();
  reset();
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

std::string_view Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

std::span<const uint8_t> Statement::blob(int column) const {
  const auto* data = static_cast<const uint8_t*>(sqlite3_column_blob(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

int Connection::open(const std::string& path, const std::string& vfs) {
  const int code =
      sqlite3_open_v2(path.c_str(), &connection_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                      vfs.empty() ? nullptr : vfs.c_str());
  if (connection_ != nullptr) {
    sqlite3_extended_result_codes(connection_, 1);
    sqlite3_busy_timeout(connection_, kBusyTimeoutMs);
  }
  return code;
}

void Connection::close() {
  sqlite3_close(connection_);
  connection_ = nullptr;
}

int Connection::execute(const char* sql) {
  return sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr);
}

template <class Take>
int Connection::query_row(const char* sql, Take take) {
  Statement statement;
  int code = statement.prepare(connection_, sql);
  if (code != SQLITE_OK) return code;
  code = statement.step();
  if (code == SQLITE_DONE) return SQLITE_OK;
  if (code != SQLITE_ROW) return code;
  take(statement);
  return SQLITE_OK;
}

int Connection::query(const char* sql, int64_t& value) {
  return query_row(sql, [&](const Statement& row) { value = row.integer(0); });
}

int Connection::query(const char* sql, std::string& value) {
  return query_row(sql, [&](const Statement& row) { value = row.text(0); });
}

const char* Connection::error_text() const { return sqlite3_errmsg(connection_); }

// sqlite3_system_errno() does not know of failures that come with COMMIT.
int Connection::system_error() const {
  sqlite3_vfs* vfs = nullptr;
  sqlite3_file_control(connection_, "main", SQLITE_FCNTL_VFS_POINTER, static_cast<void*>(&vfs));
  return vfs != nullptr && vfs->xGetLastError != nullptr ? vfs->xGetLastError(vfs, 0, nullptr) : 0;
}

StoreStatus Connection::status_of(int code) const {
  switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE: return StoreStatus::Durable;
    case SQLITE_FULL: return StoreStatus::DiskFull;
    case SQLITE_READONLY:
    case SQLITE_PERM: return StoreStatus::ReadOnly;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return StoreStatus::Locked;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return StoreStatus::Corrupt;
    case SQLITE_NOMEM: return StoreStatus::NoMemory;
    case SQLITE_CONSTRAINT:
      return code == SQLITE_CONSTRAINT_UNIQUE ? StoreStatus::Exists : StoreStatus::Rejected;
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG: return StoreStatus::Rejected;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN: break;  // the system knows more
    default: return StoreStatus::Io;
  }
  switch (system_error()) {
    case ENOSPC:
    case EDQUOT: return StoreStatus::DiskFull;
    case EROFS: return StoreStatus::ReadOnly;
    default: return StoreStatus::Io;
  }
}

}  // namespace tipring::store
