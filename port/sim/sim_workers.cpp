#include "port/sim/sim_workers.h"

#include <algorithm>
#include <optional>

#include "port/sim/sim_host.h"

namespace tipring::port {

class SimWorkers::SimWorker final : public Worker {
 public:
  SimWorker(SimWorkers& workers, WorkerTask& task)
      : workers_(workers), host_(workers.host_), task_(task), epoch_(host_.epoch()) {}

  ~SimWorker() override {
    if (event_) host_.world().cancel(*event_);
    // After a crash there is no thread that could do the rest.
    if (notified_ && host_.epoch() == epoch_) serve();
    if (event_) host_.world().cancel(*event_);
  }

  void notify() override {
    if (notified_) return;
    notified_ = true;
    const SimWorkers& workers = workers_;
    const Millis latency =
        host_.world().random().between(workers.latency_min_, workers.latency_max_);
    run_at(host_.local_now() + latency);
  }

 private:
  // The earlier of this instant and the one already planned, but not while the worker is busy.
  void run_at(Millis when) {
    when = std::max(when, busy_until_);
    if (event_ && event_->first <= when) return;
    if (event_) host_.world().cancel(*event_);
    event_.reset();
    if (when == kNever) return;
    event_ = host_.world().at_host(when, host_, false, [this] {
      event_.reset();
      serve();
    });
  }

  void serve() {
    notified_ = false;
    Millis used{0};
    Millis* const outer = std::exchange(host_.running_latency, &used);
    const Millis again = task_.serve(host_.world().now());
    host_.running_latency = outer;
    busy_until_ = host_.world().now() + used;
    run_at(again);
  }

  SimWorkers& workers_;
  SimHost& host_;
  WorkerTask& task_;
  uint64_t epoch_;
  Millis busy_until_{0};
  std::optional<SimEventId> event_;
  bool notified_ = false;
};

std::unique_ptr<Worker> SimWorkers::start(std::string_view, WorkerTask& task) {
  return std::make_unique<SimWorker>(*this, task);
}

}  // namespace tipring::port
