// The services of a call leg: what each does with the responses to its requests, and the values that
// it keeps between them. In the order of the type, which is checked: credentials come before the
// session interval, and both before what is tried again later (RFC 4028 7.4 sends a 422 only to who
// has been let in).
#pragma once

#include "core/message_slabs.h"
#include "port/entropy.h"
#include "service/context.h"
#include "service/digest_client_auth.h"
#include "service/environment.h"
#include "service/glare.h"
#include "service/leg_user.h"
#include "service/reliable_provisionals.h"
#include "service/session_refresh.h"

namespace tipring::service {

// A failure, and what is known of the request that has met it.
struct LegExchange {
  const sip::MessageView& response;
  sip::Method method;
  AuthTries& tries;
  port::Entropy& entropy;
  bool is_caller;            // ours is the Call-ID
  Millis wait{0};            // before it is sent again
  bool other_lines = false;  // Session-Expires and Min-SE have changed
};

class LegGlare;

struct LegInterval {
  using Before = ServiceList<LegGlare>;
  static constexpr LegClientEvent kEvent = LegClientEvent::IntervalTooSmall;

  bool examine_response(const Environment&, LegExchange& exchange) {
    const bool raised = exchange.response.status() == 422 && is_session_refresh(exchange.method) &&
                        refresh.on_interval_too_small(exchange.response);
    exchange.other_lines = exchange.other_lines || raised;
    return raised;
  }

  SessionRefresh refresh;
};

struct LegChallenge {
  using Before = ServiceList<LegInterval, LegGlare>;
  static constexpr LegClientEvent kEvent = LegClientEvent::Challenge;

  bool examine_response(const Environment& environment, LegExchange& exchange) {
    const uint16_t status = exchange.response.status();
    return (status == 401 || status == 407) &&
           auth.on_challenge(environment.slabs, exchange.response, exchange.tries) ==
               DigestClientAuth::Verdict::Reissue;
  }

  DigestClientAuth auth;
};

class LegGlare {
 public:
  static constexpr LegClientEvent kEvent = LegClientEvent::RequestPending;

  bool examine_response(const Environment&, LegExchange& exchange) {
    if (exchange.response.status() != 491 || !is_session_refresh(exchange.method)) return false;
    exchange.wait = glare.on_request_pending(exchange.is_caller, exchange.entropy);
    return exchange.wait != kNever;
  }

  Glare glare;
};

using LegServices = Context<ReliableSender, ReliableReceiver, LegChallenge, LegInterval, LegGlare>;

}  // namespace tipring::service
