#include "port/linux/linux_workers.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "port/linux/linux_clock.h"
#include "port/linux/linux_thread.h"

namespace tipring::port {
namespace {

timespec to_timespec(Millis instant) {
  timespec time{};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(instant);
  time.tv_sec = seconds.count();
  time.tv_nsec = static_cast<long>(std::chrono::nanoseconds(instant - seconds).count());
  return time;
}

// A pthread, because std::thread can choose no stack size and reports a failure as an exception.
class LinuxWorker final : public Worker {
 public:
  LinuxWorker(std::string_view name, WorkerTask& task) : task_(task) {
    std::copy_n(name.begin(), std::min(name.size(), name_.size() - 1), name_.begin());
    pthread_mutex_init(&mutex_, nullptr);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&condition_, &attributes);
    pthread_condattr_destroy(&attributes);
  }
  ~LinuxWorker() override {
    if (started_) {
      pthread_mutex_lock(&mutex_);
      stopping_ = true;
      pthread_cond_signal(&condition_);
      pthread_mutex_unlock(&mutex_);
      pthread_join(thread_, nullptr);
    }
    pthread_cond_destroy(&condition_);
    pthread_mutex_destroy(&mutex_);
  }

  LinuxWorker(const LinuxWorker&) = delete;
  LinuxWorker& operator=(const LinuxWorker&) = delete;

  bool start() {
    started_ = start_thread(thread_, LinuxWorkers::kStackBytes, &LinuxWorker::main, this) == 0;
    return started_;
  }

  // The lock is held for a few instructions on either side, never while the task works.
  void notify() override {
    pthread_mutex_lock(&mutex_);
    const bool first = !notified_;
    notified_ = true;
    pthread_mutex_unlock(&mutex_);
    if (first) pthread_cond_signal(&condition_);
  }

 private:
  static void* main(void* self) {
    auto* const worker = static_cast<LinuxWorker*>(self);
    begin_thread(worker->name_.data(), Standing::Beside);
    worker->run();
    return nullptr;
  }

  void run() {
    Millis again = kNever;
    while (wait(again)) again = task_.serve(clock_.monotonic());
  }

  // Until there is work or `deadline` has come. False when the thread is to end and nothing is
  // left.
  bool wait(Millis deadline) {
    pthread_mutex_lock(&mutex_);
    while (!notified_ && !stopping_ && clock_.monotonic() < deadline) {
      if (deadline == kNever) {
        pthread_cond_wait(&condition_, &mutex_);
      } else {
        const timespec until = to_timespec(deadline);
        pthread_cond_timedwait(&condition_, &mutex_, &until);
      }
    }
    const bool work = notified_ || !stopping_;
    notified_ = false;
    pthread_mutex_unlock(&mutex_);
    return work;
  }

  WorkerTask& task_;
  LinuxClock clock_;
  std::array<char, 16> name_{};
  pthread_mutex_t mutex_;
  pthread_cond_t condition_;
  pthread_t thread_{};
  bool started_ = false;
  bool notified_ = false;
  bool stopping_ = false;
};

}  // namespace

std::unique_ptr<Worker> LinuxWorkers::start(std::string_view name, WorkerTask& task) {
  auto worker = std::make_unique<LinuxWorker>(name, task);
  if (!worker->start()) return nullptr;
  return worker;
}

}  // namespace tipring::port
