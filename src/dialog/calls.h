// All calls that pass through this server, from their INVITE to the answer to their BYE: found by a
// handle that our Record-Route carries, told apart by Call-ID and tags, ended when nobody refreshes
// them (RFC 4028).
#pragma once

#include <string_view>

#include "core/arena.h"
#include "core/hash_table.h"
#include "core/limits.h"
#include "core/memory_plan.h"
#include "core/pool.h"
#include "core/result.h"
#include "dialog/call_figures.h"
#include "dialog/dialog.h"
#include "port/loop.h"
#include "transport/incoming.h"

namespace tipring::dialog {

using transport::Incoming;

// A request within a dialog.
struct Match {
  Dialog* dialog = nullptr;  // null: none
  Side from = Side::Caller;

  explicit operator bool() const { return dialog != nullptr; }
};

// What a response to an INVITE outside any dialog was to the dialog that it belongs to.
struct Answer {
  Dialog* dialog = nullptr;  // null: it makes none
  bool confirmed = false;    // by this one
};

// On what terms a call may begin.
struct Terms {
  uint64_t holder = 0;             // whose it is, a hash; 0: nobody's, and no bound counts
  uint32_t held_max = UINT32_MAX;  // calls that this holder may have
  bool emergency = false;          // it may take what is kept back
};

class ExpiryObserver {
 public:
  // The session of a dialog is over: nobody has refreshed it in time, or it is unsupervised and has
  // been quiet for very long. It is in state Ending, and stands until Calls::end() is called.
  virtual void on_expired(Dialog& dialog) = 0;

 protected:
  ~ExpiryObserver() = default;
};

class EndObserver {
 public:
  // A dialog that was answered is over; it goes after the call. `is_last`: no other of its call
  // stands that was.
  virtual void on_over(const Dialog& dialog, bool is_last) = 0;
  // Before it: one that was answered is being ended by this BYE.
  virtual void on_bye(const Dialog& dialog, bool is_last, const sip::MessageView& bye) = 0;

 protected:
  ~EndObserver() = default;
};

struct CallCounters {
  uint64_t begun = 0;
  uint64_t answered = 0;
  uint64_t expired = 0;    // dialogs that nobody refreshed
  uint64_t untracked = 0;  // dialogs for which there was no room, or whose texts are too long
};

struct CallDependencies {
  MessageSlabs& slabs;
  TimerWheel& timers;
  const port::Loop& loop;
  Arena& arena;
};

class Calls {
 public:
  // Dialogs of one call, so that a fork cannot take all the room.
  static constexpr uint32_t kForksMax = 8;
  // After so much silence an unsupervised call is taken for one that has been forgotten; no session
  // is longer.
  static constexpr Millis kUnsupervisedLimit{24 * 60 * 60 * 1000};

  static void plan(const Limits& limits, MemoryPlan& plan);

  // Borrows them.
  Calls(const CallDependencies& dependencies, const Limits& limits);

  // Before the first call.
  void set_observer(ExpiryObserver& observer) { observer_ = &observer; }
  void set_end_observer(EndObserver& observer) { end_observer_ = &observer; }

  // An INVITE outside any dialog. Errors: PoolExhausted, TooLong, OverShare.
  Result<CallHandle> begin(const Incoming& invite, const Terms& terms = {});

  // A call that another part of the server leads counts among those of its holder: null for nobody's.
  // Error: OverShare.
  Result<Holder*> take_share(const Terms& terms);
  void give_share(Holder* holder);

  // Calls of this holder that stand or ring.
  uint32_t held_by(uint64_t holder) const;

  // A response to it. There is no dialog where a provisional one has no tag, for want of room, or where
  // the dialog of its tag is over. REQUIRES: a provisional response or a 2xx.
  Answer on_response(CallHandle call, const Incoming& response);

  // 12.3: a failure with this tag has come. Nothing for a dialog that does not ring.
  void give_up(CallHandle call, std::string_view callee_tag);

  // The INVITE makes no more dialogs: the early ones are given up, and the call where no dialog is
  // left.
  void close(CallHandle call);

  // The dialog of a request that came along our Record-Route for `call`. Call-ID and both tags
  // decide.
  Match match(CallHandle call, const sip::MessageView& request) const;

  // Sets the session's end anew: from now on.
  void set_session(Dialog& dialog, const Session& session);
  // A BYE is on its way from that side.
  void note_bye(Dialog& dialog, Side from, const sip::MessageView& bye);
  // A request within an unsupervised dialog: it is not forgotten.
  void note_alive(Dialog& dialog);
  // A target refresh: 12.2. Of no effect where there is no room.
  void set_target(Dialog& dialog, Side side, std::string_view uri);

  // The dialog is gone, and its call with the last one, unless branches of the INVITE are pending.
  void end(Dialog& dialog);

  Dialog* get(DialogHandle handle) const { return dialogs_.get(handle); }
  DialogHandle handle_of(const Dialog& dialog) const { return dialogs_.handle_of(dialog); }
  CallHandle handle_of(const Call& call) const { return calls_.handle_of(call); }
  bool stands(CallHandle call) const { return calls_.get(call) != nullptr; }

  template <class Visit>
  void for_each(Visit visit) const {
    dialogs_.for_each(visit);
  }
  Dialog* at_slot(uint32_t index) const { return dialogs_.at_slot(index); }

  const PoolStats& call_stats() const { return calls_.stats(); }
  const PoolStats& dialog_stats() const { return dialogs_.stats(); }
  const CallCounters& counters() const { return counters_; }
  // Whoever carries a call tells it what becomes of that; what is followed here is told of here.
  CallFigures& figures() { return figures_; }
  const CallFigures& figures() const { return figures_; }

 private:
  friend struct Dialog;

  // He may call for help when all that he may have is taken, but not without end.
  static constexpr uint32_t kHelpBeyondShare = 2;

  static uint64_t share_of(const Terms& terms);
  Holder* hold(uint64_t key);
  void release(Call& call);
  Dialog* dialog_of(Call& call, std::string_view tag, bool confirms);
  Dialog& begin_anew(Dialog& dialog);
  void forget_callee(Dialog& dialog);
  Dialog* fork(const Dialog& first);
  void learn_callee(Dialog& dialog, const Incoming& response);
  void on_expiry(Dialog& dialog);
  bool is_last(const Dialog& dialog) const;
  void tell_over(const Dialog& dialog) const;
  void give_up_early(Call& call);

  CallDependencies dependencies_;
  const uint32_t kept_back_;  // calls for help
  Pool<Holder> holders_;
  HashTable<Holder, &Holder::node> by_holder_;
  Pool<Call> calls_;
  Pool<Dialog> dialogs_;  // after the pool whose objects they refer to
  ExpiryObserver* observer_ = nullptr;
  EndObserver* end_observer_ = nullptr;
  CallCounters counters_;
  CallFigures figures_;
};

}  // namespace tipring::dialog
