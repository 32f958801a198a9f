// The calls that pass through the server, as the admin API sees them. On the loop's thread.
#pragma once

#include "admin/channel.h"
#include "dialog/calls.h"
#include "port/time.h"

namespace tipring::admin {

// Ends calls for an operator.
class CallEnding {
 public:
  // BYE to both sides. REQUIRES: it is answered.
  virtual void end_call(dialog::Dialog& dialog) = 0;

 protected:
  ~CallEnding() = default;
};

class CallDesk {
 public:
  // All outlive it.
  CallDesk(const dialog::Calls& calls, const port::Clock& clock, CallEnding& ending)
      : calls_(calls), clock_(clock), ending_(ending) {}

  // As Exchange::list_calls() and end_call(). Dialogs that are given up are no calls.
  uint64_t list(uint64_t cursor, Page& page) const;
  Outcome end(uint64_t id);

 private:
  const dialog::Calls& calls_;
  const port::Clock& clock_;
  CallEnding& ending_;
};

}  // namespace tipring::admin
