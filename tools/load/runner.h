// Runs operations: so many at a time, or so many a second, until a number or a time is reached; and
// gives each message to the operation that it belongs to.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/timer_wheel.h"
#include "port/linux/linux_loop.h"
#include "port/linux/linux_network.h"
#include "tools/load/operation.h"
#include "tools/load/pacer.h"

namespace tipring::load {

class Runner final : private Receiver,
                     private OperationOwner,
                     private port::TurnHandler,
                     private port::TimerHandler,
                     private port::WakeupHandler,
                     private port::SignalHandler {
 public:
  explicit Runner(const Options& options);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // Nothing when all is well, else what went wrong.
  std::optional<std::string> connect();
  // Registers whom the scenario needs registered. The statistics tell how that went.
  bool prepare();
  // The scenario itself, any number of times. False when it was broken off by a signal or for want
  // of a connection.
  bool run();

  const Statistics& statistics() const { return statistics_; }

 private:
  struct Phase {
    uint64_t count = 0;
    double duration_s = 0;
    double rate = 0;
    size_t outstanding = 1;
    uint32_t tick_ms = 0;
  };
  template <class Make>
  bool run_phase(const Phase& phase, Make make);
  bool must_start() const;
  Instant due_time() const;  // of the next operation
  bool start_due();
  void dispatch(Endpoint& at, const sip::MessageView& message);
  void dispatch_echo(Endpoint& at, std::string_view packet);
  Operation* find(std::string_view token_text, Token& token);
  void end_phase(bool broken_off);

  void on_datagram(Endpoint& at, std::string_view bytes) override;
  std::optional<size_t> on_stream(Endpoint& at, std::string_view waiting) override;
  void on_unreachable() override;
  void on_unreadable() override { ++statistics_.unreadable; }
  void on_connected() override;
  void on_lost(Endpoint& at, int error) override;
  void on_end(Operation& operation) override;
  void on_turn_end(Millis now) override;
  void on_timer(Millis now) override;
  void on_wakeup() override {}  // what is due is started at the end of every turn
  void on_signal(port::Signal signal) override;

  const Options& options_;
  port::LinuxLoop loop_;
  port::LinuxNetwork network_;
  TimerWheel wheel_;
  TimerDriver driver_;
  Statistics statistics_;
  Wires callers_;
  Wires callees_;
  Surroundings around_;
  std::unique_ptr<port::LoopTimer> timer_;  // the end of the time
  std::unique_ptr<port::LoopTimer> retry_;  // to send what the kernel did not take
  std::unique_ptr<port::Wakeup> wakeup_;
  std::optional<Pacer> pacer_;
  std::vector<std::unique_ptr<Operation>> operations_;
  std::vector<Operation*> idle_;
  sip::HeaderIndex index_;

  Phase phase_;
  Instant begin_;
  Millis time_end_{0};
  uint64_t number_ = 0;  // of the next operation; goes on from run to run
  bool ran_ = false;
  bool running_ = false;
  bool time_over_ = false;
  bool broken_off_ = false;
  size_t to_connect_ = 0;
  std::string connect_fault_;
};

}  // namespace tipring::load
