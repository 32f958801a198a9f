// The session interval that a proxy asks for, so that calls whose phones have died come to an end:
// RFC 4028 8.1 and 8.2 as SPEC C1 reads them. What is done to whom is a table in README.md.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "service/context.h"
#include "service/environment.h"
#include "service/session_headers.h"
#include "sip/message_edit.h"

namespace tipring::service {

class DigestServerAuth;
class DestinationSelection;
class ViaManagement;
class OutputControl;

// What a 2xx means for the session of its dialog: 8.2. Each 2xx of a forked INVITE has its own.
struct SessionOutcome {
  uint32_t interval_s = 0;  // from when the 2xx is forwarded; 0: the session has no end
  Refresher refresher = Refresher::None;
  bool supervised = false;  // the session is to be ended when the interval runs out
};

class SessionInterval {
 public:
  using Before = ServiceList<DigestServerAuth, DestinationSelection, ViaManagement, OutputControl>;

  // Of what a line says beyond the number: parameters of the caller's.
  static constexpr size_t kParamsMax = 96;
  static constexpr size_t kRequestLinesMax = 80 + kParamsMax;
  static constexpr size_t kResponseLineMax = 48;

  // Before the request is shown to the context: the Request-URI that counts, which outlives
  // screen_request().
  void configure(const sip::ParsedUri& request_uri) { request_uri_ = &request_uri; }

  // 421 for a call of a phone without session timers where these are mandatory, 422 for an interval
  // below ours where the sender can raise it; before anybody is asked who he is. Decides what the
  // forwarded request says, which stays so whatever is configured meanwhile.
  Screening screen_request(const Environment& environment, const Incoming& request);

  // False for the lines that lines() replaces.
  bool keeps(const sip::HeaderView& line) const {
    return !raises_ ||
           (line.id() != sip::HeaderId::SessionExpires && line.id() != sip::HeaderId::MinSe);
  }
  // Whole lines for the forwarded request, which is the one that was screened. They lie in `out`,
  // which holds kRequestLinesMax.
  std::string_view lines(const sip::MessageView& request, std::span<char> out) const;

  // Where the callee knows no session timer and the caller does, the caller is told to refresh. What
  // is added to `edit` lies in `out`, which holds kResponseLineMax.
  void edit_response(const sip::MessageView& response, sip::ResponseEdit& edit,
                     std::span<char> out) const;

  // What the caller is told by `response` after edit_response(). REQUIRES: a 2xx, as it was
  // received, to an INVITE or UPDATE.
  SessionOutcome outcome(const sip::MessageView& response) const;

 private:
  Screening refuse_untimed(const Environment& environment, const Incoming& request) const;
  Screening refuse_short(const Environment& environment, const Incoming& request) const;
  void raise(const SessionTimerOptions& options, const sip::MessageView& request);
  bool makes_caller_refresh(const sip::MessageView& response) const;

  const sip::ParsedUri* request_uri_ = nullptr;  // good during screen_request()
  uint32_t interval_s_ = 0;                      // in the forwarded request; 0: we ask for none
  uint32_t min_se_s_ = 0;                        // in the forwarded request where we raise it
  Refresher refresher_ = Refresher::None;        // whom the request names
  bool caller_refreshes_ = false;                // it lists "timer"
  bool inserts_ = false;
  bool raises_ = false;
};

}  // namespace tipring::service
