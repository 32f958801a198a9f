// Sees to it, before each commit, that what is written goes to the file that people see: a file that
// was deleted or moved under the running server stays open and takes every write, and all is lost at
// the end. On the storage thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "store/database.h"
#include "store/errands.h"
#include "store/store_status.h"
#include "store/writes.h"

namespace tipring::store {

class FileKeeper {
 public:
  // All outlive it. `errands` let go of the connection before it is closed.
  FileKeeper(port::Files& files, Database& database, Writes& writes, Errands& errands)
      : files_(files), database_(database), writes_(writes), errands_(errands) {}

  // Once the file is open and its statements are prepared for `realm`.
  void start(std::string_view realm);

  // Durable when commits reach the file. A log that was deleted is written to the file from what is
  // open, and so is the whole file (`may_write_anew`) while its folder stands; otherwise Missing or
  // Replaced. After damage was found, which may have been mended, the file is opened anew.
  StoreStatus ensure(bool may_write_anew);

  // How the commit ended.
  void note(StoreStatus status);

  // True once after the file or its log was written anew.
  bool take_mended();

 private:
  struct Identity {
    uint64_t device = 0;
    uint64_t node = 0;
    bool operator==(const Identity&) const = default;
  };

  void remember();
  int identify(const std::string& path, Identity& identity) const;
  StoreStatus empty_log();
  StoreStatus rescue_log();
  StoreStatus write_anew(bool may_write_anew);
  StoreStatus reopen();

  port::Files& files_;
  Database& database_;
  Writes& writes_;
  Errands& errands_;
  std::string realm_;
  Identity file_;
  Identity log_;  // zero until there is one
  bool open_ = true;
  bool suspect_ = false;
  bool mended_ = false;
};

}  // namespace tipring::store
