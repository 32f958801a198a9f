// What a trace tells of decisions about a call: transport/decision.h. All of it costs one look at a flag
// while there is no trace.
#include <array>
#include <bit>

#include "server/b2bua/b2bua.h"

namespace tipring::b2bua {

namespace {

using service::EndCause;
using transport::Decision;

std::string_view to_text(store::GroupStrategy strategy) {
  constexpr std::array<std::string_view, store::kGroupStrategies> kNames = {
      "all", "sequential", "round_robin", "longest_idle", "random"};
  return kNames[static_cast<size_t>(strategy)];
}

std::string_view to_text(EndCause cause) {
  switch (cause) {
    case EndCause::NoAck: return "no ACK";
    case EndCause::NoPrack: return "no PRACK";
    case EndCause::AckMissing: return "no answer to the offer";
    case EndCause::DialogLost: return "it knows no such call";
    case EndCause::Unreachable: return "nothing can be sent there";
    case EndCause::Shortage: return "no room for what must be sent";
    case EndCause::PeerBye:
    case EndCause::LocalEnd:
    case EndCause::Refused:
    case EndCause::Rejected:
    case EndCause::Cancelled:
    case EndCause::ForkLost:
    case EndCause::SessionOver: break;
  }
  return {};
}

}  // namespace

void B2bua::note(const Call& call, Decision decision,
                 std::initializer_list<transport::DecisionValue> values,
                 std::string_view joins) const {
  if (environment_.transport.tracing() == nullptr || call.caller == nullptr) return;
  if (const auto view = legs_.view(call.caller->leg))
    environment_.note(view->call_id, decision, values, joins);
}

std::string_view B2bua::name_of_member(const Call& call, size_t member) const {
  const store::User* user = user_of(call, member);
  return user == nullptr ? std::string_view("?") : user->name();
}

// Whom the plan has, and why it has not the others, of the groups within it too.
void B2bua::note_group(const Call& call, const store::Group& group) const {
  if (environment_.transport.tracing() == nullptr) return;
  const auto ring_s = group.ring_timeout().count() / 1000;
  note(call, Decision::GroupCalled,
       {group.name(), to_text(group.strategy()), call.plan.size(), ring_s});
  note_skipped(call, group);
  for (size_t i = 0; i < call.plan.inner_count; ++i) {
    const store::GroupMember* entry = directory_.get(call.plan.inner[i]);
    if (entry == nullptr) continue;
    const store::Extension inner = directory_.find(group.domain(), entry->name());
    if (inner.group != nullptr) note_skipped(call, *inner.group);
  }
}

void B2bua::note_skipped(const Call& call, const store::Group& group) const {
  for (const store::GroupMember* member = group.first_member(); member != nullptr;
       member = group.next_member(*member)) {
    const store::Extension found = directory_.find(group.domain(), member->name());
    bool is_planned = found.group != nullptr;
    for (size_t i = 0; i < call.plan.size() && !is_planned; ++i) {
      const store::User* planned = user_of(call, i);
      is_planned = planned != nullptr && planned == found.user;
    }
    if (is_planned && (member->enabled() || found.group == nullptr)) continue;
    std::string_view why = "not registered";
    if (!member->enabled()) {
      why = "disabled";
    } else if (!group.enabled()) {
      why = "the group is disabled";
    } else if (!found) {
      why = "nobody has this name";
    } else if (directory_.handle_of(*found.user) == call.caller_user) {
      why = "it is the caller";
    } else if (member->ring_time() == Millis(0)) {
      why = "its delay is longer than the group rings";
    }
    note(call, Decision::MemberSkipped, {member->name(), why, group.name()});
  }
}

void B2bua::note_user(const Call& call, const store::User& user) const {
  if (environment_.transport.tracing() == nullptr) return;
  PhoneList phones;
  directory_.find_phones(user, phones);
  note(call, Decision::PhonesFound, {user.name(), phones.size()});
}

void B2bua::note_rung(const Call& call, const CallLeg& leg) const {
  if (environment_.transport.tracing() == nullptr) return;
  const auto view = legs_.view(leg.leg);
  if (!view) return;
  note(call, Decision::MemberRung, {name_of_member(call, leg.member), leg.media.signalling},
       view->call_id);
}

void B2bua::note_stopped(const Call& call, MemberSet members) const {
  if (environment_.transport.tracing() == nullptr) return;
  while (members != 0) {
    const auto member = static_cast<size_t>(std::countr_zero(members));
    members &= members - 1;
    const Millis rang = environment_.now() - call.hunt.rang_at(member);
    note(call, Decision::MemberStopped,
         {name_of_member(call, member), (rang.count() + 500) / 1000});
  }
}

void B2bua::note_end(const Call& call, const service::LegEnd& end) const {
  if (end.cause == EndCause::SessionOver) return note(call, Decision::SessionOver);
  if (const std::string_view why = to_text(end.cause); !why.empty())
    note(call, Decision::LegLost, {why});
}

}  // namespace tipring::b2bua
