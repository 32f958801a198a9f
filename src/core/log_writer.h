// The thread behind the log: drains the rings of all producing threads into a sink.
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

  // Another task of the same thread, served after the lines of the log and by the same
  // notifications; it returns kNever. Before the thread starts.
  void set_companion(port::WorkerTask& companion) { companion_ = &companion; }

  Millis serve(Millis now) override;

 private:
  LogRing* oldest();

  std::array<LogRing*, kRingsMax> rings_{};
  LogSink& sink_;
  port::WorkerTask* companion_ = nullptr;
};

}  // namespace tipring
