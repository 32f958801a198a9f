// Files as the program needs them. Everything here may block: for start-up and worker threads,
// never for the loop. `error` values are errno values, 0 for success.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace tipring::port {

class File {
 public:
  virtual ~File() = default;  // closes

  // Reads fewer bytes than asked for only at the end of the file.
  virtual int read_at(uint64_t offset, std::span<char> into, size_t& read) = 0;
  virtual int write_at(uint64_t offset, std::span<const char> bytes) = 0;  // all or an error
  virtual int append(std::span<const char> bytes) = 0;
  virtual int truncate(uint64_t size) = 0;
  virtual int sync() = 0;                                 // durable when it returns 0
  virtual int set_permissions(uint32_t permissions) = 0;  // as in FileInfo
  virtual int size(uint64_t& size) = 0;
  // Takes the file for as long as it is open; EWOULDBLOCK while somebody else has taken it. Binds
  // only those who ask. Where the file system knows no such thing, everybody gets it.
  virtual int lock() = 0;
};

// CreateNew: EEXIST when there is anything of that name, a link included.
enum class OpenMode : uint8_t { Read, ReadWriteCreate, AppendCreate, CreateNew };

struct FileInfo {
  uint64_t size = 0;
  uint32_t permissions = 0;  // the low nine bits of st_mode
  bool is_directory = false;
  // Both together are the file's own, whatever its path, for as long as it exists or is open.
  uint64_t device = 0;
  uint64_t node = 0;
};

class Files {
 public:
  virtual ~Files() = default;

  // New files get mode 0600: everything we write is for the server's own user.
  virtual std::unique_ptr<File> open(std::string_view path, OpenMode mode, int& error) = 0;
  virtual int info(std::string_view path, FileInfo& info) = 0;  // ENOENT when there is none
  virtual int remove(std::string_view path) = 0;
  virtual int rename(std::string_view from, std::string_view to) = 0;
  // The name of the file itself that `path` leads to, by symbolic links or without.
  virtual int real_path(std::string_view path, std::string& target) = 0;
  // Mode 0700; parents must exist. One that is there already is a success.
  virtual int make_directory(std::string_view path) = 0;

  // True when paths name files that other libraries (SQLite) can open by themselves.
  virtual bool native() const = 0;
};

// The whole of a file, at most `size_max` bytes (EFBIG beyond).
int read_file(Files& files, std::string_view path, size_t size_max, std::string& out);

}  // namespace tipring::port
