// The calls that pass through the server, and those that it is an end of, as the admin API sees them.
// On the loop's thread.
#pragma once

#include "admin/channel.h"
#include "dialog/calls.h"
#include "port/time.h"
#include "server/b2bua/b2bua.h"

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

  // Calls that are led through the server; it outlives this.
  void set_anchored(b2bua::B2bua& anchored) { anchored_ = &anchored; }

  // As Exchange::list_calls() and end_call(). Dialogs that are given up are no calls.
  uint64_t list(uint64_t cursor, Page& page) const;
  Outcome end(uint64_t id);

 private:
  uint64_t list_anchored(uint64_t cursor, Page& page) const;

  const dialog::Calls& calls_;
  const port::Clock& clock_;
  CallEnding& ending_;
  b2bua::B2bua* anchored_ = nullptr;
};

}  // namespace tipring::admin
