// Opens the store's file: makes it if there is none, tells in words what is wrong with it, and
// brings its schema up to this program's version. Blocks and uses the heap: at start only.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "port/files.h"
#include "port/time.h"
#include "store/migrations.h"
#include "store/port_vfs.h"
#include "store/sqlite.h"
#include "store/start_report.h"

namespace tipring::store {

class Database {
 public:
  // Alone: the file is ours for as long as it is open, and cannot be opened while another process
  // has it. Shared: a server's, which people may look into and copy while it runs, but which no
  // second server may open.
  enum class Use : uint8_t { Shared, Alone };

  // Both outlive it. `cached_pages`: as SqliteMemory was made for.
  Database(port::Files& files, const port::Clock& clock, uint32_t cached_pages,
           Use use = Use::Shared)
      : files_(files), clock_(clock), cached_pages_(cached_pages), use_(use) {}

  // Once. Fills status, message, copy and created of `report`; whether it is ready.
  bool open(const std::string& path, std::span<const Migration> migrations, StartReport& report);

  // On the storage thread, of a file that was open, whose statements are all finalized: closes it
  // and opens it anew. Durable when it can be used.
  StoreStatus reopen();
  // The file of our name was removed: writes it anew from what is still open, and takes it.
  StoreStatus write_anew();

  Connection& connection() { return connection_; }
  const std::string& path() const { return path_; }

  // `code` as the reason why the file cannot be used at start, with what to do about it.
  void explain(int code, StartReport& report) const;

 private:
  bool prepare_file(StartReport& report);
  bool identify(FileIdentity& file, StartReport& report);
  bool set_up(StartReport& report);
  bool copy(StartReport& report, int64_t version);
  int write_copy(const std::string& target, int& error);
  std::string free_name(const std::string& wanted);
  bool migrate(std::span<const Migration> migrations, int64_t from, StartReport& report);

  port::Files& files_;
  const port::Clock& clock_;
  uint32_t cached_pages_;
  Use use_;
  std::string path_;
  std::unique_ptr<port::File> taken_;  // of a server: no second one may have the file
  std::unique_ptr<PortVfs> vfs_;
  Connection connection_;
};

}  // namespace tipring::store
