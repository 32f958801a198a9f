// How a write to the file ended, and who is told.
#pragma once

#include <cstdint>
#include <string_view>

namespace tipring::store {

enum class StoreStatus : uint8_t {
  Durable,   // on the disk, and visible in memory
  DiskFull,  // no room for the file or its log
  ReadOnly,  // the file system or the file may not be written
  Locked,    // another process holds the file
  Corrupt,   // the file is damaged or no longer a database
  Io,        // reading, writing or syncing failed
  Missing,   // the file was removed, and its folder with it
  Replaced,  // another file has taken its place
  NoMemory,  // the statement needs more than SQLite has (SqliteMemory)
  Rejected,  // the record does not fit what stands in the file: it was changed behind our back
  Exists,  // a user to be created was created by somebody else meanwhile, or its auth_name is taken
  Gone,    // a user to be changed was removed meanwhile
};

// One short English phrase.
std::string_view to_text(StoreStatus status);

// What an operator can do about it, a sentence; empty for Durable.
std::string_view advice(StoreStatus status);

// Told on the loop's thread when what it asked for is durable or has failed. On failure nothing in
// memory has changed. It outlives the store; what `tag` names may have gone.
class StoreWaiter {
 public:
  virtual void on_stored(uint64_t tag, StoreStatus status) = 0;

 protected:
  ~StoreWaiter() = default;
};

}  // namespace tipring::store
