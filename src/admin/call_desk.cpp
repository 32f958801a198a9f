#include "admin/call_desk.h"

#include <algorithm>

namespace tipring::admin {

namespace {

using dialog::Dialog;
using dialog::Side;

// Slots of the pool of dialogs that one command looks at.
constexpr uint32_t kSlotsPerPage = 512;

uint32_t seconds(Millis time) {
  return static_cast<uint32_t>(std::max(time, Millis(0)).count() / 1000);
}

// The wall clock of a past instant, as far as it has not stepped since.
uint64_t wall_ms(const port::Clock& clock, Millis then) {
  const Millis wall = clock.wall() - (clock.monotonic() - then);
  return static_cast<uint64_t>(std::max(wall, Millis(0)).count());
}

// RFC 4028 10: whoever refreshes does so when half of the interval is over.
uint32_t refresh_in(Millis left, uint32_t interval_s) {
  return seconds(left - Millis(int64_t{interval_s} * 500));
}

CallRow row_of(const Dialog& dialog, uint64_t id, const port::Clock& clock) {
  CallRow row;
  row.id = id;
  row.state = dialog.state;
  row.begun_ms = wall_ms(clock, dialog.call.begun);
  if (dialog.confirmed_at != Millis(0)) row.answered_ms = wall_ms(clock, dialog.confirmed_at);
  row.caller = dialog.uri(Side::Caller);
  row.callee = dialog.uri(Side::Callee);
  row.call_id = dialog.texts.get(dialog::Text::CallId);
  row.interval_s = dialog.session.interval_s;
  row.refresher = dialog.session.refresher;
  row.supervised = dialog.session.supervised;
  row.is_timed = row.supervised && dialog.expiry.armed();
  if (!row.is_timed) return row;
  const Millis left = dialog.expiry.deadline() - clock.monotonic();
  row.left_s = seconds(left);
  row.refresh_s = refresh_in(left, row.interval_s);
  return row;
}

// Two dialogs, which have no name in common but this.
CallRow row_of(const b2bua::Call& call, const b2bua::B2bua& b2bua, uint64_t id,
               const port::Clock& clock) {
  CallRow row;
  row.id = id;
  if (call.rang) row.state = dialog::DialogState::Early;
  if (call.is_joined()) row.state = dialog::DialogState::Confirmed;
  row.begun_ms = wall_ms(clock, call.begun);
  if (call.is_joined()) row.answered_ms = wall_ms(clock, call.answered_at);
  row.caller = call.from.view();
  row.callee = call.to.view();
  // Each leg has a session timer of its own, with us as the one side: that of the caller is shown.
  if (const auto leg = b2bua.legs().view(call.caller->leg)) {
    row.call_id = leg->call_id;
    row.interval_s = leg->session_interval_s;
    row.refresher = leg->is_refresher ? Side::Callee : Side::Caller;
    row.supervised = row.interval_s != 0;
    row.is_timed = row.supervised && leg->expires_at != kNever;
    if (row.is_timed) {
      const Millis left = leg->expires_at - clock.monotonic();
      row.left_s = seconds(left);
      row.refresh_s = refresh_in(left, row.interval_s);
    }
  }
  const auto other = call.is_joined() ? b2bua.legs().view(call.callee->leg) : std::nullopt;
  if (other && other->session_interval_s != 0 && other->expires_at != kNever) {
    const Millis left = other->expires_at - clock.monotonic();
    row.callee_interval_s = other->session_interval_s;
    row.callee_refresher = other->is_refresher ? Side::Caller : Side::Callee;
    row.callee_left_s = seconds(left);
    row.callee_refresh_s = refresh_in(left, row.callee_interval_s);
  }
  row.is_anchored = true;
  row.is_relayed = call.media.relayed();
  const auto caller_silent = b2bua.silent_for(call, media::Side::Caller);
  const auto callee_silent = b2bua.silent_for(call, media::Side::Callee);
  if (caller_silent && callee_silent) {
    row.has_sound = true;
    row.caller_sound = {b2bua::B2bua::sound_from(call, media::Side::Caller),
                        static_cast<uint32_t>(caller_silent->count())};
    row.callee_sound = {b2bua::B2bua::sound_from(call, media::Side::Callee),
                        static_cast<uint32_t>(callee_silent->count())};
  }
  if (const store::User* user = b2bua.answered_by(call)) row.answered_by = user->name();
  return row;
}

// Of the handles of anchored calls, which no pool is large enough to give by itself.
constexpr uint32_t kAnchoredBit = 0x80000000;

uint64_t id_of(b2bua::CallHandle handle) {
  handle.index |= kAnchoredBit;
  return handle.to_u64();
}

}  // namespace

uint64_t CallDesk::list(uint64_t cursor, Page& page) const {
  const uint32_t slots = calls_.dialog_stats().capacity;
  if (cursor >= slots) return list_anchored(cursor - slots, page);
  auto slot = static_cast<uint32_t>(cursor);
  const uint32_t end = std::min(slots, slot + kSlotsPerPage);
  for (; slot < end && page.has_room(); ++slot) {
    const Dialog* dialog = calls_.at_slot(slot);
    if (dialog == nullptr || dialog->is_given_up()) continue;
    page.add(row_of(*dialog, calls_.handle_of(*dialog).to_u64(), clock_));
  }
  // The anchored ones have pages of their own.
  return slot < slots || anchored_ != nullptr ? slot : 0;
}

uint64_t CallDesk::list_anchored(uint64_t cursor, Page& page) const {
  const uint32_t slots = anchored_ == nullptr ? 0 : anchored_->stats().capacity;
  if (cursor >= slots) return 0;
  auto slot = static_cast<uint32_t>(cursor);
  const uint32_t end = std::min(slots, slot + kSlotsPerPage);
  for (; slot < end && page.has_room(); ++slot) {
    const b2bua::Call* call = anchored_->at_slot(slot);
    if (call == nullptr) continue;
    page.add(row_of(*call, *anchored_, id_of(anchored_->handle_of(*call)), clock_));
  }
  return slot < slots ? calls_.dialog_stats().capacity + uint64_t{slot} : 0;
}

Outcome CallDesk::end(uint64_t id) {
  b2bua::CallHandle handle = b2bua::CallHandle::from_u64(id);
  if ((handle.index & kAnchoredBit) != 0) {
    handle.index &= ~kAnchoredBit;
    b2bua::Call* call = anchored_ == nullptr ? nullptr : anchored_->get(handle);
    if (call == nullptr) return Outcome::NoCall;
    return anchored_->end(*call) ? Outcome::Done : Outcome::NotAnswered;
  }
  Dialog* dialog = calls_.get(dialog::DialogHandle::from_u64(id));
  if (dialog == nullptr || dialog->is_given_up()) return Outcome::NoCall;
  // 15: a callee sends no BYE before it has answered, so the server sends none in its name.
  if (dialog->confirmed_at == Millis(0)) return Outcome::NotAnswered;
  ending_.end_call(*dialog);
  return Outcome::Done;
}

}  // namespace tipring::admin
