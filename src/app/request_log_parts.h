// What a request log is made of, where the configuration wants one.
#pragma once

#include <memory>
#include <string>

#include "app/config.h"
#include "core/arena.h"
#include "core/line_log.h"
#include "core/memory_plan.h"
#include "service/request_log.h"

namespace tipring::app {

class RequestLogParts {
 public:
  static void plan(const Config& config, MemoryPlan& plan);

  // Null where there is to be none. Borrows all but the configuration.
  static std::unique_ptr<RequestLogParts> make(const Config& config, Arena& arena,
                                               port::Files& files, const port::Clock& clock,
                                               const port::Loop& loop, Log& log);

  // Opens the file. Empty on success, else what is wrong.
  std::string open();
  void connect(port::Worker& worker) { front_.connect(&worker); }
  void reopen() { file_.reopen(); }

  port::WorkerTask& writer() { return writer_; }
  transaction::AnswerObserver& observer() { return log_; }
  uint64_t written() const { return front_.written() - writer_.lost(); }
  uint64_t lost() const { return front_.lost() + writer_.lost(); }

 private:
  RequestLogParts(const Config& config, Arena& arena, port::Files& files, const port::Clock& clock,
                  const port::Loop& loop, Log& log);

  const std::string path_;
  service::RequestLogStyle style_;
  LineRing ring_;
  LineFront front_;
  RotatingFile file_;
  LineWriter writer_;
  service::RequestLog log_;
};

}  // namespace tipring::app
