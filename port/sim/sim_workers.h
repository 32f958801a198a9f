// Worker threads in virtual time: serve() runs at one instant, and what its files cost comes after
// it.
#pragma once

#include "port/sim/sim_world.h"
#include "port/worker.h"

namespace tipring::port {

// A worker is woken within the latency given here, by chance. While the time that its last serve()
// took has not passed, it is busy and serves nothing. A wakeup that serve() notifies reaches the
// loop after the time used up so far. What serve() writes into memory can be seen at once, so a
// result is to be read when its wakeup comes, and not before.
class SimWorkers final : public Workers {
 public:
  explicit SimWorkers(SimHost& host) : host_(host) {}

  std::unique_ptr<Worker> start(std::string_view name, WorkerTask& task) override;

  void set_latency(Millis least, Millis most) {
    latency_min_ = least;
    latency_max_ = most;
  }

 private:
  class SimWorker;

  SimHost& host_;
  Millis latency_min_{0};
  Millis latency_max_{0};
};

}  // namespace tipring::port
