// The last lines of the log, for who looks at a running server. A sink in front of the one that
// writes them: the log's thread puts them in, another one reads them.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/log_sink.h"

namespace tipring {

class LogTail final : public LogSink {
 public:
  struct Line {
    uint64_t number = 0;  // of lines since the start, from 1 on
    int64_t wall_ms = 0;
    LogLevel level = LogLevel::Info;
    std::string text;
  };

  // `room` is borrowed: as many lines as fit into it are kept, the oldest go; one that is larger than
  // all of it is cut.
  explicit LogTail(std::span<char> room) : room_(room) {}

  // Before the first line. It is borrowed.
  void set_next(LogSink& next) { next_ = &next; }

  void write(const LogLine& line) override;
  void flush() override;

  // Lines with a number above `after` that are at least so severe, at most the last `lines_max` of
  // them. From any thread but the loop's: it takes the heap.
  std::vector<Line> read(uint64_t after, LogLevel least, size_t lines_max) const;

 private:
  struct Head {
    int64_t wall_ms;
    uint32_t size;
    LogLevel level;
  };
  class Turn;
  void drop_oldest();
  void put(const void* bytes, size_t size);
  void get(size_t& at, void* bytes, size_t size) const;

  const std::span<char> room_;
  LogSink* next_ = nullptr;
  mutable std::atomic_flag busy_;  // one of the two threads is at the room
  size_t begin_ = 0;               // of the oldest line
  size_t used_ = 0;
  uint64_t first_ = 1;  // its number
  uint64_t next_number_ = 1;
};

}  // namespace tipring
