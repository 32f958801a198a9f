// What port/files.h promises, on both ports; then the crashes and faults of the simulated one.
#include "port/files.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "port/linux/linux_files.h"
#include "worlds.h"

using namespace tipring::port;

namespace {

class LinuxDisk {
 public:
  LinuxDisk() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "tipring-files-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
  }
  ~LinuxDisk() { std::filesystem::remove_all(folder_); }
  LinuxDisk(const LinuxDisk&) = delete;
  LinuxDisk& operator=(const LinuxDisk&) = delete;

  Files& files() { return files_; }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

 private:
  LinuxFiles files_;
  std::string folder_;
};

class SimDisk {
 public:
  Files& files() { return host_.files(); }
  SimFiles& sim() { return host_.files(); }
  SimHost& host() { return host_; }
  std::string path(const std::string& name) const { return "/" + name; }

 private:
  SimWorld world_{5};
  SimHost& host_ = world_.make_host("a", {});
};

std::unique_ptr<File> open(Files& files, const std::string& path, OpenMode mode) {
  int error = 0;
  auto file = files.open(path, mode, error);
  CHECK(error == 0);
  REQUIRE(file);
  return file;
}

std::string content(Files& files, const std::string& path) {
  std::string text;
  CHECK(read_file(files, path, 1 << 20, text) == 0);
  return text;
}

void put(Files& files, const std::string& path, const std::string& text) {
  CHECK(open(files, path, OpenMode::ReadWriteCreate)->write_at(0, bytes_of(text)) == 0);
}

}  // namespace

TEST_CASE_TEMPLATE("files: what is written is read, at its position and at the end", Disk,
                   LinuxDisk, SimDisk) {
  Disk disk;
  const auto file = open(disk.files(), disk.path("a"), OpenMode::ReadWriteCreate);
  CHECK(file->write_at(3, bytes_of("def")) == 0);
  CHECK(file->write_at(0, bytes_of("abc")) == 0);
  CHECK(file->append(bytes_of("ghi")) == 0);
  CHECK(file->sync() == 0);
  uint64_t size = 0;
  CHECK(file->size(size) == 0);
  CHECK(size == 9);
  std::string buffer(20, '-');
  size_t read = 0;
  CHECK(file->read_at(2, buffer, read) == 0);
  CHECK(buffer.substr(0, read) == "cdefghi");
  CHECK(file->read_at(9, buffer, read) == 0);
  CHECK(read == 0);
  CHECK(file->truncate(2) == 0);
  CHECK(content(disk.files(), disk.path("a")) == "ab");
}

TEST_CASE_TEMPLATE("files: a file opened for appending grows at its end", Disk, LinuxDisk,
                   SimDisk) {
  Disk disk;
  put(disk.files(), disk.path("log"), "one\n");
  CHECK(open(disk.files(), disk.path("log"), OpenMode::AppendCreate)->append(bytes_of("two\n")) ==
        0);
  CHECK(content(disk.files(), disk.path("log")) == "one\ntwo\n");
}

TEST_CASE_TEMPLATE("files: one that must be new is not opened where there is one", Disk, LinuxDisk,
                   SimDisk) {
  Disk disk;
  CHECK(open(disk.files(), disk.path("a"), OpenMode::CreateNew)->append(bytes_of("mine")) == 0);
  FileInfo info;
  REQUIRE(disk.files().info(disk.path("a"), info) == 0);
  CHECK(info.permissions == 0600);
  int error = 0;
  CHECK(disk.files().open(disk.path("a"), OpenMode::CreateNew, error) == nullptr);
  CHECK(error == EEXIST);
  CHECK(content(disk.files(), disk.path("a")) == "mine");
}

TEST_CASE_TEMPLATE("files: one that somebody has taken is not given to a second one", Disk,
                   LinuxDisk, SimDisk) {
  Disk disk;
  auto first = open(disk.files(), disk.path("a"), OpenMode::ReadWriteCreate);
  const auto second = open(disk.files(), disk.path("a"), OpenMode::ReadWriteCreate);
  CHECK(first->lock() == 0);
  CHECK(first->lock() == 0);
  CHECK(second->lock() == EWOULDBLOCK);
  first.reset();
  CHECK(second->lock() == 0);
}

TEST_CASE_TEMPLATE("files: new files and folders are for their owner alone", Disk, LinuxDisk,
                   SimDisk) {
  Disk disk;
  put(disk.files(), disk.path("secret"), "x");
  CHECK(disk.files().make_directory(disk.path("folder")) == 0);
  CHECK(disk.files().make_directory(disk.path("folder")) == 0);
  FileInfo info;
  REQUIRE(disk.files().info(disk.path("secret"), info) == 0);
  CHECK(info.permissions == 0600);
  CHECK(info.size == 1);
  CHECK_FALSE(info.is_directory);
  REQUIRE(disk.files().info(disk.path("folder"), info) == 0);
  CHECK(info.permissions == 0700);
  CHECK(info.is_directory);
  CHECK(disk.files().make_directory(disk.path("secret")) == ENOTDIR);
  CHECK(disk.files().make_directory(disk.path("none/folder")) == ENOENT);
}

TEST_CASE_TEMPLATE("files: what is not there is ENOENT, and a folder is no file", Disk, LinuxDisk,
                   SimDisk) {
  Disk disk;
  int error = 0;
  FileInfo info;
  CHECK(disk.files().open(disk.path("none"), OpenMode::Read, error) == nullptr);
  CHECK(error == ENOENT);
  CHECK(disk.files().open(disk.path("none/a"), OpenMode::ReadWriteCreate, error) == nullptr);
  CHECK(error == ENOENT);
  CHECK(disk.files().info(disk.path("none"), info) == ENOENT);
  CHECK(disk.files().remove(disk.path("none")) == ENOENT);
  CHECK(disk.files().rename(disk.path("none"), disk.path("other")) == ENOENT);
  REQUIRE(disk.files().make_directory(disk.path("folder")) == 0);
  CHECK(disk.files().open(disk.path("folder"), OpenMode::Read, error) == nullptr);
  CHECK(error == EISDIR);
}

TEST_CASE_TEMPLATE("files: renaming replaces, removing removes", Disk, LinuxDisk, SimDisk) {
  Disk disk;
  put(disk.files(), disk.path("new"), "new");
  put(disk.files(), disk.path("old"), "old");
  CHECK(disk.files().rename(disk.path("new"), disk.path("old")) == 0);
  CHECK(content(disk.files(), disk.path("old")) == "new");
  FileInfo info;
  CHECK(disk.files().info(disk.path("new"), info) == ENOENT);
  CHECK(disk.files().remove(disk.path("old")) == 0);
  CHECK(disk.files().info(disk.path("old"), info) == ENOENT);
}

TEST_CASE_TEMPLATE("files: a file opened for reading cannot be changed", Disk, LinuxDisk, SimDisk) {
  Disk disk;
  put(disk.files(), disk.path("a"), "abc");
  const auto file = open(disk.files(), disk.path("a"), OpenMode::Read);
  CHECK(file->write_at(0, bytes_of("x")) != 0);
  CHECK(file->truncate(0) != 0);
  CHECK(content(disk.files(), disk.path("a")) == "abc");
}

TEST_CASE_TEMPLATE("files: read_file() takes the whole of a file up to its limit", Disk, LinuxDisk,
                   SimDisk) {
  Disk disk;
  std::string text = "kept";
  CHECK(read_file(disk.files(), disk.path("none"), 100, text) == ENOENT);
  for (const size_t size : {0U, 1U, 99U, 100U}) {
    const std::string name = disk.path("f" + std::to_string(size));
    put(disk.files(), name, std::string(size, 'x'));
    CHECK(read_file(disk.files(), name, 100, text) == 0);
    CHECK(text == std::string(size, 'x'));
  }
  put(disk.files(), disk.path("large"), std::string(101, 'x'));
  CHECK(read_file(disk.files(), disk.path("large"), 100, text) == EFBIG);
}

TEST_CASE("linux files: a file whose size is told as 0 is read as well, and limited") {
  LinuxFiles files;
  std::string text;
  CHECK(read_file(files, "/proc/self/status", 1 << 20, text) == 0);
  CHECK(text.find("VmRSS") != std::string::npos);
  CHECK(read_file(files, "/proc/self/status", 10, text) == EFBIG);
  CHECK(text.empty());
}

TEST_CASE("linux files: a NUL in a path names nothing") {
  LinuxFiles files;
  int error = 0;
  CHECK(files.open(std::string_view("/etc/hosts\0x", 12), OpenMode::Read, error) == nullptr);
  CHECK(error == ENOENT);
}

TEST_CASE("sim files: a crash keeps what was synced and loses the rest") {
  SimDisk disk;
  auto file = open(disk.files(), "/a", OpenMode::ReadWriteCreate);
  CHECK(file->append(bytes_of("kept ")) == 0);
  CHECK(file->sync() == 0);
  CHECK(file->append(bytes_of("lost")) == 0);
  CHECK(content(disk.files(), "/a") == "kept lost");
  disk.host().crash();
  disk.host().restart();
  CHECK(content(disk.files(), "/a") == "kept ");
  // The program that had it open is dead.
  CHECK(file->append(bytes_of("ghost")) == EIO);
  CHECK(file->sync() == EIO);
  CHECK(content(disk.files(), "/a") == "kept ");
}

TEST_CASE("sim files: a crash may keep a torn prefix of the unsynced writes, or any of them") {
  bool torn = false;
  bool hole = false;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    for (const SimCrashKeeps keeps : {SimCrashKeeps::Prefix, SimCrashKeeps::Any}) {
      SimWorld world(seed);
      SimHost& host = world.make_host("a", {});
      host.files().set_crash_keeps(keeps);
      const auto file = open(host.files(), "/a", OpenMode::ReadWriteCreate);
      for (const char* const text : {"AAAA", "BBBB", "CCCC"})
        CHECK(file->append(bytes_of(text)) == 0);
      host.crash();
      host.restart();
      const std::string left = content(host.files(), "/a");
      if (keeps == SimCrashKeeps::Prefix) {
        CHECK(std::string("AAAABBBBCCCC").starts_with(left));
        torn = torn || left.size() % 4 != 0;
      } else {
        CHECK(left.size() % 4 == 0);
        hole = hole || left.find('\0') != std::string::npos;
      }
    }
  }
  CHECK(torn);
  CHECK(hole);
}

TEST_CASE("sim files: faults give their errors and leave what stood before" *
          doctest::description("R9.5")) {
  SimDisk disk;
  const auto file = open(disk.files(), "/a", OpenMode::ReadWriteCreate);
  CHECK(file->append(bytes_of("good")) == 0);
  CHECK(file->sync() == 0);
  SimFileFaults& faults = disk.sim().faults();
  SUBCASE("no space: the part that fits is there") {
    faults.space_left = 3;
    CHECK(file->append(bytes_of("12345")) == ENOSPC);
    CHECK(content(disk.files(), "/a") == "good123");
    CHECK(file->append(bytes_of("6")) == ENOSPC);
  }
  SUBCASE("read-only") {
    faults.read_only = true;
    int error = 0;
    CHECK(file->append(bytes_of("x")) == EROFS);
    CHECK(disk.files().open("/b", OpenMode::AppendCreate, error) == nullptr);
    CHECK(error == EROFS);
    CHECK(disk.files().remove("/a") == EROFS);
    CHECK(disk.files().rename("/a", "/b") == EROFS);
    CHECK(content(disk.files(), "/a") == "good");
  }
  SUBCASE("a failed sync makes nothing durable") {
    faults.sync_error = EIO;
    CHECK(file->append(bytes_of("bad")) == 0);
    CHECK(file->sync() == EIO);
    disk.host().crash();
    disk.host().restart();
    CHECK(content(disk.files(), "/a") == "good");
  }
  SUBCASE("errors of reading, writing and opening") {
    faults.read_error = EIO;
    std::string text;
    CHECK(read_file(disk.files(), "/a", 100, text) == EIO);
    faults.read_error = 0;
    faults.write_error = EIO;
    CHECK(file->append(bytes_of("x")) == EIO);
    faults.open_error = EMFILE;
    CHECK(read_file(disk.files(), "/a", 100, text) == EMFILE);
  }
}
