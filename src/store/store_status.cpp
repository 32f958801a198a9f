#include "store/store_status.h"

namespace tipring::store {

std::string_view to_text(StoreStatus status) {
  switch (status) {
    case StoreStatus::Durable: return "durable";
    case StoreStatus::DiskFull: return "disk full";
    case StoreStatus::ReadOnly: return "read-only";
    case StoreStatus::Locked: return "locked by another process";
    case StoreStatus::Corrupt: return "database damaged";
    case StoreStatus::Io: return "input/output error";
    case StoreStatus::Missing: return "file removed";
    case StoreStatus::Replaced: return "file replaced";
    case StoreStatus::NoMemory: return "out of SQLite's memory";
    case StoreStatus::Rejected: return "record rejected";
    case StoreStatus::Exists: return "exists already";
    case StoreStatus::Gone: return "removed meanwhile";
  }
  return "unknown";
}

std::string_view advice(StoreStatus status) {
  switch (status) {
    case StoreStatus::Durable: return "";
    case StoreStatus::DiskFull: return "Make room on the disk that holds store.path.";
    case StoreStatus::ReadOnly:
      return "Mount the file system of store.path for writing, and give the file to the server's "
             "user.";
    case StoreStatus::Locked: return "End the other process that has the file of store.path open.";
    case StoreStatus::Corrupt:
      return "Stop the server and restore the file of store.path from a backup, or mend it with "
             "the "
             "sqlite3 tool's .recover command.";
    case StoreStatus::Io:
      return "Check the disk that holds store.path; the system's log says more.";
    case StoreStatus::Missing:
      return "Make the folder of store.path again: the file is then written anew.";
    case StoreStatus::Replaced:
      return "Restart the server to use the file that stands at store.path now, or move it away.";
    case StoreStatus::NoMemory: return "Ask for less at one time; what was stored is unharmed.";
    case StoreStatus::Rejected:
      return "The file was changed while the server ran: restart the server to load it anew.";
    case StoreStatus::Exists: return "Choose another name, or change the user that has it.";
    case StoreStatus::Gone: return "Load the list of users anew.";
  }
  return "";
}

}  // namespace tipring::store
