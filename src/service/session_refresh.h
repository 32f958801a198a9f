// The session timer of a user agent, in both roles: RFC 4028 7, 9 and 10. A value of one dialog,
// without a clock: `now` goes in, deadlines come out.
//
// The option tag (kTimerTag) is for the Supported line of every request but ACK, which others have
// tags for too and which is therefore not written here.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "port/time.h"
#include "service/session_headers.h"
#include "sip/message.h"

namespace tipring::service {

class SessionRefresh {
 public:
  static constexpr size_t kLinesMax = 96;

  // What we ask for where nobody else does; 0: nothing, and only the peer's wishes count.
  // `min_se_s`: below it a request is refused.
  void configure(uint32_t interval_s, uint32_t min_se_s);

  // --- our INVITE or UPDATE ----------------------------------------------------------------------

  // Session-Expires and Min-SE, for the first one and for each within the dialog.
  std::string_view request_lines(std::span<char> out) const;
  // A 422. True: the request goes once more, with request_lines(), which say more now. False: they
  // would not, or it has been raised often enough.
  bool on_interval_too_small(const sip::MessageView& response);
  // A 2xx. Where it names no interval and we have asked for one, it is ours to refresh (7.2).
  void on_success(const sip::MessageView& response, Millis now);
  // An INVITE or UPDATE that was to refresh could not be sent, or was refused in a way that leaves the
  // dialog standing.
  void on_failure(Millis now);

  // --- theirs ------------------------------------------------------------------------------------

  // 0, or 422 with refusal_line(). Nothing is settled before on_answered().
  uint16_t on_request(const sip::MessageView& request);
  std::string_view refusal_line(std::span<char> out) const;
  // Of the 2xx to the last on_request().
  std::string_view answer_lines(std::span<char> out) const;
  // That 2xx has gone out.
  void on_answered(Millis now);

  // --- the session -------------------------------------------------------------------------------

  uint32_t interval_s() const { return interval_s_; }  // 0: it has no end
  bool is_refresher() const { return refreshes_; }
  Millis expires_at() const { return expires_at_; }  // kNever where it has no end
  // What the next request asks for; 0: nothing.
  uint32_t interval_wanted() const;

  // When on_timer() is due; kNever while nothing is.
  Millis deadline() const { return deadline_; }
  enum class Due : uint8_t {
    Nothing,
    Refresh,
    End,  // no refresh has come, or ours have failed
  };
  Due on_timer(Millis now);

 private:
  static constexpr uint8_t kRaisesMax = 4;
  struct Answer {
    uint32_t interval_s = 0;  // 0: the 2xx says nothing
    bool peer_knows = false;
    bool we_refresh = false;
  };

  uint32_t min_se_needed() const;
  void settle(uint32_t interval_s, bool refreshes, Millis now);
  Millis end_at() const;

  Millis deadline_ = kNever;
  Millis expires_at_ = kNever;
  uint32_t asked_s_ = 0;  // configured
  uint32_t min_se_s_ = kMinSeDefault;
  uint32_t interval_s_ = 0;
  uint32_t seen_min_se_s_ = 0;  // the highest; 0: none
  Answer answer_;
  uint8_t raises_ = 0;
  bool established_ = false;
  bool refreshes_ = false;
};

}  // namespace tipring::service
