// Requests that cross: when both sides of a dialog offer at once, or one offers again before it has
// been answered. RFC 3261 14.1 and 14.2, RFC 3311 5.2 and 5.3.
#pragma once

#include <cstdint>

#include "port/entropy.h"
#include "port/time.h"
#include "sip/method.h"

namespace tipring::service {

// What is under way in a dialog when a request comes in. An INVITE is under way until its final
// response; a client's until that has been received, a server's until it has been sent.
struct Pending {
  bool our_invite = false;
  bool their_invite = false;
  bool their_update = false;
  bool our_offer = false;    // of ours, in whatever request or response, not answered yet
  bool their_offer = false;  // of theirs, that we have not answered
};

struct Crossing {
  uint16_t status = 0;        // 0: they do not cross, go on; else 491 or 500
  uint8_t retry_after_s = 0;  // to be said with a 500
};

class Glare {
 public:
  // Longer, and the peer is one that offers without an end: what was wanted is given up.
  static constexpr uint8_t kTriesMax = 5;

  // Whether an INVITE or UPDATE within the dialog may be looked at now. Any other method may.
  static Crossing judge(sip::Method method, bool has_offer, const Pending& pending,
                        port::Entropy& entropy);

  // Our INVITE or UPDATE got a 491. How long to wait before it is sent once more, if it is wanted
  // then; kNever when it has been tried often enough. `owns_call_id`: our side has made the Call-ID
  // of the dialog. The two ranges do not meet, so that the next tries do not cross again.
  Millis on_request_pending(bool owns_call_id, port::Entropy& entropy);

  // It got another final response.
  void settle() { tries_ = 0; }

 private:
  uint8_t tries_ = 0;
};

}  // namespace tipring::service
