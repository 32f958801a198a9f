#include "store/file_keeper.h"

#include <cerrno>
#include <utility>

namespace tipring::store {

void FileKeeper::start(std::string_view realm) {
  realm_ = realm;
  remember();
}

// 0, or an errno value.
int FileKeeper::identify(const std::string& path, Identity& identity) const {
  port::FileInfo info;
  const int error = files_.info(path, info);
  identity = error == 0 ? Identity{info.device, info.node} : Identity{};
  return error;
}

void FileKeeper::remember() {
  identify(database_.path(), file_);
  identify(database_.path() + "-wal", log_);
}

StoreStatus FileKeeper::ensure(bool may_write_anew) {
  Identity file;
  const int error = identify(database_.path(), file);
  if (error == ENOENT || error == ENOTDIR) return write_anew(may_write_anew);
  // What cannot be looked at may well be written.
  if (error == 0 && file != file_) return StoreStatus::Replaced;
  if (open_ && suspect_) {
    const StoreStatus status = empty_log();
    return status == StoreStatus::Durable ? reopen() : status;
  }
  if (!open_) return reopen();
  Identity log;
  const int log_error = identify(database_.path() + "-wal", log);
  if (log_ == Identity{}) log_ = log;
  if (log_error == ENOENT && log_ != Identity{}) return rescue_log();
  if (log_error == 0 && log != log_) return rescue_log();
  return StoreStatus::Durable;
}

void FileKeeper::note(StoreStatus status) { suspect_ = status == StoreStatus::Corrupt; }

bool FileKeeper::take_mended() { return std::exchange(mended_, false); }

// All that was committed goes into the file, and the log is emptied: it may end with what a commit
// that failed has left, which whoever opens it would take for whole.
StoreStatus FileKeeper::empty_log() {
  Connection& connection = database_.connection();
  const int code = sqlite3_wal_checkpoint_v2(connection.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE,
                                             nullptr, nullptr);
  return connection.status_of(code);
}

StoreStatus FileKeeper::rescue_log() {
  const StoreStatus status = empty_log();
  if (status != StoreStatus::Durable) return status;
  mended_ = true;
  return reopen();
}

// When the server ends, somebody who has deleted the file wants to be rid of it.
StoreStatus FileKeeper::write_anew(bool may_write_anew) {
  if (!may_write_anew || !open_) return StoreStatus::Missing;
  const StoreStatus status = database_.write_anew();
  if (status != StoreStatus::Durable) return status;
  remember();
  mended_ = true;
  return reopen();
}

StoreStatus FileKeeper::reopen() {
  open_ = false;
  errands_.let_go();
  writes_.close();
  const StoreStatus status = database_.reopen();
  if (status != StoreStatus::Durable) return status;
  const int code = writes_.prepare(database_.connection(), realm_);
  if (code != SQLITE_OK) return database_.connection().status_of(code);
  open_ = true;
  suspect_ = false;
  remember();
  return StoreStatus::Durable;
}

}  // namespace tipring::store
