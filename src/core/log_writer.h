// The thread behind the log: drains the rings of all producing threads and writes lines to a sink.
// Lines that wait at the same time are written in the order of their times. One whose thread was
// still writing it comes later, with its own time.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "core/log.h"
#include "core/log_sink.h"
#include "port/worker.h"

namespace tipring {

class LogWriter final : public port::WorkerTask {
 public:
  static constexpr size_t kRingsMax = 4;

  // Borrows both for as long as it lives.
  LogWriter(std::span<LogRing* const> rings, LogSink& sink);

  Millis serve(Millis now) override;

 private:
  LogRing* oldest();
  bool add_line(const LogSlot& slot);
  void flush();

  std::array<LogRing*, kRingsMax> rings_{};
  LogSink& sink_;
  std::array<char, 8192> text_;
  size_t size_ = 0;
};

inline constexpr size_t kTimestampMax = 24;

// "2026-01-02T03:04:05.678Z"; `out` holds kTimestampMax. Years 1970 to 9999.
std::string_view write_timestamp(Millis wall, std::span<char> out);

}  // namespace tipring
