// Which message of a dialog may carry an offer, which has to carry an answer, and what to say to
// one that comes at the wrong time: RFC 3264 4, RFC 3261 13.2.1 and 14, RFC 3262 5, RFC 3311 5,
// and RFC 6337 2 to 4, which puts them together.
//
// One machine for each side of each dialog; four bytes, copied freely: where an INVITE forks, each
// dialog takes a copy of the machine as it was when the INVITE was sent. It knows messages, not
// texts: the texts are compared by rules.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/result.h"

namespace tipring::sdp {

enum class Side : uint8_t { Local, Remote };
constexpr Side other(Side side) { return side == Side::Local ? Side::Remote : Side::Local; }

// The messages in which a description may mean something.
enum class Carrier : uint8_t {
  Invite,               // also a re-INVITE
  Provisional,          // 1xx without 100rel
  ReliableProvisional,  // 1xx with it
  Success,              // 2xx to the INVITE
  Failure,              // any other final response to the INVITE, or none at all
  Ack,                  // to a 2xx
  Prack,
  PrackSuccess,
  PrackFailure,
  Update,
  UpdateSuccess,
  UpdateFailure,
};
inline constexpr uint8_t kCarrierCount = 12;

// What a description in a message is.
enum class Body : uint8_t {
  None,
  Offer,
  Answer,
  Preview,       // of the answer, in a 1xx that may get lost: the same as the answer will be
  PreviewHolds,  // a 2xx without an answer after a preview: the preview is the answer
  Ignored,       // one where none may be: RFC 6337 3.1.1 and 3.1.2 want it overlooked
};

// What a message may or has to carry now.
enum class Place : uint8_t {
  Nothing,
  MayOffer,
  MustOffer,
  MayPreview,
  MayAnswer,
  MustAnswer,
  Refused,  // pass() says why
};

enum class Problem : uint8_t {
  OwnExchange,   // one of ours is open: an offer has no answer yet, or an INVITE no offer
  PeerExchange,  // one of the peer's is
  OfferMissing,
  AnswerMissing,
  PrackPending,  // what PRACK has not yet acknowledged comes first (RFC 3262 5)
  NotHere,       // an offer where none may be, or a message of the wrong side
};

struct Refusal {
  Problem problem = Problem::NotHere;
  // What answers a request from the peer; 0 where there is nothing to answer: a message of our own
  // is not to be sent, and after a response or ACK the call is ended.
  uint16_t status = 0;
  bool retry_after = false;  // with a random 0 to 10 s (RFC 3261 14.2, RFC 3311 5.2)
};

// One short English phrase.
std::string_view to_text(Problem problem);

class OfferAnswer {
 public:
  enum class State : uint8_t { Idle, OfferSent, OfferReceived, Established };

  State state() const;

  // What a message of `side` may carry now. MustOffer and MustAnswer are for what we send; of the
  // peer, pass() forgives what RFC 6337 does.
  Place place(Side side, Carrier carrier) const;

  // A message is sent or has come. A refusal of what we send or of a request changes nothing, and
  // the message is as if it had not been: the response that refuses it is not passed either. A
  // refused response or ACK has ended its exchange.
  Result<Body, Refusal> pass(Side side, Carrier carrier, bool has_description);

  // A preview of the answer has been seen: the UAC has acted on it, and overlooks an answer that is
  // another one (RFC 6337 3.1.1).
  bool has_preview() const { return preview_; }
  // An INVITE has no final response yet, or one with an offer and no ACK.
  bool invite_open() const { return invite_open_; }

 private:
  Place request_place(Side side, Carrier carrier) const;
  Place response_place(Side side, Carrier carrier) const;
  Place prack_place() const;
  Refusal refusal(Side side, Carrier carrier, Problem problem) const;
  Refusal busy(Side side, Carrier carrier) const;
  Result<Body, Refusal> missing(Side side, Carrier carrier, Place place);
  void note_offer(Side side, Carrier carrier);
  void note_answer();
  void note_message(Side side, Carrier carrier, Body body);
  void note_failure(Side side, Carrier carrier);
  bool pending(Side side, Carrier carrier) const {
    return pending_ && pending_by_ == side && pending_in_ == carrier;
  }

  Side invite_by_ = Side::Local;  // of the last INVITE
  Side pending_by_ = Side::Local;
  Carrier pending_in_ = Carrier::Invite;
  bool pending_ : 1 = false;
  bool session_ : 1 = false;         // there has been an answer
  bool session_before_ : 1 = false;  // and there had been one before the last INVITE
  bool invite_open_ : 1 = false;
  bool invite_done_ : 1 = false;  // the exchange of the last INVITE is complete
  bool preview_ : 1 = false;
  bool prack_due_ : 1 = false;  // for a 1xx with a description
};

}  // namespace tipring::sdp
