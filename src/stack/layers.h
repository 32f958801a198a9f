// The layers of the stack on the ports of this system, wired together on one loop: what an embedded
// stack stands on. Made once, by the numbers of its options.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/arena.h"
#include "core/log_sink.h"
#include "core/log_writer.h"
#include "dialog/calls.h"
#include "port/linux/linux_clock.h"
#include "port/linux/linux_entropy.h"
#include "port/linux/linux_files.h"
#include "port/linux/linux_loop.h"
#include "port/linux/linux_names.h"
#include "port/linux/linux_network.h"
#include "port/linux/linux_workers.h"
#include "server/policy/domains.h"
#include "server/proxy/proxy.h"
#include "service/legs.h"
#include "tipring/stack.h"

namespace tipring::stack {

// Memory of the size that the plan asks for.
class PlannedMemory {
 public:
  explicit PlannedMemory(const Limits& limits);
  ~PlannedMemory();
  PlannedMemory(const PlannedMemory&) = delete;
  PlannedMemory& operator=(const PlannedMemory&) = delete;

  std::span<std::byte> view() const { return region_; }

 private:
  std::span<std::byte> region_;
};

// Which names are ours: the addresses that we listen on, and the domains of a proxy.
class OwnHosts final : public service::OwnNames, public policy::Domains {
 public:
  explicit OwnHosts(const transport::TransportLayer& transport) : transport_(transport) {}

  std::vector<std::string> domains;

  bool is_own(std::string_view host, uint16_t port) const override;
  std::optional<std::string_view> domain_of(std::string_view host, uint16_t port) const override;

 private:
  const transport::TransportLayer& transport_;
};

// Everybody may do everything: who is let in is the program's affair.
class OpenDoor final : public service::AccessControl {
  service::Access judge(const service::Incoming&, const service::RouteFacts&) override {
    return {};
  }
};

// Hands each line to the program, on the log's own thread.
class FunctionSink final : public LogSink {
 public:
  using Function = std::function<void(LogLevel level, std::string_view line)>;
  explicit FunctionSink(Function function) : function_(std::move(function)) {}

  void write(const LogLine& line) override { function_(line.level, line.text); }
  void flush() override {}

 private:
  Function function_;
};

Limits limits_of(const StackOptions& options);

class Layers final : private port::TurnHandler {
 public:
  // `memory` outlives it.
  Layers(const StackOptions& options, std::span<std::byte> memory);
  ~Layers();

  // Opens the listeners. Empty on success, else what is wrong.
  std::string start(const StackOptions& options, transaction::RequestHandler& handler);

  // At the end of each turn, before what waits is sent.
  std::function<void(Millis now)> on_turn;

 private:
  void on_turn_end(Millis now) override;

  Limits limits_;

 public:
  port::LinuxClock clock;
  port::LinuxEntropy entropy;
  port::LinuxFiles files;
  port::LinuxWorkers workers;
  port::LinuxLoop loop;
  port::LinuxNetwork network;
  port::LinuxNames names;
  Arena arena;

 private:
  std::vector<LogSlot> log_slots_;
  LogRing log_ring_;

 public:
  Log log;
  MessageSlabs slabs;
  TimerWheel timers;
  TimerDriver timer_driver;
  transport::TransportLayer transport;
  transport::Locator locator;
  transaction::TransactionLayer transactions;
  dialog::Calls calls;
  service::Overload overload;
  OwnHosts hosts;
  OpenDoor door;
  service::Environment environment;
  service::Legs legs;

  const Limits& limits() const { return limits_; }

 private:
  std::unique_ptr<FunctionSink> log_sink_;
  std::unique_ptr<LogWriter> log_writer_;
  std::unique_ptr<port::Worker> log_worker_;
};

}  // namespace tipring::stack
