// The log as a file of its own.
#pragma once

#include <string>

#include "core/log_sink.h"
#include "core/rotating_file.h"

namespace tipring {

// A failed write loses its lines: a full disk must not stop the log's thread. The next ones are tried
// again, and the first to be written tells how many were lost.
class LogFile final : public TextSink {
 public:
  // Borrows `files`.
  LogFile(port::Files& files, std::string path, const RotatingFileOptions& options)
      : file_(files, std::move(path), options) {}

  // As RotatingFile.
  int open() { return file_.open(); }
  void reopen() { file_.reopen(); }

 protected:
  void write_text(std::string_view lines) override { note_lost(lines.substr(file_.append(lines))); }

 private:
  RotatingFile file_;
};

}  // namespace tipring
