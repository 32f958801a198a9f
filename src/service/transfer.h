// Transfers: REFER and the subscription that it makes, for both sides. RFC 3515, RFC 3892 (who asks
// for it), RFC 4488 (without a subscription), RFC 5589 (how transfers are made of them), RFC 3420.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/result.h"
#include "port/time.h"
#include "service/replaces.h"
#include "sip/message.h"
#include "sip/writer.h"

namespace tipring::service {

inline constexpr std::string_view kNoReferSubTag = "norefersub";

// --- the request ---------------------------------------------------------------------------------

// A REFER as it was received. Views into it.
struct Refer {
  uint16_t status = 0;           // not 0: it is to be refused with it
  std::string_view target;       // a SIP or SIPS URI, maybe with headers: see uri_headers.h
  std::string_view referred_by;  // a value; empty: nothing is said
  uint32_t cseq = 0;
  bool subscribes = true;  // else the 2xx says "Refer-Sub: false", and no NOTIFY is wanted
};
Refer read_refer(const sip::MessageView& request);

// The dialog that the INVITE to `target` is to replace: an attended transfer. Nothing for a blind one.
// Errors: Invalid (it is named, but not so that one could tell which). `room` holds its text.
inline constexpr size_t kReplacesTextMax = 512;
Result<std::optional<ReplacedDialog>> replaced_by_target(std::string_view target,
                                                         std::span<char> room);

// The value of a Refer-To that sends someone to `uri`, and, with `dialog`, there in our place: it is
// the one that we have with its user. Headers that stood in `uri` are left out. Errors: BufferFull,
// Invalid (none of SIP's).
Result<std::string_view> write_refer_to(std::string_view uri, const ReplacedDialog* dialog,
                                        std::span<char> out);

// --- what is told of it --------------------------------------------------------------------------

inline constexpr std::string_view kSipfragType = "message/sipfrag;version=2.0";

// The status that a sipfrag begins with; 0 for none.
uint16_t read_sipfrag(std::string_view body);

// On the side that was asked: it tells how the new call goes, one NOTIFY at a time, so that none
// overtakes another. What was not told when more has happened is not told any more.
class ReferNotifier {
 public:
  static constexpr Millis kLifetime{300 * 1000};  // longer than any call rings
  static constexpr size_t kLinesMax = 128;
  static constexpr size_t kBodyMax = 80;

  // The REFER has been accepted; a NOTIFY is due at once. `names_id`: not the first one of its dialog
  // (2.4.6).
  void begin(uint32_t cseq, bool names_id, Millis now);
  // The new call got this response; 503 where it could not be tried, 603 where nobody wants it.
  void on_progress(uint16_t status);

  bool is_active() const { return state_ != State::None; }
  // A NOTIFY is to be sent with lines() and body(). REQUIRES of those: it is.
  bool is_due() const { return is_active() && !under_way_ && told_ != status_; }
  // Event and Subscription-State.
  std::string_view lines(Millis now, std::span<char> out) const;
  std::string_view body(std::span<char> out) const;
  // It has been sent: on_answered() follows.
  void on_sent();
  // Its final response; 0 where none came. Nobody is told more after a failure.
  void on_answered(uint16_t status);

  // A SUBSCRIBE for it (2.4.4): what it is answered with. A 200 says how long it lasts now, kLifetime or
  // 0 as the SUBSCRIBE asks, and a NOTIFY is due behind it.
  uint16_t on_subscribe(const sip::MessageView& request, Millis now);

  // When on_timer() is due; kNever while nothing is.
  Millis deadline() const { return is_active() ? expires_at_ : kNever; }
  void on_timer(Millis now);

 private:
  enum class State : uint8_t {
    None,
    Active,
    Final,    // the last word is still to be told
    Expired,  // the same, with the time over or nobody interested
  };
  bool is_for_us(const sip::MessageView& request) const;

  Millis expires_at_{0};
  uint32_t cseq_ = 0;
  uint16_t status_ = 0;
  uint16_t told_ = 0;
  State state_ = State::None;
  bool names_id_ = false;
  bool under_way_ = false;
};

// On the side that has asked.
class ReferSubscription {
 public:
  // Our REFER has gone out.
  void begin(uint32_t cseq);
  // Its final response; 0 where none came. False: nothing will be heard of it any more, because it
  // was refused or because nobody notifies (RFC 4488).
  bool on_response(const sip::MessageView* response);

  struct Notice {
    uint16_t answer = 0;      // what the NOTIFY is answered with
    uint16_t status = 0;      // of the new call; 0: nothing was said of it
    bool terminated = false;  // and nothing more will be
  };
  Notice on_notify(const sip::MessageView& request);

  bool is_active() const { return active_; }

 private:
  uint32_t cseq_ = 0;
  bool active_ = false;
};

// --- both ----------------------------------------------------------------------------------------

// Whether the Event of a NOTIFY or SUBSCRIBE is "refer"; `id` becomes its id, 0 for none.
bool is_refer_event(const sip::MessageView& request, uint32_t& id);

}  // namespace tipring::service
