// What groups and their members count: store/call_tally.h.
#include <bit>

#include "server/b2bua/b2bua.h"

namespace tipring::b2bua {

store::GroupMember* B2bua::member_of(const Call& call, size_t member) const {
  return directory_.get(call.plan[member].member);
}

void B2bua::count_rung(const Call& call, size_t member) {
  if (store::GroupMember* counted = member_of(call, member)) counted->tally.on_offered();
}

// `others` rang when the winner answered.
void B2bua::count_answer(Call& call, MemberSet others) {
  const Millis now = environment_.now();
  const size_t winner = call.hunt.winner();
  if (const store::User* user = user_of(call, winner))
    call.answered_by = directory_.handle_of(*user);
  if (store::GroupMember* counted = member_of(call, winner)) {
    counted->tally.on_answered(now - call.hunt.rang_at(winner), now);
  }
  if (store::Group* group = directory_.get(call.group)) {
    group->tally.on_answered(now - call.offered_at, now);
  }
  count_stopped(call, others, Stopped::ByAnswer);
}

// By an answer that nobody could be given: R18.5. Those who rang beside it have been stopped all the same.
void B2bua::count_broken(Call& call, MemberSet others) {
  count_stopped(call, others | set_of(call.hunt.winner()), Stopped::ByUs);
  if (store::Group* group = directory_.get(call.group)) group->tally.on_unanswered();
}

// By somebody who was not rung.
void B2bua::count_pick_up(Call& call, MemberSet others, Handle<store::User> by) {
  const Millis now = environment_.now();
  call.answered_by = by;
  if (store::Group* group = directory_.get(call.group)) {
    group->tally.on_answered(now - call.offered_at, now);
  }
  count_stopped(call, others, Stopped::ByAnswer);
}

void B2bua::count_stopped(const Call& call, MemberSet members, Stopped why) {
  while (members != 0) {
    const auto place = static_cast<size_t>(std::countr_zero(members));
    members &= members - 1;
    store::GroupMember* member = member_of(call, place);
    if (member == nullptr) continue;
    switch (why) {
      case Stopped::ByAnswer: member->tally.on_elsewhere(); break;
      case Stopped::ByCaller: member->tally.on_abandoned(); break;
      case Stopped::ByUs:
      case Stopped::ByTime:
      case Stopped::ByMember: member->tally.on_unanswered(); break;
    }
  }
}

void B2bua::count_abandoned(const Call& call) {
  if (store::Group* group = directory_.get(call.group)) group->tally.on_abandoned();
}

void B2bua::count_end(const Call& call) {
  const Millis now = environment_.now();
  const Millis talk = now - call.answered_at;
  const bool by_member = call.hunt.state() == Hunt::State::Answered;
  store::GroupMember* member = by_member ? member_of(call, call.hunt.winner()) : nullptr;
  if (member != nullptr) member->tally.on_ended(talk, now);
  environment_.calls.figures().on_over(talk);
  if (store::Group* group = directory_.get(call.group)) group->tally.on_ended(talk, now);
}

}  // namespace tipring::b2bua
