// Provisional responses that are sent until they are acknowledged: RFC 3262, in both roles. Values
// without a clock: `now` goes in, deadlines come out, and whoever owns them keeps the message that
// is sent again.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "port/entropy.h"
#include "port/time.h"
#include "sip/message.h"
#include "sip/number_headers.h"

namespace tipring::service {

inline constexpr std::string_view kReliableTag = "100rel";

// What an INVITE says of the provisional responses to it: section 3.
enum class Reliability : uint8_t {
  Forbidden,  // it knows of none
  Offered,
  Required,  // each but a 100 must be one
};

Reliability reliability_of(const sip::MessageView& invite);

// As UAS, for one INVITE. One response at a time waits for its PRACK, also after the first, which is
// what section 3 recommends: then the peer has them in order.
class ReliableSender {
 public:
  static constexpr size_t kLinesMax = 48;

  // False while one waits, and behind the final response: it is sent later or not at all.
  bool may_send() const { return !waiting_ && !closed_; }

  // Begins the next one. `has_session`: its body is an offer or an answer. REQUIRES: may_send().
  void begin(bool has_session, port::Entropy& entropy, Millis now);
  // The Require and RSeq lines of the one begun last.
  std::string_view lines(std::span<char> out) const;

  // When on_timer() is due; kNever while nothing is.
  Millis deadline() const { return deadline_; }
  enum class Due : uint8_t {
    Nothing,
    Resend,
    GiveUp,  // 64*T1 without a PRACK: the INVITE is to be refused with a 5xx
  };
  Due on_timer(Millis now);

  // False: it is to be answered with 481, else with a 2xx. `cseq`: of the INVITE.
  bool on_prack(const sip::RAck& rack, uint32_t cseq);

  // A 2xx may not overtake a response with a session description: it waits for the PRACK. Other
  // final responses may go at any time.
  bool delays_success() const { return waiting_ && has_session_; }

  // The final response goes out. Nothing is sent again after it; a PRACK on its way is still known.
  void close();

 private:
  Millis deadline_ = kNever;
  Millis interval_{0};
  Millis give_up_at_{0};
  uint32_t number_ = 0;  // 0: none was begun
  bool waiting_ = false;
  bool has_session_ = false;
  bool closed_ = false;
};

// As UAC, for one early dialog of one INVITE: each of a fork counts for itself.
class ReliableReceiver {
 public:
  static constexpr size_t kLineMax = 48;

  enum class Verdict : uint8_t {
    Unreliable,   // handled as any other
    Acknowledge,  // handled, and a PRACK with rack_line() is due
    Drop,  // it has been handled, or another should have come first, or it cannot be answered
  };
  // REQUIRES: a provisional response to an INVITE.
  Verdict on_provisional(const sip::MessageView& response);

  // The RAck line of the PRACK for the last one.
  std::string_view rack_line(std::span<char> out) const;

  // The INVITE got its final response: reliable ones that come later are dropped.
  void close() { closed_ = true; }

 private:
  uint32_t cseq_ = 0;
  uint32_t number_ = 0;  // 0: none has come
  bool closed_ = false;
};

}  // namespace tipring::service
