// What a call leg and its application say to each other. An application is whoever composes calls:
// a B2BUA, a phone, a recorder. The leg knows dialogs, transactions and timers; what a call is about
// (who rings, what is said in a description) is the application's.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/handle.h"
#include "service/context.h"
#include "service/digest_client_auth.h"
#include "sip/message.h"
#include "sip/method.h"
#include "transaction/transaction_user.h"

namespace tipring::service {

using transaction::ServerHandle;
struct Leg;
struct LegRequest;
using LegHandle = Handle<Leg>;
using LegRequestHandle = Handle<LegRequest>;

enum class LegState : uint8_t {
  Calling,    // our INVITE is under way; nobody has answered with a tag yet
  Called,     // an INVITE has come, and has no answer with a tag yet
  Early,      // 12.1: by a provisional response with a tag
  Confirmed,  // by a 2xx
  Ended,      // on_end() has been or will be called, and nothing else any more
};

// What the peer has said of itself: RFC 3261 20.5 and 20.37. Nothing while it is not known.
struct PeerFeatures {
  bool reliable_provisionals = false;
  bool replaces = false;
  bool timer = false;
  bool update = false;  // he allows it
};

// What we say in a request or a response. All texts are copied.
struct LegContent {
  std::string_view lines;  // whole header lines, each with its CR LF
  std::string_view content_type;
  std::string_view body;  // empty: none
};

// What a response of ours says.
struct LegReply {
  std::string_view reason;  // empty: the default phrase
  LegContent content;
  // Of a 101 to 199 to the INVITE that made the leg: sent reliably (RFC 3262) where the caller
  // supports that. Where he requires it, all but 100 are.
  bool reliable = false;
};

// An INVITE that begins a call.
struct LegCall {
  std::string_view request_uri;
  std::string_view from;          // a value without a tag: "\"Hall\" <sip:200@example.com>"
  std::string_view to;            // the same
  std::string_view contact_user;  // user part of our Contact; may be empty
  std::string_view routes;        // values of Route, ", " between them; may be empty
  std::optional<Flow> flow;  // a binding's: then neither URI nor routes are looked at for the way
  LegContent content;
  uint32_t max_breadth = 0;  // RFC 5393 5.3.3; 0: no header
  uint8_t max_forwards = 70;
  // No name or address that leads to this host is followed, unless to a listening point of ours.
  bool keeps_off_host = false;
  // Whether provisional responses may be reliable: "100rel" is listed in Supported.
  bool reliable_provisionals = true;
  // What challenges are answered with. They outlive the leg.
  std::span<const Credential> credentials;
};

enum class EndCause : uint8_t {
  PeerBye,    // `message` is his BYE
  LocalEnd,   // we have ended it: end()
  Refused,    // our INVITE: `message` is the final response; null where none came
  Rejected,   // his INVITE: by respond() with a failure
  Cancelled,  // his INVITE: `message` is the CANCEL, or null. Ours: by end(), whatever was answered
  ForkLost,   // another dialog of the same INVITE was answered, or no answer came to this one
  NoAck,      // he has not acknowledged our 2xx: BYE has been sent
  NoPrack,    // nor a reliable provisional response: the INVITE got 504
  AckMissing,   // the application gave no ACK in time: an empty one and BYE have been sent
  DialogLost,   // he knows no such dialog, or did not answer within it: RFC 5057 5.1
  SessionOver,  // nobody has refreshed it (RFC 4028 10): BYE, or CANCEL or 480, has been sent
  Unreachable,  // nothing could be sent to him
  Shortage,     // no transaction, buffer or place for what had to be sent
};

struct LegEnd {
  EndCause cause = EndCause::LocalEnd;
  // Of the final response, or what its absence counts as: 408, 500, 503. 0: there was none to wait for.
  uint16_t status = 0;
  const sip::MessageView* message = nullptr;  // good during the call
};

// A request of ours within a dialog.
struct LegRequestInfo {
  LegRequestHandle request;
  sip::Method method = sip::Method::Other;
  uint64_t tag = 0;  // what the application gave it
};

// What a request within a dialog is to its application.
enum class LegVerdict : uint8_t {
  Taken,    // it has been answered, or will be, by Legs::respond()
  Unknown,  // not for it: the leg answers 405 where the method is a known one, else 501
};

// A response to our request that a service of the leg knows what to do with. The application decides:
// RFC 3261 8.1.3.
enum class LegClientEvent : uint8_t {
  Challenge,         // 401, 407: there are credentials for it
  IntervalTooSmall,  // 422: the session interval is raised
  Redirected,      // 3xx to the INVITE of a call: it goes to another address; also a failure of one
                   // of these, where another is left
  RequestPending,  // 491: the same once more after the random wait of 14.1
};

// One object may serve many legs; `user` is what it gave for the leg. From within any of these calls
// it may make every call of Legs, for this leg and for others; a leg that ends there stays in memory
// until the call is over. Messages are good during the call.
class LegUser {
 public:
  // --- of a leg that calls -----------------------------------------------------------------------

  // A provisional response other than 100, each once and reliable ones in order. PRACK is sent by the
  // leg, unless the response brings the offer (the INVITE had none): then Legs::prack() is due.
  virtual void on_progress(LegHandle leg, uint64_t user, const Incoming& response) {
    static_cast<void>(leg), static_cast<void>(user), static_cast<void>(response);
  }
  // The INVITE of `of` was forked, and this is a further dialog of it (RFC 3261 12.1, 13.2.2.4); its
  // provisional response or 2xx follows. What `fork` is called from now on.
  virtual uint64_t on_fork(LegHandle fork, LegHandle of, uint64_t user) {
    static_cast<void>(fork), static_cast<void>(of);
    return user;
  }
  // The first 2xx to the INVITE that made the leg. Legs::ack() is due. Those of other dialogs of this
  // INVITE are acknowledged and ended by the leg.
  virtual void on_answer(LegHandle leg, uint64_t user, const Incoming& response) = 0;

  // --- of a leg that is called -------------------------------------------------------------------

  // A reliable provisional response has been acknowledged.
  virtual void on_prack(LegHandle leg, uint64_t user, const Incoming& prack) {
    static_cast<void>(leg), static_cast<void>(user), static_cast<void>(prack);
  }

  // --- of both -----------------------------------------------------------------------------------

  // To a 2xx of ours, to the INVITE that made the leg or to one within it.
  virtual void on_ack(LegHandle leg, uint64_t user, const Incoming& ack) {
    static_cast<void>(leg), static_cast<void>(user), static_cast<void>(ack);
  }
  // A request within the dialog, in order and at its time: any but ACK, BYE and CANCEL, and PRACK only
  // where it has a body. `server` names it for Legs::respond(). An UPDATE without a description that
  // is not taken gets a 200: it keeps the session alive (RFC 4028 7.4).
  virtual LegVerdict on_request(LegHandle leg, uint64_t user, ServerHandle server,
                                const Incoming& request) {
    static_cast<void>(leg), static_cast<void>(user), static_cast<void>(server);
    static_cast<void>(request);
    return LegVerdict::Unknown;
  }
  // The re-INVITE that on_request() brought was cancelled. Unknown: it gets 487 at once. Taken: the
  // application answers it when it knows what has come of it, be it a 2xx that was on its way (9.2).
  virtual LegVerdict on_request_cancelled(LegHandle leg, uint64_t user, ServerHandle server) {
    static_cast<void>(leg), static_cast<void>(user), static_cast<void>(server);
    return LegVerdict::Unknown;
  }
  // A response other than 100 to a request of ours within the dialog; the final one once, after all that
  // the services of the leg have said of it. That or on_no_response() is the last word on the request,
  // as Done to a client event is; its place is free, so that from within another may be sent. A 2xx to
  // an INVITE wants Legs::ack(). What ends the dialog too is followed by on_end(), the last word on all
  // requests that are still under way.
  virtual void on_response(LegHandle leg, uint64_t user, const LegRequestInfo& request,
                           const Incoming& response) {
    static_cast<void>(leg), static_cast<void>(user), static_cast<void>(request);
    static_cast<void>(response);
  }
  // No final response has come to it: 408 for a timeout, 503 where nothing could be sent.
  virtual void on_no_response(LegHandle leg, uint64_t user, const LegRequestInfo& request,
                              uint16_t status) {
    static_cast<void>(leg), static_cast<void>(user), static_cast<void>(request);
    static_cast<void>(status);
  }
  // A response that a service of the leg has an answer to. Reissue: the request goes once more, with a
  // higher CSeq. Next: the response is reported as any other. Done is for requests within the dialog:
  // nothing more is said of this one.
  virtual ClientVerdict on_client_event(LegHandle leg, uint64_t user, LegClientEvent event,
                                        const Incoming& response) {
    static_cast<void>(leg), static_cast<void>(user), static_cast<void>(event);
    static_cast<void>(response);
    return ClientVerdict::Reissue;
  }
  // An INVITE outside any dialog whose Replaces names this leg (RFC 3891 3). Taken: it has been
  // adopted, by Legs::adopt(), or answered; and whoever takes it ends this leg.
  virtual LegVerdict on_replaces(LegHandle leg, uint64_t user, const Incoming& invite) {
    static_cast<void>(leg), static_cast<void>(user), static_cast<void>(invite);
    return LegVerdict::Unknown;
  }

  // The last word of every leg, said once. The handle is stale soon after.
  virtual void on_end(LegHandle leg, uint64_t user, const LegEnd& end) = 0;

 protected:
  ~LegUser() = default;
};

}  // namespace tipring::service
