#include "dialog/calls.h"

#include <algorithm>

#include "core/hash.h"
#include "dialog/route_set.h"
#include "sip/headers.h"
#include "sip/name_addr.h"
#include "sip/status.h"

namespace tipring::dialog {

namespace {

constexpr std::string_view kCallsName = "calls";
constexpr std::string_view kDialogsName = "dialogs";
constexpr std::string_view kHoldersName = "call_holders";

std::string_view text_of(const sip::MessageView& message, sip::HeaderId id) {
  return message.header(id).value_or(std::string_view());
}

uint32_t cseq_of(const sip::MessageView& message) {
  const auto& cseq = message.typed<sip::HeaderId::CSeq>();
  return cseq ? cseq->number : 0;
}

// Without a key: whoever makes two of them equal hurts nobody but his own call.
uint64_t hash_of(std::string_view tag) { return siphash64({}, tag); }

}  // namespace

void Dialog::on_expiry(Millis) { calls.on_expiry(*this); }

std::string_view Dialog::uri(Side side) const {
  const auto parsed = sip::parse_name_addr(address(side));
  return parsed ? parsed->uri : address(side);
}

void Calls::plan(const Limits& limits, MemoryPlan& plan) {
  Pool<Holder>::plan(plan, kHoldersName, call_holders_max(limits));
  HashTable<Holder, &Holder::node>::plan(plan, kHoldersName, call_holders_max(limits));
  Pool<Call>::plan(plan, kCallsName, calls_max(limits));
  Pool<Dialog>::plan(plan, kDialogsName, dialogs_max(limits));
}

Calls::Calls(const CallDependencies& dependencies, const Limits& limits)
    : dependencies_(dependencies),
      kept_back_(emergency_calls_max(limits)),
      holders_(kHoldersName, dependencies.arena, call_holders_max(limits)),
      by_holder_(dependencies.arena, call_holders_max(limits)),
      calls_(kCallsName, dependencies.arena, calls_max(limits)),
      dialogs_(kDialogsName, dependencies.arena, dialogs_max(limits)) {}

uint32_t Calls::held_by(uint64_t key) const {
  const Holder* holder =
      by_holder_.find(key, [key](const Holder& other) { return other.key == key; });
  return holder == nullptr ? 0 : holder->calls;
}

// The holder of a call that is about to begin. Null for nobody.
Holder* Calls::hold(uint64_t key) {
  if (key == 0) return nullptr;
  Holder* holder = by_holder_.find(key, [key](const Holder& other) { return other.key == key; });
  if (holder == nullptr) {
    holder = holders_.acquire(key);
    TIPRING_ASSERT(holder != nullptr);  // as many as there are calls, and each has one at least
    by_holder_.insert(key, *holder);
  }
  ++holder->calls;
  return holder;
}

uint64_t Calls::share_of(const Terms& terms) {
  return uint64_t{terms.held_max} + (terms.emergency ? kHelpBeyondShare : 0);
}

Result<Holder*> Calls::take_share(const Terms& terms) {
  if (held_by(terms.holder) >= share_of(terms)) return Error::OverShare;
  return hold(terms.holder);
}

void Calls::release(Call& call) {
  Holder* const holder = call.holder;
  calls_.release(call);
  give_share(holder);
}

void Calls::give_share(Holder* holder) {
  if (holder == nullptr || --holder->calls > 0) return;
  by_holder_.erase(*holder);
  holders_.release(*holder);
}

Result<CallHandle> Calls::begin(const Incoming& invite, const Terms& terms) {
  const sip::MessageView& message = invite.message;
  RouteSetText room;
  const Result<std::string_view> routes = routes_to_caller(message, room);
  if (!routes) return routes.error();
  Call* call = calls_.acquire_leaving(terms.emergency ? 0 : kept_back_);
  if (call == nullptr) return Error::PoolExhausted;
  if (held_by(terms.holder) >= share_of(terms)) {
    calls_.release(*call);
    return Error::OverShare;
  }
  Dialog* dialog = dialogs_.acquire(*this, *call);
  if (dialog == nullptr) {  // forks leave one for every call: this is not to be
    release(*call);
    return Error::PoolExhausted;
  }
  call->dialogs.push_back(*dialog);
  const Result<void> taken = dialog->texts.assign(
      dependencies_.slabs, {text_of(message, sip::HeaderId::CallId), message.from_tag(),
                            text_of(message, sip::HeaderId::From), message.contact_uri().text,
                            *routes, "", text_of(message, sip::HeaderId::To), "", ""});
  if (!taken) {
    dialogs_.release(*dialog);
    release(*call);
    return taken.error();
  }
  call->begun = invite.now;
  call->holder = hold(terms.holder);
  // Behind other proxies the flow is theirs.
  const bool by_flow = routes->empty() && is_reached_by_flow(message, invite.flow);
  dialog->caller = {invite.flow, cseq_of(message), by_flow};
  ++counters_.begun;
  return calls_.handle_of(*call);
}

Answer Calls::on_response(CallHandle handle, const Incoming& response) {
  Call* call = calls_.get(handle);
  const std::string_view tag = response.message.to_tag();
  const bool confirms = sip::is_success(response.message.status());
  // Of a callee without tags there is one dialog, made by its 2xx.
  if (call == nullptr || (tag.empty() && !confirms)) return {};
  // The 2xx of a dialog that is over, come again: it is forwarded, and makes no other.
  if (call->over.any() && call->over.knows(hash_of(tag))) return {};
  Dialog* dialog = dialog_of(*call, tag, confirms);
  if (dialog == nullptr) {
    ++counters_.untracked;
    return {};
  }
  const DialogState before = dialog->state;
  // A 2xx says the last word on the route set (13.2.2.4).
  if (before == DialogState::Calling || (confirms && before == DialogState::Early)) {
    learn_callee(*dialog, response);
  }
  if (!confirms) {
    if (before == DialogState::Calling) dialog->state = DialogState::Early;
    return {dialog};
  }
  if (dialog->confirmed) return {dialog};
  // One whose caller has sent a BYE already stays what it is.
  if (before != DialogState::Ending) dialog->state = DialogState::Confirmed;
  dialog->confirmed = true;
  dialog->confirmed_at = response.now;
  call->answered = true;
  ++counters_.answered;
  figures_.on_confirmed();
  return {dialog, true};
}

// The dialog with this tag: one that is known, else the one that has no callee yet, else a fork.
// Where there is no room for it, who answers takes the place of one who rings.
Dialog* Calls::dialog_of(Call& call, std::string_view tag, bool confirms) {
  uint32_t count = 0;
  Dialog* ringing = nullptr;
  for (Dialog* dialog = call.dialogs.front(); dialog != nullptr;
       dialog = call.dialogs.next(*dialog)) {
    if (dialog->state == DialogState::Calling || dialog->tag(Side::Callee) == tag) return dialog;
    if (dialog->state == DialogState::Early) ringing = dialog;
    ++count;
  }
  const Dialog* first = call.dialogs.front();
  Dialog* dialog = first != nullptr && count < kForksMax ? fork(*first) : nullptr;
  return dialog == nullptr && confirms && ringing != nullptr ? &begin_anew(*ringing) : dialog;
}

// In the place of `dialog`, as it was before anybody rang. Handles to that one are stale.
Dialog& Calls::begin_anew(Dialog& dialog) {
  Call& call = dialog.call;
  DialogTexts texts = std::move(dialog.texts);
  const Peer caller = dialog.caller;
  dialogs_.release(dialog);
  Dialog* fresh = dialogs_.acquire(*this, call);
  TIPRING_ASSERT(fresh != nullptr);  // a place has just been given back
  call.dialogs.push_back(*fresh);
  fresh->texts = std::move(texts);
  fresh->caller = caller;
  forget_callee(*fresh);
  return *fresh;
}

// What goes makes room, so that nothing is wanted.
void Calls::forget_callee(Dialog& dialog) {
  for (const Text text :
       {Text::CalleeTag, Text::CalleeAddress, Text::CalleeTarget, Text::CalleeRoutes}) {
    static_cast<void>(dialog.texts.replace(dependencies_.slabs, text, ""));
  }
}

// Another dialog of the same call. Leaves one for each call that may begin.
Dialog* Calls::fork(const Dialog& first) {
  const PoolStats& calls = calls_.stats();
  Dialog* dialog = dialogs_.acquire_leaving(calls.capacity - calls.in_use, *this, first.call);
  if (dialog == nullptr) return nullptr;
  if (!dialog->texts.copy(dependencies_.slabs, first.texts)) {
    dialogs_.release(*dialog);
    return nullptr;
  }
  forget_callee(*dialog);
  dialog->caller = first.caller;
  first.call.dialogs.push_back(*dialog);
  return dialog;
}

// Where there is no room for all that a callee says, its dialog is known by the tag alone and
// cannot be ended from here.
void Calls::learn_callee(Dialog& dialog, const Incoming& response) {
  const sip::MessageView& message = response.message;
  MessageSlabs& slabs = dependencies_.slabs;
  RouteSetText room;
  const Result<std::string_view> routes =
      routes_to_callee(message, calls_.handle_of(dialog.call), room);
  const bool complete =
      dialog.texts.replace(slabs, Text::CalleeTag, message.to_tag()) &&
      dialog.texts.replace(slabs, Text::CalleeAddress, text_of(message, sip::HeaderId::To)) &&
      routes && dialog.texts.replace(slabs, Text::CalleeRoutes, *routes) &&
      dialog.texts.replace(slabs, Text::CalleeTarget, message.contact_uri().text);
  if (!complete) ++counters_.untracked;
  dialog.callee.flow = response.flow;
  dialog.callee.by_flow = complete && routes->empty() && is_reached_by_flow(message, response.flow);
}

void Calls::give_up(CallHandle handle, std::string_view callee_tag) {
  Call* call = calls_.get(handle);
  if (call == nullptr || callee_tag.empty()) return;
  for (Dialog* dialog = call->dialogs.front(); dialog != nullptr;
       dialog = call->dialogs.next(*dialog)) {
    if (dialog->state != DialogState::Early || dialog->tag(Side::Callee) != callee_tag) continue;
    const bool is_only = call->dialogs.front() == dialog && call->dialogs.back() == dialog;
    if (!is_only) return dialogs_.release(*dialog);
    begin_anew(*dialog);  // other branches may still ring or answer
    return;
  }
}

void Calls::close(CallHandle handle) {
  Call* call = calls_.get(handle);
  if (call == nullptr) return;
  call->is_inviting = false;
  give_up_early(*call);
  if (call->dialogs.empty()) release(*call);
}

void Calls::give_up_early(Call& call) {
  for (Dialog* dialog = call.dialogs.front(); dialog != nullptr;) {
    Dialog* const next = call.dialogs.next(*dialog);
    if (!dialog->is_standing()) dialogs_.release(*dialog);
    dialog = next;
  }
}

Match Calls::match(CallHandle handle, const sip::MessageView& request) const {
  const Call* call = calls_.get(handle);
  if (call == nullptr) return {};
  const std::string_view from = request.from_tag();
  const std::string_view to = request.to_tag();
  const std::string_view call_id = text_of(request, sip::HeaderId::CallId);
  for (Dialog* dialog = call->dialogs.front(); dialog != nullptr;
       dialog = call->dialogs.next(*dialog)) {
    if (dialog->state == DialogState::Calling) continue;
    if (dialog->texts.get(Text::CallId) != call_id) return {};
    const std::string_view caller = dialog->tag(Side::Caller);
    const std::string_view callee = dialog->tag(Side::Callee);
    if (from == caller && to == callee) return {dialog, Side::Caller};
    if (from == callee && to == caller) return {dialog, Side::Callee};
  }
  return {};
}

void Calls::set_session(Dialog& dialog, const Session& session) {
  dialog.session = session;
  // Nothing is held for as long as a phone may name: 2**32 seconds.
  const Millis lasts =
      session.supervised ? std::min(Millis(int64_t{session.interval_s} * 1000), kUnsupervisedLimit)
                         : kUnsupervisedLimit;
  dependencies_.timers.start(dialog.expiry, dependencies_.loop.now() + lasts);
}

void Calls::note_alive(Dialog& dialog) {
  if (dialog.session.supervised || !dialog.expiry.armed()) return;
  dependencies_.timers.start(dialog.expiry, dependencies_.loop.now() + kUnsupervisedLimit);
}

void Calls::set_target(Dialog& dialog, Side side, std::string_view uri) {
  const Text which = side == Side::Caller ? Text::CallerTarget : Text::CalleeTarget;
  if (!uri.empty()) static_cast<void>(dialog.texts.replace(dependencies_.slabs, which, uri));
}

void Calls::on_expiry(Dialog& dialog) {
  ++counters_.expired;
  dialog.state = DialogState::Ending;
  if (dialog.ended_by == store::RecordEnd::None) dialog.ended_by = store::RecordEnd::SessionOver;
  if (observer_ != nullptr) return observer_->on_expired(dialog);
  end(dialog);
}

bool Calls::is_last(const Dialog& dialog) const {
  const Call& call = dialog.call;
  for (const Dialog* other = call.dialogs.front(); other != nullptr;
       other = call.dialogs.next(*other)) {
    if (other != &dialog && other->confirmed) return false;
  }
  return true;
}

void Calls::tell_over(const Dialog& dialog) const {
  if (end_observer_ != nullptr && dialog.confirmed) end_observer_->on_over(dialog, is_last(dialog));
}

void Calls::note_bye(Dialog& dialog, Side from, const sip::MessageView& bye) {
  dialog.state = DialogState::Ending;
  dialog.ended_by = from == Side::Caller ? store::RecordEnd::Caller : store::RecordEnd::Callee;
  if (end_observer_ != nullptr && dialog.confirmed)
    end_observer_->on_bye(dialog, is_last(dialog), bye);
}

void Calls::end(Dialog& dialog) {
  tell_over(dialog);
  Call& call = dialog.call;
  if (dialog.confirmed) figures_.on_over(dependencies_.loop.now() - dialog.confirmed_at);
  const bool is_only = call.dialogs.front() == &dialog && call.dialogs.back() == &dialog;
  const bool goes_on = !is_only || call.is_inviting;
  // Also of one that only rang: its 2xx may have crossed the BYE of its caller.
  if (goes_on && dialog.state != DialogState::Calling)
    call.over.note(hash_of(dialog.tag(Side::Callee)));
  if (is_only && call.is_inviting) {
    begin_anew(dialog);  // other branches may still ring or answer
    return;
  }
  dialogs_.release(dialog);
  if (is_only) release(call);
}

}  // namespace tipring::dialog
