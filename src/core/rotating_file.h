// A file of lines that cannot fill the disk: when it has its size it becomes FILE.1, what was FILE.1
// becomes FILE.2 and so on, and the last one goes. On the log's thread, where it may block.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "port/files.h"

namespace tipring {

struct RotatingFileOptions {
  uint64_t size_max = 0;  // bytes; 0: without a bound, somebody else rotates it
  uint32_t kept = 4;      // older files beside the one that is written
};

class RotatingFile {
 public:
  // Borrows `files`.
  RotatingFile(port::Files& files, std::string path, const RotatingFileOptions& options);

  // Before the first line; 0 or an errno value.
  int open();

  // From any thread: the file at the path is opened anew before the next lines, after another
  // program has moved the old one away.
  void reopen() { reopen_.store(true, std::memory_order_relaxed); }

  // Whole lines, each with its line end. Returns how many bytes of them are in the file, whole lines
  // again: a failed write loses the others, and what comes next is tried anew.
  size_t append(std::string_view lines);

 private:
  bool make_room(size_t size);
  size_t keep_whole_lines(std::string_view lines);
  void rotate();
  std::string path_of(uint32_t age) const;

  port::Files& files_;
  const std::string path_;
  const RotatingFileOptions options_;
  std::unique_ptr<port::File> file_;
  uint64_t size_ = 0;
  std::atomic<bool> reopen_{false};
};

}  // namespace tipring
