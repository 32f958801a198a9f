// Where the log's lines end up. A sink is called on the log's thread and may block there.
#pragma once

#include <cstdint>
#include <string_view>

#include "port/files.h"

namespace tipring {

class LogSink {
 public:
  virtual ~LogSink() = default;
  // Whole lines, each with its line end.
  virtual void write(std::string_view lines) = 0;
};

// Standard error: what a service manager or a terminal shows.
class StderrSink final : public LogSink {
 public:
  void write(std::string_view lines) override;
};

// The end of a file. A failed write loses its lines and is counted: a full disk must not stop the
// log's thread, and there is nowhere to log it.
class FileSink final : public LogSink {
 public:
  // Borrows the file.
  explicit FileSink(port::File& file) : file_(file) {}

  void write(std::string_view lines) override;
  uint64_t failed() const { return failed_; }

 private:
  port::File& file_;
  uint64_t failed_ = 0;
};

}  // namespace tipring
