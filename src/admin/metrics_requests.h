// GET /metrics and /api/v1/history. The loop copies its figures into one place on command; the admin thread makes text of
// them. Who asks meanwhile gets the same answer, so that any number of readers costs the loop one
// copy at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "admin/figures.h"
#include "admin/jobs.h"
#include "admin/routes.h"

namespace tipring::admin {

// The admin thread's end: whose answers wait. `figures` is the loop's from the command to its answer,
// and otherwise the admin thread's; it outlives this.
class MetricsDesk {
 public:
  explicit MetricsDesk(const Figures& figures) : figures_(figures) {}
  MetricsDesk(const MetricsDesk&) = delete;
  MetricsDesk& operator=(const MetricsDesk&) = delete;

  using Write = void (*)(port::HttpExchange& exchange, const Figures& figures);
  // Answers the exchange by `write`, once the figures are there.
  void ask(Desk& desk, port::HttpExchange& exchange, Write write);
  // For its job.
  void on_answer(Desk& desk);

 private:
  const Figures& figures_;
  struct Waiting {
    uint64_t exchange;
    Write write;
  };
  std::vector<Waiting> waiting_;
};

void show_metrics(Api& api, const Request& request);
void show_history(Api& api, const Request& request);

}  // namespace tipring::admin
