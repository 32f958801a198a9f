// Where the log's lines end up. A sink is called on the log's thread and may block there.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "core/log.h"
#include "port/time.h"

namespace tipring {

struct LogLine {
  Millis wall{0};
  LogLevel level = LogLevel::Info;
  uint32_t lost_before = 0;  // lines that found no room before this one
  std::string_view text;     // without a line end
};

class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void write(const LogLine& line) = 0;
  virtual void flush() = 0;  // no more lines wait now
};

// A sink of text: "2026-01-02T03:04:05.678Z INFO event key=value" and a line end. Gathers lines, so
// that those which come together cost one write.
class TextSink : public LogSink {
 public:
  void write(const LogLine& line) final;
  void flush() final;

 protected:
  // Whole lines, each with its line end.
  virtual void write_text(std::string_view lines) = 0;
  // From write_text(): these of its lines are lost, and what they told of lines before them. The next
  // line tells.
  void note_lost(std::string_view lines);

 private:
  std::array<char, 8192> text_;
  size_t size_ = 0;
  uint32_t lost_ = 0;  // lines, not told yet
};

// Standard error: what a service manager or a terminal shows.
class StderrSink final : public TextSink {
 protected:
  void write_text(std::string_view lines) override;
};

// The log of the system. It adds the time and shows the level in its own way.
class SystemLogSink final : public LogSink {
 public:
  SystemLogSink();
  void write(const LogLine& line) override;
  void flush() override {}
};

inline constexpr size_t kTimestampMax = 24;

// "2026-01-02T03:04:05.678Z"; `out` holds kTimestampMax. Years 1970 to 9999.
std::string_view write_timestamp(Millis wall, std::span<char> out);

}  // namespace tipring
