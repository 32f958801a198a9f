#include "service/legs.h"

#include <array>

#include "core/text.h"
#include "sip/headers.h"
#include "sip/session_body.h"
#include "sip/status.h"

namespace tipring::service {

namespace {

constexpr std::string_view kGroupsName = "leg_groups";
constexpr std::string_view kLegsName = "legs";
constexpr std::string_view kRequestsName = "leg_requests";

HashKey make_key(port::Entropy& entropy) {
  const uint64_t k0 = entropy.u64();
  return {k0, entropy.u64()};
}

}  // namespace

void Leg::on_repeat(Millis now) { legs.on_repeat(*this, now); }
void Leg::on_wait(Millis) { legs.on_ack_missing(*this); }
void Leg::on_session(Millis now) { legs.on_session(*this, now); }
void LegRequest::on_wait(Millis) { legs.on_wait_over(*this); }

void Legs::plan(const Limits& limits, MemoryPlan& plan) {
  StreamRefusals::plan(plan, "leg_stream_refusals");
  Pool<LegGroup>::plan(plan, kGroupsName, legs_max(limits));
  Pool<Leg>::plan(plan, kLegsName, legs_max(limits));
  Pool<LegRequest>::plan(plan, kRequestsName, leg_requests_max(limits));
  HashTable<Leg, &Leg::invite_node>::plan(plan, "leg_index", legs_max(limits));
}

Legs::Legs(const Environment& environment, port::Entropy& entropy, Arena& arena,
           const Limits& limits)
    : environment_(environment),
      entropy_(entropy),
      key_(make_key(entropy)),
      tags_(key_),
      stream_refusals_(arena, make_key(entropy)),
      groups_(kGroupsName, arena, legs_max(limits)),
      legs_(kLegsName, arena, legs_max(limits)),
      requests_(kRequestsName, arena, leg_requests_max(limits)),
      by_invite_(arena, legs_max(limits)) {}

Result<LegHandle> Legs::call(const LegCall& call, LegUser& user, uint64_t name) {
  if (!call.flow && !sip::ParsedUri(call.request_uri)) return Error::Invalid;
  LegGroup* group = groups_.acquire(*this);
  Leg* leg = group != nullptr ? make_leg(*group, user, name) : nullptr;
  if (leg == nullptr) {
    if (group != nullptr) groups_.release(*group);
    ++counters_.refused;
    return Error::PoolExhausted;
  }
  leg->is_caller = true;
  leg->keeps_off_host = call.keeps_off_host;
  configure_session(*leg);
  leg->services.get<LegChallenge>().auth.configure(call.credentials);
  std::array<char, 32> call_id;
  LegTagCodec::Text tag;
  write_hex_u64(entropy_.u64(), std::span(call_id).first(16));
  write_hex_u64(entropy_.u64(), std::span(call_id).subspan(16));
  Result<void> done =
      leg->dialog.begin(environment_.slabs, {{call_id.data(), call_id.size()},
                                             tags_.write(groups_.handle_of(*group), tag),
                                             call.from,
                                             call.to,
                                             call.request_uri,
                                             call.routes,
                                             call.contact_user});
  if (done) done = place(*leg, call);
  if (!done) {
    release(*leg);
    return done.error();
  }
  ++counters_.placed;
  return legs_.handle_of(*leg);
}

Result<LegHandle> Legs::adopt(const Incoming& invite, LegUser& user, uint64_t name) {
  const uint64_t hash = invite_hash(invite.message);
  const Leg* known =
      by_invite_.find(hash, [&](const Leg& leg) { return leg.dialog.began_with(invite.message); });
  if (known != nullptr) {
    environment_.transactions.reply_stateless(invite, sip::status::kLoopDetected, {});
    return Error::Exists;
  }
  LegGroup* group = groups_.acquire(*this);
  Leg* leg = group != nullptr ? make_leg(*group, user, name) : nullptr;
  if (leg == nullptr) {
    if (group != nullptr) groups_.release(*group);
    ++counters_.refused;
    return Error::PoolExhausted;
  }
  configure_session(*leg);
  SessionRefresh& refresh = leg->services.get<LegInterval>().refresh;
  if (const uint16_t status = refresh.on_request(invite.message); status != 0) {
    std::array<char, SessionRefresh::kLinesMax> line;
    sip::ResponseParts parts;
    parts.headers = refresh.refusal_line(line);
    environment_.transactions.reply_stateless(invite, status, parts);
    release(*leg);
    return Error::OutOfRange;
  }
  LegTagCodec::Text tag;
  const Result<void> done = leg->dialog.begin_as_uas(environment_.slabs, invite.message,
                                                     tags_.write(groups_.handle_of(*group), tag));
  const Result<ServerHandle> server =
      done ? environment_.transactions.open(invite, *this, legs_.handle_of(*leg).to_u64(), true)
           : Result<ServerHandle>(done.error());
  if (!server) {
    release(*leg);
    return server.error();
  }
  by_invite_.insert(hash, *leg);
  take_invite(*leg, invite, *server);
  leg->state = LegState::Called;
  leg->is_initial = true;
  ++counters_.taken;
  return legs_.handle_of(*leg);
}

// 8.2.2.2: a request that has come by two ways has these in common.
uint64_t Legs::invite_hash(const sip::MessageView& invite) const {
  TableHasher64 hasher(key_);
  hasher.add("invite\n");
  hasher.add(invite.header(sip::HeaderId::CallId).value_or(""));
  hasher.add("\n");
  hasher.add(invite.from_tag());
  return hasher.finish();
}

Leg* Legs::make_leg(LegGroup& group, LegUser& user, uint64_t name) {
  Leg* leg = legs_.acquire(*this, group, user, name);
  if (leg != nullptr) group.all.push_back(*leg);
  return leg;
}

// --- the end -------------------------------------------------------------------------------------

void Legs::end(LegHandle handle, std::string_view lines) {
  Leg* leg = legs_.get(handle);
  if (leg == nullptr || !leg->stands()) return;
  switch (leg->state) {
    case LegState::Calling: return cancel_call(*leg, lines);
    case LegState::Called: return refuse_unanswered(*leg, lines);
    case LegState::Early:
    case LegState::Confirmed: return end_dialog(*leg, lines, {EndCause::LocalEnd});
    case LegState::Ended: return;
  }
}

// 15: before the answer who is called sends no BYE, and one from who calls ends no ringing; but of
// several early dialogs he can so end one alone.
void Legs::end_dialog(Leg& leg, std::string_view lines, const LegEnd& end) {
  if (leg.state != LegState::Early) return send_bye(leg, lines, end);
  if (!leg.is_caller) return refuse_unanswered(leg, lines);
  is_alone(leg) ? cancel_call(leg, lines) : send_bye(leg, lines, end);
}

void Legs::end_all(std::string_view lines) {
  legs_.for_each([&](Leg& leg) { end(legs_.handle_of(leg), lines); });
}

// Whether no other dialog of its INVITE stands.
bool Legs::is_alone(const Leg& leg) const {
  for (Leg* other = leg.group.all.front(); other != nullptr; other = leg.group.all.next(*other)) {
    if (other != &leg && other->stands()) return false;
  }
  return true;
}

// Tells it now: from within an event that has ended it.
void Legs::tell_end(Leg& leg, const LegEnd& end) {
  if (!leg.bye_waits) close(leg);
  if (leg.told_end) return;
  leg.told_end = true;
  const LegHandle handle = legs_.handle_of(leg);
  leg.user->on_end(handle, leg.name, end);
}

// Tells it in a moment: the application has ended it, and is not to be called from within.
void Legs::end_later(Leg& leg, const LegEnd& end) {
  leg.end = end;
  leg.end.message = nullptr;
  close(leg);
}

// Nothing more is said or sent by it but what is under way.
void Legs::close(Leg& leg) {
  answer_pending(leg);
  give_up_invite(leg);
  leg.state = LegState::Ended;
  leg.repeat_timer.cancel();
  leg.wait_timer.cancel();
  leg.session_timer.cancel();
  leg.response.reset();
  leg.delayed.reset();
  leg.our_ack_due = leg.prack_due = leg.ack_due = leg.bye_waits = false;
  reap_later(leg);
}

void Legs::reap_later(Leg& leg) {
  if (!leg.ended_node.linked()) ended_.push_back(leg);
  if (!reap_timer_.armed()) environment_.timers.start(reap_timer_, environment_.now());
}

// Releases what has ended, between two events, so that no event finds itself without its leg. One
// with a request under way is looked at again when that is over.
void Legs::reap(Millis) {
  for (uint32_t left = legs_.stats().in_use; left > 0; --left) {
    Leg* leg = ended_.pop_front();
    if (leg == nullptr) return;
    if (leg->bye_waits || requests_.get(leg->bye) != nullptr) continue;
    if (!leg->told_end) {
      leg->told_end = true;
      leg->user->on_end(legs_.handle_of(*leg), leg->name, leg->end);
    }
    if (is_awaited(*leg)) continue;
    release(*leg);
  }
  if (!ended_.empty()) reap_later(*ended_.front());
}

// Whether a 2xx may come that wants an ACK: to an INVITE within the dialog; or, where the INVITE was
// forked, from another callee, and this leg is the last to know how to answer him.
bool Legs::is_awaited(const Leg& leg) const {
  const LegRequest* inner = requests_.get(leg.our_invite);
  if (inner != nullptr && inner->phase != LegRequest::Phase::Accepted) return true;
  const LegRequest* outer = requests_.get(leg.group.invite);
  if (outer == nullptr || leg.group.all.front() != leg.group.all.back()) return false;
  return leg.group.forked || outer->phase != LegRequest::Phase::Accepted;
}

void Legs::release(Leg& leg) {
  LegGroup& group = leg.group;
  const LegRequestHandle inner = leg.our_invite;
  by_invite_.erase(leg);
  legs_.release(leg);
  if (LegRequest* invite = requests_.get(inner)) release(*invite);
  if (!group.all.empty()) return;
  if (LegRequest* invite = requests_.get(group.invite)) release(*invite);
  groups_.release(group);
}

void Legs::release(LegRequest& request) {
  request.selection.cancel(environment_, *this, requests_.handle_of(request).to_u64());
  Leg* leg = legs_.get(request.leg);
  const LegGroup* group = groups_.get(request.group);
  requests_.release(request);
  if (leg != nullptr && !leg->stands()) reap_later(*leg);
  if (group == nullptr) return;
  for (leg = group->all.front(); leg != nullptr; leg = group->all.next(*leg)) {
    if (!leg->stands()) reap_later(*leg);
  }
}

// --- for everyone --------------------------------------------------------------------------------

std::optional<LegView> Legs::view(LegHandle handle) const {
  const Leg* leg = legs_.get(handle);
  if (leg == nullptr) return std::nullopt;
  const dialog::UaDialog& dialog = leg->dialog;
  LegView view;
  view.state = leg->state;
  view.name = leg->name;
  view.is_caller = leg->is_caller;
  view.is_settled = leg->state == LegState::Confirmed && may_send(*leg, sip::Method::Invite, false);
  view.call_id = dialog.call_id();
  view.local_tag = dialog.local_tag();
  view.local_address = dialog.local_address();
  view.remote_tag = dialog.remote_tag();
  view.remote_address = dialog.remote_address();
  view.remote_target = dialog.remote_target();
  if (leg->offer) view.offer = leg->offer.view();
  view.flow = leg->flow;
  if (environment_.transactions.is_open(leg->invite)) view.invite = leg->invite;
  view.peer = leg->peer;
  const SessionRefresh& refresh = leg->services.get<LegInterval>().refresh;
  view.session_interval_s = refresh.interval_s();
  view.expires_at = refresh.expires_at();
  view.is_refresher = refresh.is_refresher();
  return view;
}

bool Legs::stands(LegHandle handle) const {
  const Leg* leg = legs_.get(handle);
  return leg != nullptr && leg->stands();
}

void Legs::hand_over(LegHandle handle, LegUser& user, uint64_t name) {
  Leg* leg = legs_.get(handle);
  if (leg == nullptr) return;
  leg->user = &user;
  leg->name = name;
}

void Legs::set_credentials(LegHandle handle, std::span<const Credential> credentials) {
  if (Leg* leg = legs_.get(handle)) leg->services.get<LegChallenge>().auth.configure(credentials);
}

LegHandle Legs::find(std::string_view call_id, std::string_view local_tag,
                     std::string_view remote_tag) const {
  const LegGroup* group = groups_.get(tags_.read(local_tag));
  if (group == nullptr) return {};
  for (Leg* leg = group->all.front(); leg != nullptr; leg = group->all.next(*leg)) {
    const dialog::UaDialog& dialog = leg->dialog;
    if (leg->stands() && dialog.call_id() == call_id && dialog.local_tag() == local_tag &&
        dialog.remote_tag() == remote_tag) {
      return legs_.handle_of(*leg);
    }
  }
  return {};
}

std::optional<uint64_t> Legs::name_of(std::string_view local_tag) const {
  const LegGroup* group = groups_.get(tags_.read(local_tag));
  if (group == nullptr || group->all.empty()) return std::nullopt;
  return group->all.front()->name;
}

port::SocketAddress Legs::local_address(LegHandle handle) const {
  const Leg* leg = legs_.get(handle);
  return leg == nullptr ? port::SocketAddress() : environment_.transport.sent_by(leg->flow);
}

}  // namespace tipring::service
