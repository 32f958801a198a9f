// A log file that cannot fill the disk: when it has its size it becomes FILE.1, what was FILE.1
// becomes FILE.2 and so on, and the last one goes.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "core/log_sink.h"
#include "port/files.h"

namespace tipring {

struct LogFileOptions {
  uint64_t size_max = 0;  // bytes; 0: without a bound, somebody else rotates it
  uint32_t kept = 4;      // older files beside the one that is written
};

// A failed write loses its lines: a full disk must not stop the log's thread. Lines are kept whole
// or not at all. The next ones are tried again, and the first to be written tells how many were
// lost.
class LogFile final : public TextSink {
 public:
  // Borrows `files`.
  LogFile(port::Files& files, std::string path, const LogFileOptions& options);

  // Before the first line; 0 or an errno value.
  int open();

  // From any thread: the file at the path is opened anew before the next lines, after another
  // program has moved the old one away.
  void reopen() { reopen_.store(true, std::memory_order_relaxed); }

 protected:
  void write_text(std::string_view lines) override;

 private:
  bool make_room(size_t size);
  size_t keep_whole_lines(std::string_view lines);
  void rotate();
  std::string path_of(uint32_t age) const;

  port::Files& files_;
  const std::string path_;
  const LogFileOptions options_;
  std::unique_ptr<port::File> file_;
  uint64_t size_ = 0;
  std::atomic<bool> reopen_{false};
};

}  // namespace tipring
