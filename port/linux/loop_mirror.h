// One descriptor that stands for a whole loop, for programs that have a loop of their own: it can be
// read from whenever something waits for this one. libevent does not show the descriptor that it
// waits on, so what its events wait for is told to the kernel once more here.
#pragma once

#include "port/time.h"

namespace tipring::port {

class LoopMirror {
 public:
  LoopMirror();
  ~LoopMirror();
  LoopMirror(const LoopMirror&) = delete;
  LoopMirror& operator=(const LoopMirror&) = delete;

  bool ok() const { return all_ >= 0 && reads_ >= 0 && writes_ >= 0 && timer_ >= 0; }
  int descriptor() const { return all_; }

  // What an event waits for, from when it is added until it is removed. Removing what was not there
  // does nothing.
  void add(int fd, bool reads, bool writes);
  void remove(int fd, bool reads, bool writes);

  // Readable from then on as well; kNever: no more.
  void set_deadline(Millis deadline);

 private:
  // A socket may be waited for by two events, and a descriptor stands in such a list only once.
  int reads_ = -1;
  int writes_ = -1;
  int timer_ = -1;
  int all_ = -1;
  Millis deadline_ = kNever;
};

}  // namespace tipring::port
