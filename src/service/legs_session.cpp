// The session timers of legs, on both sides and in both roles: RFC 4028 7 to 10.
#include "service/leg_texts.h"
#include "service/legs.h"

namespace tipring::service {

using sip::Method;

namespace {

constexpr std::string_view kExpiredReason = "Reason: SIP;cause=408;text=\"Session expired\"\r\n";

}  // namespace

void Legs::configure_session(Leg& leg) {
  const SessionTimerOptions& options = environment_.session_timer;
  const bool asks = options.mode != SessionTimerMode::Off;
  leg.services.get<LegInterval>().refresh.configure(asks ? options.interval_s : 0,
                                                    options.min_se_s);
}

void Legs::schedule(Leg& leg) {
  const Millis deadline = leg.services.get<LegInterval>().refresh.deadline();
  if (deadline == kNever || !leg.stands()) return leg.session_timer.cancel();
  environment_.timers.start(leg.session_timer, deadline);
}

// Of a 2xx to an INVITE or UPDATE of ours.
void Legs::note_session(Leg& leg, const sip::MessageView& response) {
  leg.services.get<LegInterval>().refresh.on_success(response, environment_.now());
  schedule(leg);
}

// A peer that does not know UPDATE is sent our description again with each refresh. Whether that is
// ours to send, is known with his answer.
void Legs::remember(Leg& leg, std::string_view description) {
  leg.description.reset();
  const bool needed =
      leg.peer.timer || leg.services.get<LegInterval>().refresh.interval_wanted() != 0;
  if (needed && !leg.peer.update) leg.description = environment_.slabs.copy(description);
}

void Legs::on_session(Leg& leg, Millis now) {
  switch (leg.services.get<LegInterval>().refresh.on_timer(now)) {
    case SessionRefresh::Due::Nothing: return schedule(leg);
    case SessionRefresh::Due::Refresh: return refresh(leg);
    case SessionRefresh::Due::End: {
      const LegEnd end{EndCause::SessionOver};
      end_dialog(leg, kExpiredReason, end);
      return tell_end(leg, end);
    }
  }
}

// 7.4: with the description that was kept for who did not take UPDATE; else by UPDATE, which disturbs
// no offer.
void Legs::refresh(Leg& leg) {
  const bool repeats = !leg.peer.update && leg.description;
  const Method method = repeats ? Method::Invite : Method::Update;
  const LegContent content = {
      {}, repeats ? "application/sdp" : "", repeats ? leg.description.view() : std::string_view()};
  const MessageRef held = leg.description;  // start() remembers it anew
  const bool sendable = leg.dialog.has_cseq() && may_send(leg, method, repeats);
  const auto started = sendable ? start(leg, method, LegRequest::Purpose::Refresh, content, 0)
                                : Result<LegRequestHandle>(Error::Busy);
  started ? schedule(leg) : on_refresh_failed(leg);
}

// 10: a refusal that leaves the dialog standing leaves time for another try.
void Legs::on_refresh_failed(Leg& leg) {
  leg.services.get<LegInterval>().refresh.on_failure(environment_.now());
  schedule(leg);
}

}  // namespace tipring::service
