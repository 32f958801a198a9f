// Who rings, and what comes of it: RFC 3261 8.1 and 9.1 on the legs to the phones, 13.3.1.1 on that
// to the caller.
#include <bit>

#include "server/b2bua/b2bua.h"
#include "server/b2bua/planner.h"
#include "service/hops.h"
#include "sip/headers.h"
#include "sip/status.h"
#include "sip/writer.h"

namespace tipring::b2bua {

namespace {

using service::EndCause;

// A user who is called through us, and has no time limit of his own, rings no longer than a proxy
// would let him (16.6 step 11).
constexpr Millis kUserRingLimit{180 * 1000};

uint16_t status_of(Error error) {
  switch (error) {
    case Error::Invalid: return sip::status::kBadRequest;
    case Error::TooLong: return sip::status::kMessageTooLarge;
    case Error::NotFound:
    case Error::TimedOut: return sip::status::kBadGateway;
    case Error::Closed: return sip::status::kTemporarilyUnavailable;
    case Error::PoolExhausted: return sip::status::kServiceUnavailable;
    default: return sip::status::kServerInternalError;
  }
}

// Of a phone that rang, for its record. 0: another dialog of its INVITE goes on.
uint16_t status_of(const service::LegEnd& end) {
  if (end.cause == EndCause::ForkLost) return 0;
  if (end.cause == EndCause::SessionOver) return sip::status::kTemporarilyUnavailable;
  return end.status != 0 ? end.status : sip::status::kServerInternalError;
}

size_t take_first(MemberSet& set) {
  const auto first = static_cast<size_t>(std::countr_zero(set));
  set &= set - 1;
  return first;
}

// The address of From or To as the other leg has it: without its tag.
template <sip::HeaderId Id>
std::string_view write_address(const sip::MessageView& invite, std::span<char> room) {
  const auto& address = invite.typed<Id>();
  if (!address) return {};
  sip::Writer out(room);
  if (!address->display.empty()) out.unfolded(address->display).text(" ");
  out.text("<").unfolded(address->uri).text(">");
  return out.full() ? std::string_view() : out.view();
}

}  // namespace

void B2bua::ring_extension(Call& call, const store::Extension& callee) {
  call.outcome = Outcome();
  call.group = {};
  call.plan.count = call.plan.inner_count = 0;
  call.has_rung = 0;
  call.inner_offered = call.inner_settled = call.inner_answered = 0;
  Millis limit = kUserRingLimit;
  if (callee.group != nullptr) {
    call.group = directory_.handle_of(*callee.group);
    call.offered_at = environment_.now();
    callee.group->tally.on_offered();
    limit = callee.group->ring_timeout();
    const Millis now = environment_.now();
    if (!known_plans_.find(directory_, call.known_as, call.group, now, call.plan)) {
      plan_group(directory_, *callee.group, entropy_.u64(), call.caller_user, call.plan);
      known_plans_.note(call.known_as, call.group, now, call.plan);
    }
    note_group(call, *callee.group);
  } else if (callee.user != nullptr) {
    call.user = directory_.handle_of(*callee.user);
    plan_user(directory_, *callee.user, call.plan);
    note_user(call, *callee.user);
  }
  obey(call, call.hunt.begin(call.plan, limit, environment_.now()));
}

// Those who are to stop have rung until their time was over. The call may be gone afterwards.
void B2bua::obey(Call& call, HuntOrders orders) {
  count_stopped(call, orders.stop, Stopped::ByTime);
  note_stopped(call, orders.stop);
  stop(call, orders.stop);
  MemberSet to_ring = orders.ring;
  while (to_ring != 0) {
    // Those whose delays are not over will ring beside these.
    const uint32_t sharers =
        static_cast<uint32_t>(std::popcount(to_ring)) + call.hunt.waiting_now();
    const size_t member = take_first(to_ring);
    if (ring(call, member, sharers)) continue;
    note(call, transport::Decision::MemberNotRung, {name_of_member(call, member)});
    to_ring |= call.hunt.on_failed(member, environment_.now()).ring;
  }
  count_inner_failed(call);
  if (call.hunt.state() == Hunt::State::Failed) return on_nobody(call);
  hear_last(call);
  ring_again(call);
  start_timer(call);
}

void B2bua::stop(Call& call, MemberSet members) {
  CallLeg* leg = call.ringing.front();
  while (leg != nullptr) {
    CallLeg* const next = call.ringing.next(*leg);
    if ((members & set_of(leg->member)) != 0) leave(*leg, {});
    leg = next;
  }
}

// RFC 5393 5.3.3: what may still go out beside those that ring.
uint32_t B2bua::breadth_left(const Call& call, const sip::MessageView& invite) const {
  uint32_t left = service::max_breadth_of(invite);
  for (const CallLeg* leg = call.ringing.front(); leg != nullptr; leg = call.ringing.next(*leg)) {
    left -= std::min<uint32_t>(left, leg->breadth);
  }
  return left;
}

// Null where he has gone, or is no member any more.
const store::User* B2bua::user_of(const Call& call, size_t member) const {
  if (!call.plan[member].member) return directory_.get(call.user);
  const store::GroupMember* found = member_of(call, member);
  if (found == nullptr) return nullptr;
  return directory_.find(found->group().domain(), found->name()).user;
}

// All phones of a member. `sharers`: how many members share what breadth is left, with him. False when
// none of his phones rings.
bool B2bua::ring(Call& call, size_t member, uint32_t sharers) {
  const auto view = legs_.view(call.caller->leg);
  const MessageRef kept = view ? environment_.transactions.request_of(view->invite) : MessageRef();
  const store::User* user = user_of(call, member);
  if (!kept || user == nullptr) return false;
  sip::HeaderIndex room;
  const sip::MessageView invite = environment_.transactions.read(kept, room);
  PhoneList phones;
  directory_.find_phones(*user, phones);
  pass_over(call, *user, phones.out_of_reach());
  uint32_t breadth = breadth_left(call, invite) / sharers;
  auto left = static_cast<uint32_t>(phones.size());
  bool rings = false;
  for (const Phone& phone : phones) {
    const uint32_t share = breadth / left--;
    if (share == 0 && left > 0) continue;  // the others have more
    if (share == 0) {
      call.outcome.note(sip::status::kMaxBreadthExceeded);
      continue;
    }
    if (!ring_phone(call, phone, member, user, invite, share)) continue;
    (void)note_rung(call, phone.contact);
    breadth -= share;
    rings = true;
  }
  if (rings) count_rung(call, member);
  return rings;
}

// RFC 3261 26.2.2: nothing with a sips Contact goes over UDP or TCP.
void B2bua::pass_over(const Call& call, const store::User& user, size_t phones) {
  if (phones == 0) return;
  counters_.out_of_reach += phones;
  note(call, transport::Decision::PhonesSkipped, {user.name(), phones});
}

// `user`: whose phone it is; null: of nobody of ours.
bool B2bua::ring_phone(Call& call, const Phone& phone, size_t member, const store::User* user,
                       const sip::MessageView& invite, uint32_t breadth) {
  std::array<char, 1024> from;
  std::array<char, 1024> to;
  std::array<char, 1024> uri;
  service::LegCall out;
  out.from = write_address<sip::HeaderId::From>(invite, from);
  out.to = write_address<sip::HeaderId::To>(invite, to);
  sip::Writer uri_out(uri);
  sip::write_request_uri(uri_out, phone.contact);
  out.request_uri = uri_out.view();
  CallLeg* leg = make_leg(call, media::Side::Callee);
  if (leg == nullptr || out.from.empty() || out.to.empty() || uri_out.full()) {
    if (leg != nullptr) call_legs_.release(*leg);
    call.outcome.note_own(leg == nullptr ? sip::status::kServiceUnavailable
                                         : sip::status::kMessageTooLarge);
    return false;
  }
  leg->member = static_cast<uint8_t>(member);
  if (user != nullptr) leg->user = directory_.handle_of(*user);
  leg->breadth = static_cast<uint8_t>(breadth);
  leg->media.local = phone.local == port::IpAddress() ? call.caller->media.local : phone.local;
  leg->media.signalling = phone.remote;
  leg->media.behind_nat = phone.behind_nat;
  out.routes = phone.routes;
  out.flow = phone.flow;
  out.keeps_off_host =
      phone.keeps_off_host ||
      (phone.remote.port != 0 && !environment_.transport.is_of_host(phone.remote.ip));
  out.max_breadth = breadth;
  out.max_forwards = service::next_max_forwards(invite);
  // A phone that offers in a provisional response would want an answer before anybody has answered.
  out.reliable_provisionals = call.has_offer;
  const uint16_t fault = write_invitation(*leg, invite, out.content);
  if (fault == 0) {
    const Result<LegHandle> made = legs_.call(out, *this, name_of(*leg));
    if (made) {
      leg->leg = *made;
      call.ringing.push_back(*leg);
      open_record(*leg, out.request_uri, user == nullptr ? std::string_view() : user->name());
      note_rung(call, *leg);
      ++counters_.rung;
      return true;
    }
    call.outcome.note_own(status_of(made.error()));
  } else {
    call.outcome.note_own(fault);
  }
  call_legs_.release(*leg);
  return false;
}

// The content of the INVITE to a phone; 0, or the status of what is wrong.
uint16_t B2bua::write_invitation(CallLeg& leg, const sip::MessageView& invite,
                                 service::LegContent& content) {
  std::string_view offer;
  if (leg.call.has_offer) {
    const Written written = write_offer(*leg.call.caller, sip::find_session_body(invite).text, leg);
    if (written.fault != 0) return written.fault;
    offer = written.text;
  }
  content = content_of(invite, Passage::Begin, offer);
  return 0;
}

// --- what comes of it ----------------------------------------------------------------------------

void B2bua::on_time(Call& call) { obey(call, call.hunt.on_time(environment_.now())); }

void B2bua::start_timer(Call& call) {
  const std::optional<Millis> deadline = call.hunt.deadline();
  if (deadline) {
    environment_.timers.start(call.timer, *deadline);
  } else {
    call.timer.cancel();
  }
}

// A phone has refused, or cannot be reached.
void B2bua::on_ringing_end(CallLeg& leg, const service::LegEnd& end) {
  Call& call = leg.call;
  const size_t member = leg.member;
  const uint32_t breadth = leg.breadth;
  const bool from_host = environment_.transport.is_of_host(leg.media.signalling.ip);
  hush(leg);
  if (const uint16_t status = status_of(end))
    note(call, transport::Decision::MemberRefused, {name_of_member(call, member), status});
  close_record(leg, status_of(end));
  forget_carried(leg);
  call_legs_.release(leg);
  const bool followed = end.cause == EndCause::Refused && end.message != nullptr &&
                        follow(call, member, *end.message, from_host, breadth);
  if (end.cause == EndCause::Refused) {
    if (!followed) call.outcome.note(end.status);
  } else if (end.cause == EndCause::Shortage) {
    call.outcome.note_own(sip::status::kServiceUnavailable);
  } else if (end.cause == EndCause::DialogLost || end.cause == EndCause::SessionOver) {
    call.outcome.note(sip::status::kTemporarilyUnavailable);
  } else if (end.cause != EndCause::ForkLost) {
    call.outcome.note(sip::status::kServerInternalError);
  }
  for (const CallLeg* left = call.ringing.front(); left != nullptr;
       left = call.ringing.next(*left)) {
    if (left->member != member) continue;
    hear_last(call);
    return ring_again(call);
  }
  count_stopped(call, call.hunt.ringing() & set_of(member), Stopped::ByMember);
  obey(call, call.hunt.on_failed(member, environment_.now()));
}

// Another extension has its turn, or the caller is told.
void B2bua::on_nobody(Call& call) {
  store::Group* group = directory_.get(call.group);
  if (call.hunt.has_timed_out()) call.outcome.note_timeout();
  if (group == nullptr) return refuse_caller(call, call.outcome.of_user());
  if (call.hunt.has_timed_out()) {
    const Millis rang = environment_.now() - call.offered_at;
    note(call, transport::Decision::GroupTimeOver, {group->name(), (rang.count() + 500) / 1000});
  }
  group->tally.on_unanswered();
  if (!group->no_answer_to().empty() && call.diversions < store::kGroupDepthMax) {
    const store::Extension next = directory_.find(group->domain(), group->no_answer_to());
    ++call.diversions;
    if (next) {
      note(call, transport::Decision::GoesOnTo, {group->no_answer_to()});
      return ring_extension(call, next);
    }
  }
  const uint16_t configured = group->no_answer_status();
  const uint16_t status = configured != 0 ? configured : call.outcome.of_group();
  note(call, transport::Decision::NobodyAnswered, {status});
  refuse_caller(call, status);
}

// A fork beyond us: one leg more of the same member.
uint64_t B2bua::on_fork(LegHandle fork, LegHandle, uint64_t name) {
  CallLeg* of = find(name);
  CallLeg* leg = of == nullptr ? nullptr : make_leg(of->call, media::Side::Callee);
  if (leg == nullptr) {
    legs_.hand_over(fork, left_, 0);
    legs_.end(fork);
    return 0;
  }
  leg->leg = fork;
  leg->member = of->member;
  leg->user = of->user;
  leg->breadth = 0;  // it has its part of the INVITE's
  leg->media = of->media;
  open_record(*leg);
  of->call.ringing.push_back(*leg);
  return name_of(*leg);
}

}  // namespace tipring::b2bua
