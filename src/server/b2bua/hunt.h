// The hunt itself: who rings when, and who has to stop. A machine without I/O and without a clock:
// what happens and the time go in, what to do comes out. Members are the places of a RingPlan.
//
// A step begins when nobody of the one before rings any more. Its members ring after their delays,
// which are given up while nobody else rings, and for their own time at most; the whole hunt lasts
// for the group's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "port/time.h"
#include "server/b2bua/ring_plan.h"

namespace tipring::b2bua {

constexpr MemberSet set_of(size_t member) { return MemberSet{1} << member; }

// What is to be done now: first stop, then ring.
struct HuntOrders {
  MemberSet ring = 0;
  MemberSet stop = 0;
};

class Hunt {
 public:
  enum class State : uint8_t {
    Hunting,
    Answered,
    Failed,  // nobody is left
    Ended,   // by the caller, or by us
  };

  // Borrows the plan, until the hunt is over. `time_limit`: of the whole hunt, 0 for none. With
  // nobody in the plan it has failed at once.
  HuntOrders begin(const RingPlan& plan, Millis time_limit, Millis now);

  // A member has nothing left that rings: refused, or not to be reached. Of no effect for one who
  // does not ring.
  HuntOrders on_failed(size_t member, Millis now);
  // The first one wins, and all others that ring are to stop. False: another has won, or this one
  // had to stop.
  bool on_answered(size_t member, HuntOrders& orders);
  // At deadline(), or later.
  HuntOrders on_time(Millis now);
  // The caller hangs up.
  HuntOrders end();

  State state() const { return state_; }
  std::optional<Millis> deadline() const;
  size_t winner() const { return winner_; }          // Answered only
  bool has_timed_out() const { return timed_out_; }  // somebody rang until his time was over
  MemberSet ringing() const { return ringing_; }
  MemberSet waiting() const { return waiting_; }  // have not rung yet, and may
  // Of this step, whose delays are not over.
  uint32_t waiting_now() const;
  Millis rang_at(size_t member) const {
    return began_ + Millis(rang_after_ms_[member]);
  }  // who has

 private:
  bool waits(size_t member) const { return (waiting_ & set_of(member)) != 0; }
  bool rings(size_t member) const { return (ringing_ & set_of(member)) != 0; }
  bool is_of_step(size_t member) const { return (*plan_)[member].step == step_; }
  Millis due(size_t member) const;
  std::optional<Millis> next_due() const;
  std::optional<Millis> stops_at(size_t member) const;
  HuntOrders go_on(Millis now);
  MemberSet start_due(Millis now);
  HuntOrders stop_all();

  const RingPlan* plan_ = nullptr;
  Millis ends_at_{kNever};
  Millis delays_from_{0};  // the beginning of the step; earlier, where delays have been given up
  Millis began_{0};
  std::array<uint32_t, RingPlan::kMembersMax> rang_after_ms_;  // of those that have rung
  MemberSet waiting_ = 0;                                      // not rung yet
  MemberSet ringing_ = 0;
  uint8_t step_ = 0;
  uint8_t winner_ = 0;
  bool timed_out_ = false;
  State state_ = State::Ended;
};

}  // namespace tipring::b2bua
