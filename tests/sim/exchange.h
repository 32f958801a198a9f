// The server of a simulated network: app::Exchange, wired as the server's program wires it, on a
// host whose power can be cut. Its files outlive it.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "app/exchange.h"
#include "core/log_sink.h"
#include "core/log_writer.h"
#include "node.h"
#include "port/sim/sim_host.h"

namespace tipring::sim {

// Room for a few phones that do much at the same time.
app::Config test_config();

class Exchange final : private TextSink, private store::StoreWaiter, private store::GroupWaiter {
 public:
  // Listens on UDP and TCP, port 5060, of every address.
  Exchange(port::SimWorld& world, const std::vector<std::string>& addresses,
           const app::Config& config);
  ~Exchange() override;

  // A new life of the server. Empty, or what is wrong.
  std::string start();
  // SIGTERM.
  void stop() { life_.reset(); }
  // The power fails; start() is the next thing after it has come back.
  void cut_power(port::SimCrashKeeps keeps);

  // Puts the user into the store, with credentials for digest. Time passes until it is durable.
  bool add_user(const std::string& name, const std::string& password);
  // The same for a hunt group.
  bool add_group(const store::GroupRecord& record, const std::vector<store::MemberRecord>& members);

  app::Exchange& server() { return *life_->exchange; }
  // Empty when the arena was used up to the last byte of what was planned.
  std::string plan_fault() const;

  // What every pool holds now is what it shall hold when nothing is going on.
  void remember_pools();
  // The pools that hold something else now; empty for none.
  std::string leftovers() const;
  const PoolStats& pool(std::string_view name) const;

  // The log: its last lines, and how many had the level.
  const std::deque<std::string>& log_lines() const { return log_lines_; }
  bool logged(std::string_view text) const;
  size_t log_count(LogLevel level) const { return log_counts_[static_cast<size_t>(level)]; }

  port::SimHost& host;

 private:
  // What the server's program holds, in its order.
  struct Life {
    Life(const app::Config& config, port::SimHost& host, tipring::LogSink& sink);

    NodeMemory memory;
    Arena arena;
    std::vector<LogSlot> log_slots;
    LogRing log_ring;
    Log log;
    LogWriter log_writer;
    std::unique_ptr<port::Worker> log_worker;
    std::unique_ptr<app::Exchange> exchange;
    PoolRegistry pools;
  };

  static constexpr size_t kLogLinesMax = 500;

  void write_text(std::string_view lines) override;
  void on_stored(uint64_t tag, store::StoreStatus status) override;
  void on_group_changed(uint64_t tag, const store::GroupReply& reply) override;

  app::Config config_;
  std::unique_ptr<Life> life_;
  std::deque<std::string> log_lines_;
  std::array<size_t, 4> log_counts_{};
  std::vector<uint32_t> idle_pools_;  // in the order of their registration
  bool user_stored_ = false;
  size_t group_changes_ = 0;
};

}  // namespace tipring::sim
