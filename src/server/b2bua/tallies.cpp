// What groups and their members count: store/call_tally.h.
#include <algorithm>
#include <bit>

#include "server/b2bua/b2bua.h"

namespace tipring::b2bua {

store::GroupMember* B2bua::member_of(const Call& call, size_t member) const {
  return directory_.get(call.plan[member].member);
}

void B2bua::count_rung(Call& call, size_t member) {
  if (store::GroupMember* counted = member_of(call, member)) counted->tally.on_offered();
  call.has_rung |= set_of(member);
  const auto groups = static_cast<InnerSet>(call.plan[member].within & ~call.inner_offered);
  call.inner_offered |= groups;
  note_inner(call, groups);
  count_inner(call, groups, [](size_t, store::CallTally& tally) { tally.on_offered(); });
}

// Who stands at the place of an entry when it is offered the call stays whom it is counted for.
void B2bua::note_inner(Call& call, InnerSet groups) const {
  for (size_t i = 0; i < call.plan.inner_count; ++i) {
    if ((groups >> i & 1) == 0) continue;
    const store::GroupMember* entry = directory_.get(call.plan.inner[i]);
    const store::Group* group =
        entry == nullptr ? nullptr : directory_.find(entry->group().domain(), entry->name()).group;
    call.inner[i] = group == nullptr ? Handle<store::Group>() : directory_.handle_of(*group);
  }
}

// `others` rang when the winner answered.
void B2bua::count_answer(Call& call, MemberSet others) {
  const Millis now = environment_.now();
  const size_t winner = call.hunt.winner();
  call.answered_by = call.callee->user;
  if (store::GroupMember* counted = member_of(call, winner)) {
    counted->tally.on_answered(now - call.hunt.rang_at(winner), now);
  }
  if (store::Group* group = directory_.get(call.group)) {
    group->tally.on_answered(now - call.offered_at, now);
  }
  call.inner_answered = call.plan[winner].within;
  call.inner_settled |= call.inner_answered;
  count_inner(call, call.inner_answered, [&](size_t inner, store::CallTally& tally) {
    tally.on_answered(now - inner_rang_at(call, inner), now);
  });
  settle_inner(call, call.inner_offered, &store::CallTally::on_elsewhere);
  count_stopped(call, others, Stopped::ByAnswer);
}

// By an answer that nobody could be given: R18.5. Those who rang beside it have been stopped all the same.
void B2bua::count_broken(Call& call, MemberSet others) {
  count_stopped(call, others | set_of(call.hunt.winner()), Stopped::ByUs);
  settle_inner(call, call.inner_offered, &store::CallTally::on_unanswered);
  if (store::Group* group = directory_.get(call.group)) group->tally.on_unanswered();
}

// By somebody who was not rung.
void B2bua::count_pick_up(Call& call, MemberSet others, Handle<store::User> by) {
  const Millis now = environment_.now();
  call.answered_by = by;
  if (store::Group* group = directory_.get(call.group)) {
    group->tally.on_answered(now - call.offered_at, now);
  }
  settle_inner(call, call.inner_offered, &store::CallTally::on_elsewhere);
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

// Those of which nobody rings any more, nor will.
void B2bua::count_inner_failed(Call& call) {
  const InnerSet open = call.plan.within(call.hunt.ringing() | call.hunt.waiting());
  settle_inner(call, static_cast<InnerSet>(call.inner_offered & ~open),
               &store::CallTally::on_unanswered);
}

// Of a group, and of its place among the members of the other one.
template <class Count>
void B2bua::count_inner(const Call& call, InnerSet groups, Count count) {
  while (groups != 0) {
    const auto place = static_cast<size_t>(std::countr_zero(groups));
    groups = static_cast<InnerSet>(groups & (groups - 1));
    store::GroupMember* entry = directory_.get(call.plan.inner[place]);
    if (entry != nullptr) count(place, entry->tally);
    if (store::Group* group = directory_.get(call.inner[place])) count(place, group->tally);
  }
}

void B2bua::settle_inner(Call& call, InnerSet groups, void (store::CallTally::*how)()) {
  groups = static_cast<InnerSet>(groups & ~call.inner_settled);
  call.inner_settled |= groups;
  count_inner(call, groups, [how](size_t, store::CallTally& tally) { (tally.*how)(); });
}

Millis B2bua::inner_rang_at(const Call& call, size_t inner) const {
  Millis first = environment_.now();
  for (size_t i = 0; i < call.plan.size(); ++i) {
    const bool rang = (call.has_rung & set_of(i)) != 0;
    if (rang && (call.plan[i].within >> inner & 1) != 0)
      first = std::min(first, call.hunt.rang_at(i));
  }
  return first;
}

void B2bua::count_abandoned(Call& call) {
  settle_inner(call, call.inner_offered, &store::CallTally::on_abandoned);
  if (store::Group* group = directory_.get(call.group)) group->tally.on_abandoned();
}

void B2bua::count_end(const Call& call) {
  const Millis now = environment_.now();
  const Millis talk = now - call.answered_at;
  const bool by_member = call.hunt.state() == Hunt::State::Answered;
  store::GroupMember* member = by_member ? member_of(call, call.hunt.winner()) : nullptr;
  if (member != nullptr) member->tally.on_ended(talk, now);
  count_inner(call, call.inner_answered,
              [&](size_t, store::CallTally& tally) { tally.on_ended(talk, now); });
  environment_.calls.figures().on_over(talk);
  if (store::Group* group = directory_.get(call.group)) group->tally.on_ended(talk, now);
}

}  // namespace tipring::b2bua
