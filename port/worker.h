// A thread that serves what the loop hands it through a ring, for work that may block: storage, log
// files.
#pragma once

#include <memory>
#include <string_view>

#include "port/time.h"

namespace tipring::port {

class WorkerTask {
 public:
  // Serves all work that waits, on the worker's thread. Returns the instant of the monotonic clock
  // at which it wants to run again even if nobody notifies; kNever for none.
  virtual Millis serve(Millis now) = 0;

 protected:
  ~WorkerTask() = default;
};

class Worker {
 public:
  virtual ~Worker() = default;  // runs serve() once more if a notify() is pending, then joins
  virtual void notify() = 0;    // from any thread: there is work
};

class Workers {
 public:
  virtual ~Workers() = default;
  // `name` is at most 15 bytes: what `ps -L` shows. `task` outlives the worker.
  virtual std::unique_ptr<Worker> start(std::string_view name, WorkerTask& task) = 0;
};

}  // namespace tipring::port
