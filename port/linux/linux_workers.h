// Worker threads: one for each task, asleep on a condition until there is work or a deadline.
#pragma once

#include "port/worker.h"

namespace tipring::port {

class LinuxWorkers final : public Workers {
 public:
  // What a worker may put on its stack. SQLite and the file logs stay far below.
  static constexpr size_t kStackBytes = 256 * 1024;

  // Null when the system gives no thread.
  std::unique_ptr<Worker> start(std::string_view name, WorkerTask& task) override;
};

}  // namespace tipring::port
