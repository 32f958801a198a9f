#include "port/linux/linux_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>

#include "port/linux/loop_event.h"
#include "port/linux/loop_mirror.h"
#include "port/linux/timer_queue.h"

namespace tipring::port {
namespace {

// Measured on 64-bit. libevent keeps 48 bytes for each descriptor that it has seen, and doubles an
// array of pointers and the one of ready events, of which old and new exist while they grow. c-ares
// takes 75 KiB at start, 1 KiB for each name under way, and 64 KiB for an answer over TCP.
constexpr size_t kBytesBase = 32 * 1024;
constexpr size_t kBytesForSockets = 64 * 512;  // of LinuxNetwork: UDP sockets and listeners
constexpr size_t kBytesPerDescriptor = 48 + 3 * sizeof(void*) + 40;
constexpr size_t kBytesPerSocket = 288;  // and the header of its block
constexpr size_t kBytesForNames = 160 * 1024;
constexpr size_t kBytesPerNameQuery = 1536;

int make_eventfd() { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

void raise_eventfd(int fd) {
  const uint64_t one = 1;
  // It fails only when the counter is full, and then the reader is awake anyway.
  [[maybe_unused]] const ssize_t written = write(fd, &one, sizeof one);
}

void drain_eventfd(int fd) {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = read(fd, &count, sizeof count);
}

}  // namespace

class LinuxLoop::Timer final : public LoopTimer, private TimerNode {
 public:
  Timer(LinuxLoop& loop, TimerHandler& owner) : TimerNode(owner), loop_(loop) {}
  ~Timer() override { cancel(); }

  void arm(Millis when) override {
    loop_.timers_->arm(*this, when);
    loop_.timers_changed();
  }
  void cancel() override {
    loop_.timers_->cancel(*this);
    loop_.timers_changed();
  }

 private:
  LinuxLoop& loop_;
};

class LinuxLoop::LinuxWakeup final : public Wakeup {
 public:
  LinuxWakeup(LinuxLoop& loop, WakeupHandler& handler) : handler_(handler), fd_(make_eventfd()) {
    event_.assign(loop, fd_, EV_READ | EV_PERSIST, bound<&LinuxWakeup::on_event>, this);
    if (fd_ >= 0 && !event_.add()) {
      close(fd_);
      fd_ = -1;
    }
  }
  ~LinuxWakeup() override {
    event_.remove();
    if (fd_ >= 0) close(fd_);
  }
  bool ok() const { return fd_ >= 0; }

  // The flag saves the system call when the loop has been told already and has not come to it.
  void notify() override {
    if (!pending_.exchange(true)) raise_eventfd(fd_);
  }

 private:
  void on_event() {
    drain_eventfd(fd_);
    pending_ = false;  // before the handler looks, so that what comes later wakes again
    handler_.on_wakeup();
  }

  WakeupHandler& handler_;
  std::atomic<bool> pending_ = false;
  int fd_;
  LoopEvent event_;
};

// A signal's handler may do next to nothing, so it leaves a flag and wakes the loop.
class LinuxLoop::Signals {
 public:
  Signals(LinuxLoop& loop, SignalHandler& handler) : handler_(handler) {
    fd_ = make_eventfd();
    event_.assign(loop, fd_, EV_READ | EV_PERSIST, bound<&Signals::on_event>, this);
    if (fd_ < 0 || !event_.add()) return;
    watching_ = true;
    set_disposition(&Signals::on_signal);
  }
  ~Signals() {
    if (watching_) set_disposition(SIG_DFL);
    event_.remove();
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  bool watching() const { return watching_; }

  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  static void on_signal(int number) {
    const int error = errno;
    (number == SIGHUP ? reload_ : terminate_) = true;
    raise_eventfd(fd_);
    errno = error;
  }

  static void set_disposition(void (*function)(int)) {
    struct sigaction action {};
    action.sa_handler = function;
    action.sa_flags = SA_RESTART;
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaction(number, &action, nullptr);
  }

  void on_event() {
    drain_eventfd(fd_);
    if (reload_.exchange(false)) handler_.on_signal(Signal::Reload);
    if (terminate_.exchange(false)) handler_.on_signal(Signal::Terminate);
  }

  static inline std::atomic<int> fd_ = -1;
  static inline std::atomic<bool> reload_ = false;
  static inline std::atomic<bool> terminate_ = false;
  SignalHandler& handler_;
  bool watching_ = false;
  LoopEvent event_;
};

size_t LinuxLoop::memory_bytes(const LinuxLoopOptions& options) {
  return kBytesBase + kBytesForSockets + options.media_sockets * kBytesPerSocket +
         options.descriptors_max * kBytesPerDescriptor +
         (options.name_queries == 0 ? 0
                                    : kBytesForNames + options.name_queries * kBytesPerNameQuery);
}

LinuxLoop::LinuxLoop(const LinuxLoopOptions& options)
    : memory_(memory_bytes(options)),
      keep_(std::make_unique<LoopEvent>()),
      timeout_(std::make_unique<LoopEvent>()),
      timers_(std::make_unique<TimerQueue>()) {
  // A peer that closes its stream is no reason to die. Sockets say so by themselves, libraries do
  // not.
  std::signal(SIGPIPE, SIG_IGN);
  if (options.mirrored) mirror_ = std::make_unique<LoopMirror>();
  keep_fd_ = make_eventfd();
  if (memory_.ok()) base_ = event_base_new();
  if (base_ == nullptr || keep_fd_ < 0) return;
  timeout_->assign(*this, -1, 0, bound<&LinuxLoop::on_timeout>, this);
  keep_->assign(
      *this, keep_fd_, EV_READ | EV_PERSIST, [](void*) {}, nullptr);
  keep_->add();
}

LinuxLoop::~LinuxLoop() {
  signals_.reset();
  timeout_.reset();
  keep_.reset();
  if (base_ != nullptr) event_base_free(base_);
  if (keep_fd_ >= 0) close(keep_fd_);
}

bool LinuxLoop::ok() const {
  return base_ != nullptr && keep_fd_ >= 0 && (mirror_ == nullptr || mirror_->ok());
}

// Outside of run() there are no turns, and start-up may take its time between two calls.
Millis LinuxLoop::now() const { return in_turn_ ? now_ : clock_.monotonic(); }

Micros LinuxLoop::turn_began() const { return in_turn_ ? began_ : clock_.monotonic_fine(); }

std::unique_ptr<LoopTimer> LinuxLoop::make_timer(TimerHandler& handler) {
  return std::make_unique<Timer>(*this, handler);
}

std::unique_ptr<Wakeup> LinuxLoop::make_wakeup(WakeupHandler& handler) {
  auto wakeup = std::make_unique<LinuxWakeup>(*this, handler);
  return wakeup->ok() ? std::move(wakeup) : nullptr;
}

bool LinuxLoop::watch_signals(SignalHandler& handler) {
  signals_.reset();
  signals_ = std::make_unique<Signals>(*this, handler);
  return signals_->watching();
}

void LinuxLoop::begin_turn() {
  if (in_turn_) return;
  in_turn_ = true;
  began_ = clock_.monotonic_fine();
  now_ = std::chrono::floor<Millis>(began_);
}

void LinuxLoop::timers_changed() {
  const Millis earliest = timers_->earliest();
  if (earliest == timeout_deadline_) return;
  timeout_deadline_ = earliest;
  mirror_deadline();
  if (earliest == kNever) {
    timeout_->remove();
  } else {
    timeout_->add_timeout(std::max(earliest - now(), Millis(0)));
  }
}

// libevent measures by the coarse clock and may be some milliseconds early: what is not due yet is
// waited for again.
void LinuxLoop::on_timeout() {
  timeout_deadline_ = kNever;
  timers_->fire(now_);
  timers_changed();
}

void LinuxLoop::turn() {
  event_base_loop(base_, EVLOOP_ONCE);
  begin_turn();
  if (turn_handler_ != nullptr) turn_handler_->on_turn_end(now_);
  in_turn_ = false;
}

int LinuxLoop::descriptor() const { return mirror_ == nullptr ? -1 : mirror_->descriptor(); }

void LinuxLoop::serve() {
  event_base_loop(base_, EVLOOP_ONCE | EVLOOP_NONBLOCK);
  begin_turn();
  // libevent's coarse clock may not have come to what has woken the caller.
  if (timers_->earliest() <= now_) on_timeout();
  if (turn_handler_ != nullptr) turn_handler_->on_turn_end(now_);
  if (pause_until_ <= now_) pause_until_ = kNever;
  in_turn_ = false;
  mirror_deadline();
}

void LinuxLoop::note_timeout(const LoopEvent& event, Millis delay) {
  if (&event == timeout_.get()) return;
  pause_until_ = now() + delay;
  mirror_deadline();
}

void LinuxLoop::mirror_deadline() {
  if (mirror_ != nullptr) mirror_->set_deadline(std::min(timers_->earliest(), pause_until_));
}

void LinuxLoop::run() {
  while (!stopping_) turn();
  stopping_ = false;
}

}  // namespace tipring::port
