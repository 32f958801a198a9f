// What has come of the calls to a group, or to one member of it, since the server's start. Whoever
// carries the calls tells it of each event; nothing here is written to the file.
//
// One call to a group is one call offered, however many members ring for it, and one call offered
// to each member that an INVITE was sent to, however many phones that has. It then ends in one of
// four ways, so that offered = answered + elsewhere + abandoned + unanswered + ringing.
#pragma once

#include <algorithm>
#include <cstdint>

#include "port/time.h"

namespace tipring::store {

class CallTally {
 public:
  // It begins to ring. Of a group also when nobody can be rung: on_unanswered() follows.
  void on_offered() { ++offered_; }
  // It was answered here, `after` so long: for a group since it was offered, for a member likewise
  // to that member. on_ended() follows.
  void on_answered(Millis after, Millis now);
  // Another took the call: of members, and of a group that is a member of another one.
  void on_elsewhere() { ++elsewhere_; }
  // The caller hung up before anybody answered.
  void on_abandoned() { ++abandoned_; }
  // It refused, was not reachable or rang until its time was over. Of a group: nobody answered,
  // whatever was done with the call then.
  void on_unanswered() { ++unanswered_; }
  // An answered call is over, after `talk` since its answer.
  void on_ended(Millis talk, Millis now);

  uint32_t offered() const { return offered_; }
  uint32_t answered() const { return answered_; }
  uint32_t elsewhere() const { return elsewhere_; }
  uint32_t abandoned() const { return abandoned_; }
  uint32_t unanswered() const { return unanswered_; }
  uint32_t ringing() const { return offered_ - answered_ - elsewhere_ - abandoned_ - unanswered_; }
  uint32_t talking() const { return answered_ - ended_; }

  // Times from being offered to the answer; zero while nothing was answered.
  Millis answer_total() const { return answer_total_; }
  Millis answer_min() const { return answer_min_; }
  Millis answer_max() const { return answer_max_; }
  // Of the calls that are over.
  Millis talk_total() const { return talk_total_; }
  // By the monotonic clock; only when answered() > 0.
  Millis last_answered() const { return last_answered_; }

  // Whether it has been without a call of the group for longer than `other`. Who has never had one
  // comes first, who is in one comes last.
  bool idle_longer_than(const CallTally& other) const;

 private:
  uint32_t offered_ = 0;
  uint32_t answered_ = 0;
  uint32_t elsewhere_ = 0;
  uint32_t abandoned_ = 0;
  uint32_t unanswered_ = 0;
  uint32_t ended_ = 0;
  Millis answer_total_{0};
  Millis answer_min_{0};
  Millis answer_max_{0};
  Millis talk_total_{0};
  Millis last_answered_{0};
  Millis last_busy_{0};  // the end of its last call, or its answer while that goes on
};

inline void CallTally::on_answered(Millis after, Millis now) {
  answer_min_ = answered_ == 0 ? after : std::min(answer_min_, after);
  answer_max_ = std::max(answer_max_, after);
  answer_total_ += after;
  ++answered_;
  last_answered_ = now;
  last_busy_ = now;
}

inline void CallTally::on_ended(Millis talk, Millis now) {
  ++ended_;
  talk_total_ += talk;
  last_busy_ = now;
}

inline bool CallTally::idle_longer_than(const CallTally& other) const {
  const auto rank = [](const CallTally& tally) {
    if (tally.answered_ == 0) return 0;
    return tally.talking() == 0 ? 1 : 2;
  };
  const int mine = rank(*this);
  const int others = rank(other);
  return mine != others ? mine < others : mine > 0 && last_busy_ < other.last_busy_;
}

}  // namespace tipring::store
