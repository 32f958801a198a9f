// A libevent event that lives in its owner's memory: made once, added and removed without a heap
// call.
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>

#include "port/linux/linux_loop.h"
#include "port/linux/loop_mirror.h"

namespace tipring::port {

class LoopEvent {
 public:
  using Function = void (*)(void* owner);

  LoopEvent() = default;
  ~LoopEvent() { remove(); }
  LoopEvent(const LoopEvent&) = delete;
  LoopEvent& operator=(const LoopEvent&) = delete;

  // `function` may destroy this event. Not while it is added.
  void assign(LinuxLoop& loop, int fd, short what, Function function, void* owner) {
    loop_ = &loop;
    function_ = function;
    owner_ = owner;
    event_assign(&event_, loop.base(), fd, what, &LoopEvent::fire, this);
  }

  bool add() {
    if (event_add(&event_, nullptr) != 0) return false;
    mirror(true);
    return true;
  }
  bool add_timeout(Millis delay) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(delay);
    timeval timeout{};
    timeout.tv_sec = seconds.count();
    timeout.tv_usec = static_cast<suseconds_t>((delay - seconds).count() * 1000);
    loop_->note_timeout(*this, delay);
    return event_add(&event_, &timeout) == 0;
  }
  void remove() {
    if (loop_ == nullptr) return;
    event_del(&event_);
    mirror(false);
  }
  // As add() or remove(), but only when that changes something.
  void set(bool on) {
    if (on == (event_pending(&event_, EV_READ | EV_WRITE, nullptr) != 0)) return;
    if (on) {
      add();
    } else {
      remove();
    }
  }

 private:
  void mirror(bool added) {
    LoopMirror* const mirror = loop_->mirror();
    const int fd = event_get_fd(&event_);
    if (mirror == nullptr || fd < 0) return;
    const short what = event_get_events(&event_);
    const bool reads = (what & EV_READ) != 0;
    const bool writes = (what & EV_WRITE) != 0;
    added ? mirror->add(fd, reads, writes) : mirror->remove(fd, reads, writes);
  }
  static void fire(evutil_socket_t, short, void* self) {
    const LoopEvent& event = *static_cast<LoopEvent*>(self);
    event.loop_->begin_turn();
    event.function_(event.owner_);
  }

  event event_{};
  LinuxLoop* loop_ = nullptr;
  Function function_ = nullptr;
  void* owner_ = nullptr;
};

// Makes a callback of a member function: bound<&Owner::on_event>.
template <auto kMember>
struct Bound;
template <class Owner, void (Owner::*kMember)()>
struct Bound<kMember> {
  static void call(void* owner) { (static_cast<Owner*>(owner)->*kMember)(); }
};
template <auto kMember>
// NOLINTNEXTLINE(readability-identifier-naming): it is used like a function
inline constexpr LoopEvent::Function bound = &Bound<kMember>::call;

}  // namespace tipring::port
