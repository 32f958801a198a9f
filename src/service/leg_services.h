// The services of a call leg: what each does with the responses to its requests, and the values that
// it keeps between them. In the order of the type, which is checked: credentials come before the
// session interval, and both before what is tried elsewhere, or again later (RFC 4028 7.4 sends a 422
// only to who has been let in).
#pragma once

#include "core/message_slabs.h"
#include "port/entropy.h"
#include "service/context.h"
#include "service/digest_client_auth.h"
#include "service/environment.h"
#include "service/glare.h"
#include "service/leg_user.h"
#include "service/redirection.h"
#include "service/reliable_provisionals.h"
#include "service/session_refresh.h"
#include "sip/status.h"

namespace tipring::service {

// A failure, and what is known of the request that has met it.
struct LegExchange {
  const sip::MessageView& response;
  sip::Method method;
  AuthTries& tries;
  port::Entropy& entropy;
  bool is_caller;  // ours is the Call-ID
  // Of the INVITE of a call; else empty.
  std::string_view request_uri = {};
  Millis wait{0};            // before it is sent again
  bool other_lines = false;  // Session-Expires and Min-SE have changed
  bool elsewhere = false;    // it goes to the redirection's next target
};

class LegGlare;
struct LegRedirection;

struct LegInterval {
  using Before = ServiceList<LegRedirection, LegGlare>;
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
  using Before = ServiceList<LegInterval, LegRedirection, LegGlare>;
  static constexpr LegClientEvent kEvent = LegClientEvent::Challenge;

  bool examine_response(const Environment& environment, LegExchange& exchange) {
    const uint16_t status = exchange.response.status();
    return (status == 401 || status == 407) &&
           auth.on_challenge(environment.slabs, exchange.response, exchange.tries) ==
               DigestClientAuth::Verdict::Reissue;
  }

  DigestClientAuth auth;
};

// RFC 3261 8.1.3.4.
struct LegRedirection {
  using Before = ServiceList<LegGlare>;
  static constexpr LegClientEvent kEvent = LegClientEvent::Redirected;

  bool examine_response(const Environment& environment, LegExchange& exchange) {
    if (exchange.request_uri.empty()) return false;
    const uint16_t status = exchange.response.status();
    // 305 and 380 name no addresses of the callee (21.3.4, 21.3.5), and a 6xx is for all of them.
    if (status >= 300 && status <= 302) {
      if (!targets.has_begun()) (void)targets.begin(environment.slabs, exchange.request_uri);
      targets.on_redirect(environment.slabs, exchange.response);
    } else if (!sip::is_failure(status) || status >= 600) {
      return false;
    }
    exchange.elsewhere = !targets.next().empty();
    return exchange.elsewhere;
  }

  Redirection targets;
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

using LegServices =
    Context<ReliableSender, ReliableReceiver, LegChallenge, LegInterval, LegRedirection, LegGlare>;

}  // namespace tipring::service
