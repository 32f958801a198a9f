// Files of the system. Making, removing and renaming are durable when they return, as sync() makes
// the bytes of a file: the folder is synced with them.
#pragma once

#include "port/files.h"

namespace tipring::port {

class LinuxFiles final : public Files {
 public:
  std::unique_ptr<File> open(std::string_view path, OpenMode mode, int& error) override;
  int info(std::string_view path, FileInfo& info) override;
  int remove(std::string_view path) override;
  int rename(std::string_view from, std::string_view to) override;
  int make_directory(std::string_view path) override;
  bool native() const override { return true; }
};

}  // namespace tipring::port
