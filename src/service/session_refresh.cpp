#include "service/session_refresh.h"

#include <algorithm>

#include "sip/headers.h"
#include "sip/status.h"
#include "sip/writer.h"

namespace tipring::service {

namespace {

// 10: how long before the expiry a session ends that was not refreshed, at most.
constexpr Millis kEndBefore{32000};
// A refresh that was refused is tried again, but not in haste.
constexpr Millis kRetryMin{10000};

constexpr Millis seconds(uint32_t count) { return Millis{int64_t{count} * 1000}; }

void write_interval(sip::Writer& out, uint32_t interval_s, std::string_view refresher) {
  out.text(sip::to_text(sip::HeaderId::SessionExpires)).text(": ").number(interval_s);
  if (!refresher.empty()) out.text(";refresher=").text(refresher);
  out.crlf();
}

}  // namespace

void SessionRefresh::configure(uint32_t interval_s, uint32_t min_se_s) {
  asked_s_ = interval_s;
  min_se_s_ = std::max(min_se_s, kMinSeDefault);
}

// 7.4: the highest that was asked of us, and ours where that is higher.
uint32_t SessionRefresh::min_se_needed() const {
  const uint32_t needed = std::max(seen_min_se_s_, min_se_s_);
  return seen_min_se_s_ != 0 || needed > kMinSeDefault ? needed : 0;
}

uint32_t SessionRefresh::interval_wanted() const {
  const uint32_t interval = interval_s_ != 0 ? interval_s_ : asked_s_;
  return interval == 0 ? 0 : std::max({interval, min_se_needed(), kMinSeDefault});
}

std::string_view SessionRefresh::request_lines(std::span<char> out) const {
  sip::Writer lines(out);
  if (const uint32_t interval = interval_wanted(); interval != 0) {
    // 7.1: who refreshes is left open at first. 7.4: then the roles stay.
    const std::string_view refresher = interval_s_ == 0 ? "" : refreshes_ ? "uac" : "uas";
    write_interval(lines, interval, refresher);
  }
  if (const uint32_t min_se = min_se_needed(); min_se != 0)
    lines.header(sip::HeaderId::MinSe, uint64_t{min_se});
  return lines.view();
}

bool SessionRefresh::on_interval_too_small(const sip::MessageView& response) {
  const auto min_se = response.typed<sip::HeaderId::MinSe>();
  const uint32_t wanted = interval_wanted();
  if (!min_se || wanted == 0 || min_se->seconds <= wanted || raises_ == kRaisesMax) return false;
  ++raises_;
  seen_min_se_s_ = min_se->seconds;
  return true;
}

void SessionRefresh::on_success(const sip::MessageView& response, Millis now) {
  const uint32_t wanted = interval_wanted();
  raises_ = 0;
  // 7.4: what was raised for an INVITE without a dialog need not hold for the way within it.
  if (!established_) seen_min_se_s_ = 0;
  const auto interval = response.typed<sip::HeaderId::SessionExpires>();
  if (!interval) {
    settle(asked_s_ != 0 ? wanted : 0, true, now);
  } else {
    settle(interval->seconds, refresher_of(*interval) != Refresher::Uas, now);
  }
}

void SessionRefresh::on_failure(Millis now) {
  raises_ = 0;
  if (!refreshes_) return;
  const Millis retry = now + std::max((end_at() - now) / 2, kRetryMin);
  deadline_ = std::min(retry, end_at());
}

uint16_t SessionRefresh::on_request(const sip::MessageView& request) {
  answer_ = {};
  answer_.peer_knows = supports_timer(request);
  const auto interval = request.typed<sip::HeaderId::SessionExpires>();
  if (interval && answer_.peer_knows && interval->seconds < min_se_s_)
    return sip::status::kSessionIntervalTooSmall;
  if (request.has(sip::HeaderId::MinSe))
    seen_min_se_s_ = std::max(seen_min_se_s_, min_se_of(request));
  // 9: what the request says is copied; where it says nothing, it is as if a proxy had asked.
  if (interval) {
    answer_.interval_s = std::max(interval->seconds, kMinSeDefault);
  } else if (asked_s_ != 0) {
    answer_.interval_s = std::max({asked_s_, min_se_s_, min_se_of(request)});
  }
  // Table 2. Where the peer leaves it open the roles stay, and begin with the peer.
  const Refresher named = interval ? refresher_of(*interval) : Refresher::None;
  answer_.we_refresh = !answer_.peer_knows || named == Refresher::Uas ||
                       (named == Refresher::None && interval_s_ != 0 && refreshes_);
  return 0;
}

std::string_view SessionRefresh::refusal_line(std::span<char> out) const {
  sip::Writer line(out);
  return line.header(sip::HeaderId::MinSe, uint64_t{min_se_s_}).view();
}

std::string_view SessionRefresh::answer_lines(std::span<char> out) const {
  sip::Writer lines(out);
  if (answer_.interval_s == 0) return lines.view();
  if (answer_.peer_knows) lines.header(sip::HeaderId::Require, kTimerTag);
  write_interval(lines, answer_.interval_s, answer_.we_refresh ? "uas" : "uac");
  return lines.view();
}

void SessionRefresh::on_answered(Millis now) {
  settle(answer_.interval_s, answer_.we_refresh, now);
}

void SessionRefresh::settle(uint32_t interval_s, bool refreshes, Millis now) {
  established_ = true;
  interval_s_ = interval_s == 0 ? 0 : std::max(interval_s, kMinSeDefault);
  refreshes_ = refreshes && interval_s_ != 0;
  expires_at_ = interval_s_ == 0 ? kNever : now + seconds(interval_s_);
  deadline_ = refreshes_ ? now + seconds(interval_s_) / 2 : end_at();
}

Millis SessionRefresh::end_at() const {
  if (interval_s_ == 0) return kNever;
  return expires_at_ - std::min(kEndBefore, seconds(interval_s_) / 3);
}

SessionRefresh::Due SessionRefresh::on_timer(Millis now) {
  if (now < deadline_) return Due::Nothing;
  if (now >= end_at()) {
    deadline_ = kNever;
    return Due::End;
  }
  deadline_ = end_at();  // should nobody answer
  return Due::Refresh;
}

}  // namespace tipring::service
