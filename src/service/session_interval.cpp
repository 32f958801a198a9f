#include "service/session_interval.h"

#include <algorithm>
#include <array>

#include "sip/headers.h"
#include "sip/status.h"
#include "sip/writer.h"

namespace tipring::service {

namespace {

Screening refuse(const Environment& environment, const Incoming& request, uint16_t status,
                 std::string_view headers) {
  sip::ResponseParts parts;
  parts.headers = headers;
  environment.transactions.reply_stateless(request, status, parts);
  return Screening::Refused;
}

}  // namespace

Screening SessionInterval::screen_request(const Environment& environment, const Incoming& request) {
  const SessionTimerOptions& options = environment.session_timer;
  const sip::MessageView& message = request.message;
  if (!is_session_refresh(message.method()) || options.mode == SessionTimerMode::Off)
    return Screening::Pass;
  caller_refreshes_ = supports_timer(message);
  if (!message.has(sip::HeaderId::SessionExpires)) {
    if (!caller_refreshes_ && options.mode == SessionTimerMode::Mandatory &&
        refuse_untimed(environment, request) == Screening::Refused) {
      return Screening::Refused;
    }
    inserts_ = true;
    interval_s_ = std::max(options.interval_s, min_se_of(message));
    return Screening::Pass;
  }
  const auto interval = message.typed<sip::HeaderId::SessionExpires>();
  if (!interval) return Screening::Pass;
  interval_s_ = interval->seconds;
  refresher_ = refresher_of(*interval);
  // 8.1: of a sender who knows session timers neither number is touched.
  if (!caller_refreshes_) {
    raise(options, message);
  } else if (interval_s_ < options.min_se_s) {
    return refuse_short(environment, request);
  }
  return Screening::Pass;
}

// RFC 3261 21.4.16. Who is in a dialog is let go on with it, whatever was configured when it began.
Screening SessionInterval::refuse_untimed(const Environment& environment,
                                          const Incoming& request) const {
  const sip::MessageView& message = request.message;
  if (message.method() != sip::Method::Invite || !message.to_tag().empty()) return Screening::Pass;
  const sip::ParsedUri& uri =
      request_uri_ != nullptr ? *request_uri_ : message.parsed_request_uri();
  TimerExceptions* const exceptions = environment.timer_exceptions;
  if (exceptions != nullptr && exceptions->lets_through(request, uri)) return Screening::Pass;
  return refuse(environment, request, sip::status::kExtensionRequired, "Require: timer\r\n");
}

Screening SessionInterval::refuse_short(const Environment& environment,
                                        const Incoming& request) const {
  std::array<char, 32> text;
  sip::Writer min_se(text);
  min_se.header(sip::HeaderId::MinSe, uint64_t{environment.session_timer.min_se_s});
  return refuse(environment, request, sip::status::kSessionIntervalTooSmall, min_se.view());
}

// 8.1: a sender without session timers could do nothing about a 422, so both numbers are raised.
void SessionInterval::raise(const SessionTimerOptions& options, const sip::MessageView& request) {
  const uint32_t min_se = std::max(min_se_of(request), options.min_se_s);
  if (interval_s_ >= min_se) return;
  raises_ = true;
  min_se_s_ = min_se;
  interval_s_ = min_se;
}

std::string_view SessionInterval::lines(const sip::MessageView& request,
                                        std::span<char> out) const {
  sip::Writer lines(out);
  if (inserts_) lines.header(sip::HeaderId::SessionExpires, uint64_t{interval_s_});
  if (!raises_) return lines.view();
  lines.header(sip::HeaderId::MinSe, uint64_t{min_se_s_});
  lines.text(sip::to_text(sip::HeaderId::SessionExpires)).text(": ").number(interval_s_);
  const auto value = request.typed<sip::HeaderId::SessionExpires>();
  if (value && value->params.size() <= kParamsMax) {
    lines.unfolded(value->params);
  } else if (refresher_ != Refresher::None) {  // that one is not ours to take away
    lines.text(refresher_ == Refresher::Uac ? ";refresher=uac" : ";refresher=uas");
  }
  return lines.crlf().view();
}

bool SessionInterval::makes_caller_refresh(const sip::MessageView& response) const {
  return interval_s_ != 0 && caller_refreshes_ && sip::is_success(response.status()) &&
         !response.has(sip::HeaderId::SessionExpires);
}

void SessionInterval::edit_response(const sip::MessageView& response, sip::ResponseEdit& edit,
                                    std::span<char> out) const {
  if (!makes_caller_refresh(response)) return;
  sip::Writer line(out);
  line.text(sip::to_text(sip::HeaderId::SessionExpires)).text(": ");
  line.number(interval_s_).text(";refresher=uac\r\n");
  edit.required = kTimerTag;
  edit.extra_lines = line.view();
}

SessionOutcome SessionInterval::outcome(const sip::MessageView& response) const {
  if (makes_caller_refresh(response)) return {interval_s_, Refresher::Uac, true};
  const auto interval = response.typed<sip::HeaderId::SessionExpires>();
  if (!interval) return {};  // none, or nobody knows when the phones think that it ends
  SessionOutcome outcome;
  outcome.interval_s = std::max(interval->seconds, kMinSeDefault);
  outcome.refresher = refresher_of(*interval);
  outcome.supervised = interval_s_ != 0;
  // 9: it has to be there. Table 2: whom the request names, else one who can.
  if (outcome.refresher == Refresher::None) outcome.refresher = refresher_;
  if (outcome.refresher == Refresher::None)
    outcome.refresher = caller_refreshes_ ? Refresher::Uac : Refresher::Uas;
  return outcome;
}

}  // namespace tipring::service
