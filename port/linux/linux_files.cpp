#include "port/linux/linux_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace tipring::port {
namespace {

class LinuxFile final : public File {
 public:
  explicit LinuxFile(int fd) : fd_(fd) {}
  ~LinuxFile() override { ::close(fd_); }

  LinuxFile(const LinuxFile&) = delete;
  LinuxFile& operator=(const LinuxFile&) = delete;

  int read_at(uint64_t offset, std::span<char> into, size_t& read) override {
    read = 0;
    while (read < into.size()) {
      const auto rest = into.subspan(read);
      ssize_t got = ::pread(fd_, rest.data(), rest.size(), static_cast<off_t>(offset + read));
      // A pipe or a terminal has no positions: it is read in order.
      if (got < 0 && errno == ESPIPE) got = ::read(fd_, rest.data(), rest.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return errno;
      if (got == 0) break;
      read += static_cast<size_t>(got);
    }
    return 0;
  }
  int write_at(uint64_t offset, std::span<const char> bytes) override {
    while (!bytes.empty()) {
      const ssize_t done = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) return errno;
      if (done == 0) return EIO;
      bytes = bytes.subspan(static_cast<size_t>(done));
      offset += static_cast<uint64_t>(done);
    }
    return 0;
  }
  int append(std::span<const char> bytes) override {
    const off_t end = ::lseek(fd_, 0, SEEK_END);
    if (end < 0) return errno;
    return write_at(static_cast<uint64_t>(end), bytes);
  }
  int lock() override {
    while (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) return EWOULDBLOCK;
      if (errno != EINTR) break;
    }
    return 0;
  }
  int truncate(uint64_t size) override {
    return ::ftruncate(fd_, static_cast<off_t>(size)) == 0 ? 0 : errno;
  }
  int set_permissions(uint32_t permissions) override {
    return ::fchmod(fd_, static_cast<mode_t>(permissions & 0777)) == 0 ? 0 : errno;
  }
  int sync() override { return ::fdatasync(fd_) == 0 ? 0 : errno; }
  int size(uint64_t& size) override {
    struct stat status {};
    if (::fstat(fd_, &status) != 0) return errno;
    size = static_cast<uint64_t>(status.st_size);
    return 0;
  }

 private:
  int fd_;
};

// A path with a NUL inside would name another file than the one it seems to.
bool usable(const std::string& path) {
  return !path.empty() && path.find('\0') == std::string::npos;
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

int sync_folder_of(const std::string& path) {
  const std::string folder = folder_of(path);
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno;
  const int error = ::fsync(fd) == 0 ? 0 : errno;
  ::close(fd);
  return error == EINVAL ? 0 : error;  // file systems that cannot sync a folder say so
}

int open_retrying(const std::string& path, int flags) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

// For the superuser alone, and for a file that nobody else can have put there.
bool give_to_folder_owner(int fd, const std::string& path) {
  struct stat folder {};
  if (::geteuid() != 0) return true;
  return ::stat(folder_of(path).c_str(), &folder) == 0 &&
         ::fchown(fd, folder.st_uid, folder.st_gid) == 0;
}

}  // namespace

std::unique_ptr<File> LinuxFiles::open(std::string_view path, OpenMode mode, int& error) {
  const std::string name(path);
  error = ENOENT;
  if (!usable(name)) return nullptr;
  const int flags = mode == OpenMode::Read           ? O_RDONLY
                    : mode == OpenMode::AppendCreate ? O_RDWR | O_APPEND
                                                     : O_RDWR;
  const bool anew = mode == OpenMode::CreateNew;
  const bool given = new_files_ == NewFiles::OfFolderOwner;
  int fd = anew ? -1 : open_retrying(name, flags);
  bool created = false;
  if (anew || (fd < 0 && errno == ENOENT && mode != OpenMode::Read)) {
    // What is given away must be new: no link may lead to somebody else's file.
    fd = open_retrying(name, flags | O_CREAT | (anew || given ? O_EXCL : 0));
    created = fd >= 0;
    // The umask may have taken even our own rights.
    if (created && ::fchmod(fd, 0600) != 0) created = false;
  }
  error = fd < 0 ? errno : 0;
  if (fd < 0) return nullptr;
  if (created && given && !give_to_folder_owner(fd, name)) {
    error = errno;
    ::close(fd);
    ::unlink(name.c_str());
    return nullptr;
  }
  auto file = std::make_unique<LinuxFile>(fd);
  struct stat status {};
  if (::fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) error = EISDIR;
  if (error == 0 && created) error = sync_folder_of(name);
  if (error != 0) return nullptr;
  return file;
}

int LinuxFiles::info(std::string_view path, FileInfo& info) {
  const std::string name(path);
  if (!usable(name)) return ENOENT;
  struct stat status {};
  if (::stat(name.c_str(), &status) != 0) return errno;
  info.size = static_cast<uint64_t>(status.st_size);
  info.permissions = status.st_mode & 0777;
  info.is_directory = S_ISDIR(status.st_mode);
  info.device = status.st_dev;
  info.node = status.st_ino;
  return 0;
}

int LinuxFiles::remove(std::string_view path) {
  const std::string name(path);
  if (!usable(name)) return ENOENT;
  if (::unlink(name.c_str()) != 0) return errno;
  return sync_folder_of(name);
}

int LinuxFiles::rename(std::string_view from, std::string_view to) {
  const std::string source(from);
  const std::string target(to);
  if (!usable(source) || !usable(target)) return ENOENT;
  if (std::rename(source.c_str(), target.c_str()) != 0) return errno;
  return sync_folder_of(target);
}

int LinuxFiles::real_path(std::string_view path, std::string& target) {
  const std::string name(path);
  if (!usable(name)) return ENOENT;
  char* const found = ::realpath(name.c_str(), nullptr);
  if (found == nullptr) return errno;
  target = found;
  std::free(found);
  return 0;
}

int LinuxFiles::make_directory(std::string_view path) {
  const std::string name(path);
  if (!usable(name)) return ENOENT;
  if (::mkdir(name.c_str(), 0700) == 0) return sync_folder_of(name);
  if (errno != EEXIST) return errno;
  struct stat status {};
  if (::stat(name.c_str(), &status) != 0) return errno;
  return S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
}

}  // namespace tipring::port
