#include "store/database.h"

#include <cerrno>
#include <cstring>
#include <string_view>

namespace tipring::store {
namespace {

bool refuse(StartReport& report, StartStatus status, std::string message) {
  report.status = status;
  report.message = std::move(message);
  return false;
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Why a file could not be opened, and what to do.
bool refuse_file(const std::string& path, int error, StartReport& report) {
  const std::string folder = folder_of(path);
  const std::string start = "cannot open the database " + path + ": ";
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return refuse(report, StartStatus::CannotOpen,
                    start + "there is no folder " + folder +
                        ". Create it, or set store.path to a file in a folder that exists");
    case EACCES:
    case EPERM:
      return refuse(report, StartStatus::CannotOpen,
                    start + "permission denied. Give the file and its folder " + folder +
                        " to the user that the server runs as");
    case EISDIR:
      return refuse(report, StartStatus::CannotOpen,
                    start + "it is a folder. Set store.path to a file in it, such as " + path +
                        "/tipring.db");
    case EROFS:
      return refuse(report, StartStatus::ReadOnly,
                    start +
                        "the file system is read-only. Mount it for writing, or set store.path "
                        "to a file elsewhere");
    case ENOSPC:
    case EDQUOT:
      return refuse(
          report, StartStatus::DiskFull,
          start + "the disk is full. Make room on it, or set store.path to a file elsewhere");
    default:
      return refuse(report, StartStatus::Io,
                    start + std::strerror(error) + ". Check the disk; the system's log says more");
  }
}

}  // namespace

bool Database::open(const std::string& path, std::span<const Migration> migrations,
                    StartReport& report) {
  path_ = path;
  if (!prepare_file(report)) return false;
  if (!files_.native()) vfs_ = std::make_unique<PortVfs>(files_, clock_);
  const int code = connection_.open(path_, vfs_ ? vfs_->name() : std::string());
  if (code != SQLITE_OK) return explain(code, report), false;

  FileIdentity file;
  if (!identify(file, report)) return false;
  const int32_t ours = migrations.back().version;
  switch (decide_migration(file, ours)) {
    case MigrationStep::RefuseForeign:
      return refuse(
          report, StartStatus::NotADatabase,
          path_ + " is a database of another program. Set store.path to a file of our own");
    case MigrationStep::RefuseNewer:
      return refuse(
          report, StartStatus::NewerMajor,
          path_ + " was written by a newer version of this program (schema " +
              std::to_string(file.user_version / 1000) + ", this one knows " +
              std::to_string(major_of(ours)) +
              "). Install the newer version again, or set store.path to the copy that it made");
    case MigrationStep::Nothing: return set_up(report);
    case MigrationStep::CopyAndMove:
      return set_up(report) && copy(report, file.user_version) &&
             migrate(migrations, file.user_version, report);
    case MigrationStep::Create:
    case MigrationStep::AddMinor:
      return set_up(report) && migrate(migrations, file.user_version, report);
  }
  return false;
}

// Makes the file when there is none, so that it gets the mode that all our files have, which SQLite
// then gives to the files beside it; and finds out by name what SQLite calls "unable to open".
bool Database::prepare_file(StartReport& report) {
  port::FileInfo info;
  report.created = files_.info(path_, info) == ENOENT;
  if (!report.created && info.is_directory) return refuse_file(path_, EISDIR, report);
  int error = 0;
  std::unique_ptr<port::File> file = files_.open(path_, port::OpenMode::ReadWriteCreate, error);
  if (file == nullptr) return refuse_file(path_, error, report);
  if (use_ == Use::Alone) return true;
  if (file->lock() == EWOULDBLOCK) {
    return refuse(report, StartStatus::Locked,
                  path_ + " is used by another server. End that one (fuser names it: fuser " +
                      path_ + "), or set store.path to another file");
  }
  taken_ = std::move(file);
  return true;
}

bool Database::identify(FileIdentity& file, StartReport& report) {
  // Before the first read, or SQLite would want memory that both sides of a lock share. Whoever has
  // a database with a write-ahead log open keeps a shared lock on it, so that this fails then.
  if (vfs_ || use_ == Use::Alone) connection_.execute("PRAGMA locking_mode = EXCLUSIVE");
  int64_t tables = 0;
  int code = connection_.query("PRAGMA application_id", file.application_id);
  if (code == SQLITE_OK) code = connection_.query("PRAGMA user_version", file.user_version);
  if (code == SQLITE_OK) code = connection_.query("SELECT count(*) FROM sqlite_master", tables);
  if (code != SQLITE_OK) return explain(code, report), false;
  file.has_tables = tables > 0;
  if (sqlite3_db_readonly(connection_.get(), "main") != 0) {
    return refuse_file(path_, EROFS, report);
  }
  return true;
}

bool Database::set_up(StartReport& report) {
  std::string mode;
  int code = connection_.query("PRAGMA journal_mode = WAL", mode);
  if (code == SQLITE_OK && mode != "wal") {
    // A file system without shared memory: then the file is ours alone.
    code = connection_.execute("PRAGMA locking_mode = EXCLUSIVE");
    if (code == SQLITE_OK) code = connection_.query("PRAGMA journal_mode = WAL", mode);
  }
  const std::string settings =
      "PRAGMA synchronous = FULL;"
      "PRAGMA foreign_keys = ON;"
      "PRAGMA temp_store = MEMORY;"
      "PRAGMA journal_size_limit = 4194304;"
      "PRAGMA wal_autocheckpoint = 0;"  // the storage thread does it when nobody waits
      "PRAGMA cache_size = " +
      std::to_string(cached_pages_);
  if (code == SQLITE_OK) code = connection_.execute(settings.c_str());
  if (code != SQLITE_OK) return explain(code, report), false;
  if (mode == "wal") return true;
  return refuse(report, StartStatus::Io,
                "the file system of " + path_ +
                    " cannot keep a write-ahead log. Set store.path to a file on a local disk");
}

bool Database::copy(StartReport& report, int64_t version) {
  report.copy = free_name(path_ + ".schema-" + std::to_string(version));
  int error = 0;
  const int code = write_copy(report.copy, error);
  if (code == SQLITE_OK && error == 0) return true;
  if (error != 0) {
    refuse_file(report.copy, error, report);
  } else {
    explain(code, report);
  }
  report.message =
      "cannot copy the database to " + report.copy + " before changing it: " + report.message;
  return false;
}

// A copy that was made before is nobody's to overwrite.
std::string Database::free_name(const std::string& wanted) {
  port::FileInfo info;
  std::string name = wanted;
  for (int number = 2; files_.info(name, info) != ENOENT; ++number) {
    name = wanted + "." + std::to_string(number);
  }
  return name;
}

// A whole and durable file, or none: SQLite's code, or the system's in `error`.
int Database::write_copy(const std::string& target, int& error) {
  const std::string part = target + ".part";
  files_.remove(part);
  // Made by us, so that it is for us alone; SQLite takes an empty file.
  if (files_.open(part, port::OpenMode::ReadWriteCreate, error) == nullptr) return SQLITE_OK;
  Statement vacuum;
  int code = vacuum.prepare(connection_.get(), "VACUUM INTO ?1");
  if (code == SQLITE_OK) code = vacuum.bind(1, std::string_view(part)).run();
  if (code == SQLITE_OK) {
    const auto file = files_.open(part, port::OpenMode::ReadWriteCreate, error);
    if (file != nullptr) error = file->sync();
    if (error == 0) error = files_.rename(part, target);
  }
  if (code != SQLITE_OK || error != 0) files_.remove(part);
  return code;
}

StoreStatus Database::write_anew() {
  port::FileInfo folder;
  if (files_.info(folder_of(path_), folder) != 0) return StoreStatus::Missing;
  // A log of another file that nobody has any more.
  files_.remove(path_ + "-wal");
  int error = 0;
  const int code = write_copy(path_, error);
  if (code != SQLITE_OK) return connection_.status_of(code);
  if (error == 0) {
    std::unique_ptr<port::File> file = files_.open(path_, port::OpenMode::ReadWriteCreate, error);
    if (file != nullptr && file->lock() == EWOULDBLOCK) return StoreStatus::Locked;
    if (file != nullptr) taken_ = std::move(file);
  }
  if (error == 0) return StoreStatus::Durable;
  return error == ENOSPC || error == EDQUOT ? StoreStatus::DiskFull
         : error == EROFS                   ? StoreStatus::ReadOnly
                                            : StoreStatus::Io;
}

StoreStatus Database::reopen() {
  connection_.close();
  StartReport report;
  FileIdentity file;
  const int code = connection_.open(path_, vfs_ ? vfs_->name() : std::string());
  if (code != SQLITE_OK) return connection_.status_of(code);
  if (identify(file, report) && set_up(report)) return StoreStatus::Durable;
  switch (report.status) {
    case StartStatus::NotADatabase:
    case StartStatus::Corrupt: return StoreStatus::Corrupt;
    case StartStatus::Locked: return StoreStatus::Locked;
    case StartStatus::ReadOnly: return StoreStatus::ReadOnly;
    case StartStatus::DiskFull: return StoreStatus::DiskFull;
    default: return StoreStatus::Io;
  }
}

bool Database::migrate(std::span<const Migration> migrations, int64_t from, StartReport& report) {
  int code = connection_.execute("BEGIN IMMEDIATE");
  for (const Migration& migration : migrations) {
    if (code != SQLITE_OK || migration.version <= from) continue;
    code = connection_.execute(std::string(migration.sql).c_str());
  }
  const std::string identity =
      "PRAGMA application_id = " + std::to_string(kApplicationId) +
      "; PRAGMA user_version = " + std::to_string(migrations.back().version);
  if (code == SQLITE_OK) code = connection_.execute(identity.c_str());
  if (code == SQLITE_OK) code = connection_.execute("COMMIT");
  if (code == SQLITE_OK) return true;
  explain(code, report);
  if (connection_.in_transaction()) connection_.execute("ROLLBACK");
  return false;
}

void Database::explain(int code, StartReport& report) const {
  const std::string why = std::string(" (") + connection_.error_text() + ")";
  if ((code & 0xff) == SQLITE_NOTADB) {
    refuse(report, StartStatus::NotADatabase,
           path_ + " is not a SQLite database" + why +
               ". Set store.path to another file, or move this one away");
    return;
  }
  if ((code & 0xff) == SQLITE_ERROR) {
    refuse(report, StartStatus::Corrupt,
           path_ + " lacks a part of what it should hold" + why +
               ". Restore it from a backup, or move it away to begin with an empty one");
    return;
  }
  switch (connection_.status_of(code)) {
    case StoreStatus::Locked:
      refuse(report, StartStatus::Locked,
             path_ + " is locked by another process" + why + ". End it (fuser names it: fuser " +
                 path_ + ") and start again");
      return;
    case StoreStatus::Corrupt:
      refuse(report, StartStatus::Corrupt,
             path_ + " is damaged" + why + ". Restore it from a backup, or mend it: sqlite3 " +
                 path_ + " .recover");
      return;
    case StoreStatus::ReadOnly: refuse_file(path_, EROFS, report); return;
    case StoreStatus::DiskFull: refuse_file(path_, ENOSPC, report); return;
    default:
      refuse(report, StartStatus::Io,
             "cannot use the database " + path_ + why +
                 ". Check the disk; the system's log says more");
      return;
  }
}

}  // namespace tipring::store
