// Files of the system. Making, removing and renaming are durable when they return, as sync() makes
// the bytes of a file: the folder is synced with them.
#pragma once

#include "port/files.h"

namespace tipring::port {

// Whose a new file is. Where the superuser makes files for somebody, as with the tool that works on
// the server's database while no server runs, they belong to the owner of their folder.
enum class NewFiles : uint8_t { Ours, OfFolderOwner };

class LinuxFiles final : public Files {
 public:
  explicit LinuxFiles(NewFiles new_files = NewFiles::Ours) : new_files_(new_files) {}

  std::unique_ptr<File> open(std::string_view path, OpenMode mode, int& error) override;
  int info(std::string_view path, FileInfo& info) override;
  int remove(std::string_view path) override;
  int rename(std::string_view from, std::string_view to) override;
  int real_path(std::string_view path, std::string& target) override;
  int make_directory(std::string_view path) override;
  bool native() const override { return true; }

 private:
  NewFiles new_files_;
};

}  // namespace tipring::port
