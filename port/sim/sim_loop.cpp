#include "port/sim/sim_loop.h"

#include <optional>

#include "port/sim/sim_host.h"

namespace tipring::port {

class SimLoop::Timer final : public LoopTimer {
 public:
  Timer(SimHost& host, TimerHandler& handler) : host_(host), handler_(handler) {}
  ~Timer() override { cancel(); }

  void arm(Millis deadline) override {
    cancel();
    if (deadline == kNever) return;
    event_ = host_.loop().schedule(deadline, [this] {
      event_.reset();
      handler_.on_timer(host_.world().now());
    });
  }
  void cancel() override {
    if (event_) host_.world().cancel(*event_);
    event_.reset();
  }

 private:
  SimHost& host_;
  TimerHandler& handler_;
  std::optional<SimEventId> event_;
};

class SimLoop::SimWakeup final : public Wakeup {
 public:
  SimWakeup(SimHost& host, WakeupHandler& handler) : host_(host), handler_(handler) {}
  ~SimWakeup() override {
    if (event_) host_.world().cancel(*event_);
  }

  // From a worker that has used up virtual time, the loop hears of it when that time has passed.
  void notify() override {
    const Millis when = host_.local_now();
    if (event_ && event_->first <= when) return;
    if (event_) host_.world().cancel(*event_);
    event_ = host_.loop().schedule(when, [this] {
      event_.reset();
      handler_.on_wakeup();
    });
  }

 private:
  SimHost& host_;
  WakeupHandler& handler_;
  std::optional<SimEventId> event_;
};

Millis SimLoop::now() const { return host_.world().now(); }

std::unique_ptr<LoopTimer> SimLoop::make_timer(TimerHandler& handler) {
  return std::make_unique<Timer>(host_, handler);
}

std::unique_ptr<Wakeup> SimLoop::make_wakeup(WakeupHandler& handler) {
  return std::make_unique<SimWakeup>(host_, handler);
}

SimEventId SimLoop::schedule(Millis when, std::function<void()> action) {
  return host_.world().at_host(when, host_, true, std::move(action));
}

void SimLoop::raise(Signal signal) {
  schedule(now(), [this, signal] {
    if (signal_handler_ != nullptr) signal_handler_->on_signal(signal);
  });
}

void SimLoop::end_turn() {
  ++turns_;
  if (turn_handler_ != nullptr) turn_handler_->on_turn_end(now());
}

void SimLoop::run() {
  while (!stopping_ && host_.world().step()) {}
  stopping_ = false;
}

}  // namespace tipring::port
