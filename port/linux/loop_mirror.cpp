#include "port/linux/loop_mirror.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

namespace tipring::port {

namespace {

bool control(int list, int operation, int fd, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  return epoll_ctl(list, operation, fd, &event) == 0;
}

}  // namespace

LoopMirror::LoopMirror()
    : reads_(epoll_create1(EPOLL_CLOEXEC)),
      writes_(epoll_create1(EPOLL_CLOEXEC)),
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      all_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!ok()) return;
  for (const int fd : {reads_, writes_, timer_}) control(all_, EPOLL_CTL_ADD, fd, EPOLLIN);
}

LoopMirror::~LoopMirror() {
  for (const int fd : {all_, reads_, writes_, timer_}) {
    if (fd >= 0) close(fd);
  }
}

void LoopMirror::add(int fd, bool reads, bool writes) {
  if (reads) control(reads_, EPOLL_CTL_ADD, fd, EPOLLIN);
  if (writes) control(writes_, EPOLL_CTL_ADD, fd, EPOLLOUT);
}

void LoopMirror::remove(int fd, bool reads, bool writes) {
  if (reads) control(reads_, EPOLL_CTL_DEL, fd, 0);
  if (writes) control(writes_, EPOLL_CTL_DEL, fd, 0);
}

void LoopMirror::set_deadline(Millis deadline) {
  if (deadline == deadline_) return;
  deadline_ = deadline;
  itimerspec when{};
  if (deadline != kNever) {
    const auto millis = std::max<int64_t>(deadline.count(), 1);  // zero would disarm it
    when.it_value.tv_sec = millis / 1000;
    when.it_value.tv_nsec = millis % 1000 * 1'000'000;
  }
  timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
}

}  // namespace tipring::port
