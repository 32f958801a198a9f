// The same contract tests run on both ports: each world gives one host that talks to itself.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "port/linux/linux_network.h"
#include "port/sim/sim_host.h"

namespace tipring::port {

inline constexpr size_t kTestStreams = 6;

// Runs a real loop until a condition holds at the end of a turn, or time is up.
class LoopRunner final : public TurnHandler, public TimerHandler {
 public:
  explicit LoopRunner(Loop& loop) : loop_(loop), limit_(loop.make_timer(*this)) {}

  bool run_until(const std::function<bool()>& condition, Millis limit) {
    if (condition()) return true;
    condition_ = &condition;
    limit_->arm(loop_.now() + limit);
    loop_.set_turn_handler(this);
    loop_.run();
    loop_.set_turn_handler(nullptr);
    limit_->cancel();
    return condition();
  }

 private:
  void on_timer(Millis) override { loop_.stop(); }
  void on_turn_end(Millis) override {
    if ((*condition_)()) loop_.stop();
  }

  Loop& loop_;
  std::unique_ptr<LoopTimer> limit_;
  const std::function<bool()>* condition_ = nullptr;
};

class LinuxPort {
 public:
  Loop& loop() { return loop_; }
  Network& network() { return network_; }
  bool run_until(const std::function<bool()>& condition, Millis limit = Millis(3000)) {
    return runner_.run_until(condition, limit);
  }
  void run_for(Millis time) {
    run_until([] { return false; }, time);
  }

 private:
  LinuxLoop loop_;
  LinuxNetwork network_{loop_, {.stream_capacity = kTestStreams}};
  LoopRunner runner_{loop_};
};

class SimPort {
 public:
  SimPort() { host_.network().set_stream_capacity(kTestStreams); }
  Loop& loop() { return host_.loop(); }
  Network& network() { return host_.network(); }
  bool run_until(const std::function<bool()>& condition, Millis limit = Millis(3000)) {
    return world_.run_until(condition, limit);
  }
  void run_for(Millis time) { world_.run_for(time); }

 private:
  SimWorld world_{7};
  SimHost& host_ = world_.make_host("alone", {});
};

inline IpAddress ip(std::string_view text) {
  const auto parsed = parse_ip(text);
  REQUIRE(parsed);
  return *parsed;
}

inline SocketAddress at(std::string_view text, uint16_t port = 0) { return {ip(text), port}; }

inline std::span<const char> bytes_of(std::string_view text) { return text; }

}  // namespace tipring::port
