// One simulated machine: everything that an application is handed at start, behind the interfaces
// of port/*.h.
#pragma once

#include <string>
#include <vector>

#include "port/sim/sim_clock.h"
#include "port/sim/sim_files.h"
#include "port/sim/sim_loop.h"
#include "port/sim/sim_names.h"
#include "port/sim/sim_network.h"
#include "port/sim/sim_workers.h"
#include "port/sim/sim_world.h"

namespace tipring::port {

// Made by SimWorld::make_host().
class SimHost {
 public:
  SimHost(SimWorld& world, size_t number, std::string name, std::vector<IpAddress> addresses);

  SimHost(const SimHost&) = delete;
  SimHost& operator=(const SimHost&) = delete;

  SimWorld& world() { return world_; }
  const std::string& name() const { return name_; }
  const std::vector<IpAddress>& addresses() const { return addresses_; }
  size_t number() const { return number_; }

  SimClock& clock() { return clock_; }
  SimEntropy& entropy() { return entropy_; }
  SimLoop& loop() { return loop_; }
  SimNetwork& network() { return network_; }
  SimNames& names() { return names_; }
  SimWorkers& workers() { return workers_; }
  SimFiles& files() { return files_; }

  // The power fails: no event reaches this host's objects any more, peers are told nothing, and
  // files keep what was synced (SimFiles::crash). The objects that its application made are the
  // caller's to destroy, before restart().
  void crash();
  void restart();  // up again; the application is started anew by the caller
  bool up() const { return up_; }

  // For port/sim only: counts crashes, so that an event of an earlier life is known.
  uint64_t epoch() const { return epoch_; }
  // The latency gathered by the worker that is running, null outside of one.
  Millis* running_latency = nullptr;
  Millis local_now() const {
    return world_.now() + (running_latency == nullptr ? Millis(0) : *running_latency);
  }

 private:
  SimWorld& world_;
  size_t number_;
  std::string name_;
  std::vector<IpAddress> addresses_;
  uint64_t epoch_ = 0;
  bool up_ = true;
  SimClock clock_;
  SimEntropy entropy_;
  SimLoop loop_;
  SimNetwork network_;
  SimNames names_;
  SimWorkers workers_;
  SimFiles files_;
};

}  // namespace tipring::port
