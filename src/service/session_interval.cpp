#include "service/session_interval.h"

#include <algorithm>

#include "sip/headers.h"
#include "sip/status.h"
#include "sip/writer.h"

namespace tipring::service {

namespace {

constexpr std::string_view kTimer = "timer";
constexpr uint32_t kMinSeDefault = 90;  // 5: what no Min-SE means

uint32_t min_se_of(const sip::MessageView& request) {
  const auto min_se = request.typed<sip::HeaderId::MinSe>();
  return min_se ? min_se->seconds : kMinSeDefault;
}

}  // namespace

bool SessionInterval::is_refresh(sip::Method method) {
  return method == sip::Method::Invite || method == sip::Method::Update;
}

Screening SessionInterval::screen_request(const Environment& environment, const Incoming& request) {
  const SessionTimerOptions& options = environment.session_timer;
  const sip::MessageView& message = request.message;
  if (!options.enabled || !is_refresh(message.method())) return Screening::Pass;
  const auto interval = message.typed<sip::HeaderId::SessionExpires>();
  if (!interval || interval->seconds >= options.min_se_s) return Screening::Pass;
  if (!sip::contains_token(message.values(sip::HeaderId::Supported), kTimer)) {
    return Screening::Pass;
  }
  std::array<char, 32> text;
  sip::Writer min_se(text);
  min_se.header(sip::HeaderId::MinSe, uint64_t{options.min_se_s});
  sip::ResponseParts parts;
  parts.headers = min_se.view();
  environment.transactions.reply_stateless(request, sip::status::kSessionIntervalTooSmall, parts);
  return Screening::Refused;
}

void SessionInterval::prepare_request(const Environment& environment,
                                      const sip::MessageView& request) {
  const SessionTimerOptions& options = environment.session_timer;
  lines_size_ = 0;
  replaces_ = false;
  if (!options.enabled || !is_refresh(request.method())) return;
  caller_refreshes_ = sip::contains_token(request.values(sip::HeaderId::Supported), kTimer);
  if (request.has(sip::HeaderId::SessionExpires)) {
    const auto interval = request.typed<sip::HeaderId::SessionExpires>();
    interval_s_ = interval ? interval->seconds : 0;
    // 8.1: of a sender who knows session timers neither number is touched.
    if (interval && !caller_refreshes_) raise(environment, request);
    return;
  }
  // An UPDATE without the header changes something else.
  if (request.method() != sip::Method::Invite) return;
  const uint32_t min_se = min_se_of(request);
  interval_s_ = std::max(options.interval_s, min_se);
  sip::Writer out(lines_);
  out.header(sip::HeaderId::SessionExpires, uint64_t{interval_s_});
  lines_size_ = static_cast<uint8_t>(out.size());
}

// 8.1: a sender without session timers could do nothing about a 422, so both numbers are raised.
void SessionInterval::raise(const Environment& environment, const sip::MessageView& request) {
  const uint32_t min_se = std::max(min_se_of(request), environment.session_timer.min_se_s);
  if (interval_s_ >= min_se) return;
  const std::string_view value = request.first_value(sip::HeaderId::SessionExpires);
  const size_t params = std::min(value.find(';'), value.size());
  sip::Writer out(lines_);
  out.header(sip::HeaderId::MinSe, uint64_t{min_se});
  out.text(sip::to_text(sip::HeaderId::SessionExpires)).text(": ").number(min_se);
  out.unfolded(value.substr(params)).crlf();
  if (out.full()) return;  // parameters beyond all reason stay as they are
  lines_size_ = static_cast<uint8_t>(out.size());
  interval_s_ = min_se;
  replaces_ = true;
}

bool SessionInterval::keeps(const sip::HeaderView& line) const {
  return !replaces_ ||
         (line.id() != sip::HeaderId::SessionExpires && line.id() != sip::HeaderId::MinSe);
}

std::string_view SessionInterval::response_lines(const sip::MessageView& response,
                                                 std::span<char> out) const {
  if (interval_s_ == 0 || !caller_refreshes_ || !sip::is_success(response.status()) ||
      response.has(sip::HeaderId::SessionExpires)) {
    return {};
  }
  sip::Writer lines(out);
  lines.text("Require: timer\r\n").text(sip::to_text(sip::HeaderId::SessionExpires)).text(": ");
  lines.number(interval_s_).text(";refresher=uac\r\n");
  return lines.view();
}

}  // namespace tipring::service
