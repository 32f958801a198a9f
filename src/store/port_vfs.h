// SQLite's files on port::Files, for ports whose files SQLite cannot open by itself: the simulated
// one. One connection per file, which has it for itself: there is no locking and no shared memory
// here.
#pragma once

#include <sqlite3.h>

#include <string>

#include "port/files.h"
#include "port/time.h"

namespace tipring::store {

class PortVfs {
 public:
  // Both outlive it, and it outlives the connections that use it. SQLite is initialised already.
  PortVfs(port::Files& files, const port::Clock& clock);
  ~PortVfs();
  PortVfs(const PortVfs&) = delete;
  PortVfs& operator=(const PortVfs&) = delete;

  const std::string& name() const { return name_; }

 private:
  struct Calls;  // what SQLite calls

  port::Files& files_;
  const port::Clock& clock_;
  std::string name_;
  int last_error_ = 0;  // errno value: why the last call failed
  uint64_t random_ = 1;
  sqlite3_vfs vfs_{};
};

}  // namespace tipring::store
