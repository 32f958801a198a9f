// What Legs keeps of a call leg, of the legs that one INVITE of ours has made, and of each request of
// ours that is under way.
#pragma once

#include <array>
#include <cstdint>

#include "core/hash_table.h"
#include "core/list.h"
#include "core/message_slabs.h"
#include "core/timer_wheel.h"
#include "dialog/ua_dialog.h"
#include "sdp/offer_answer.h"
#include "service/destination_selection.h"
#include "service/leg_services.h"
#include "service/leg_user.h"

namespace tipring::service {

class Legs;
struct LegGroup;
using transaction::ClientHandle;
using LegGroupHandle = Handle<LegGroup>;

struct Leg {
  static constexpr size_t kRequestsMax = 4;  // of the peer's, other than INVITE, at one time

  Leg(Legs& in, LegGroup& of, LegUser& by, uint64_t called)
      : legs(in), group(of), user(&by), name(called) {}

  bool stands() const { return state != LegState::Ended; }
  // Its INVITE has been answered with a 2xx, or, of one that has ended, had been.
  bool has_dialog() const { return state == LegState::Early || state == LegState::Confirmed; }

  Legs& legs;
  LegGroup& group;
  LegUser* user;
  uint64_t name;
  ListNode group_node;
  ListNode ended_node;
  HashNode invite_node;  // of one that is called: by what merged requests have in common
  dialog::UaDialog dialog;
  LegServices services;
  sdp::OfferAnswer offer_answer;

  // How the peer is reached: the flow its last message came by.
  Flow flow;

  // --- his INVITE --------------------------------------------------------------------------------
  ServerHandle invite;  // that has no final response; or, while `ack_due`, no ACK
  port::SocketAddress invite_source;
  MessageRef response;  // that is sent until it is acknowledged: a 2xx, or a reliable provisional
  MessageRef delayed;   // a 2xx that waits for a PRACK
  Millis repeat_interval{0};
  Millis repeat_until{0};
  uint32_t invite_cseq = 0;

  // --- his other requests ------------------------------------------------------------------------
  std::array<ServerHandle, kRequestsMax> requests{};
  ServerHandle update;  // the one of them that is an UPDATE

  // --- our INVITE --------------------------------------------------------------------------------
  LegRequestHandle our_invite;  // within the dialog, until its transaction has ended
  MessageRef ack;               // to the last 2xx
  MessageRef ack_credentials;   // lines: those of its INVITE (RFC 3261 22.1)
  MessageRef description;       // our last one, where a refresh has to repeat it
  Flow ack_flow;
  MessageRef offer;       // in it, which the ACK has to answer
  uint32_t ack_cseq = 0;  // of that 2xx
  LegRequestHandle our_update;
  LegRequestHandle bye;
  MessageRef bye_lines;  // of one that waits for his ACK

  LegState state = LegState::Calling;
  LegEnd end;  // what on_end() is still to say
  PeerFeatures peer;
  bool is_caller : 1 = false;
  bool by_flow : 1 = false;         // he is reached by `flow` alone
  bool keeps_off_host : 1 = false;  // LegCall
  bool ack_due : 1 = false;         // he owes us one
  bool our_ack_due : 1 = false;     // the application owes him one
  bool prack_due : 1 = false;       // the same
  bool ack_failed : 1 = false;      // ours could not be sent
  bool bye_waits : 1 = false;
  bool told_end : 1 = false;
  bool requires_reliable : 1 = false;
  bool is_initial : 1 = false;  // `invite` is the one that made the leg
  bool had_2xx : 1 = false;     // to our INVITE that made it
  bool delayed_has_session : 1 = false;

  void on_repeat(Millis now);
  void on_wait(Millis now);
  MemberTimer<Leg, &Leg::on_repeat> repeat_timer{*this};  // of `response`
  MemberTimer<Leg, &Leg::on_wait> wait_timer{*this};      // for the application's ACK
  void on_session(Millis now);
  MemberTimer<Leg, &Leg::on_session> session_timer{*this};
};

// The dialogs of one INVITE; of one that came there is only one. Our tag names it.
struct LegGroup {
  explicit LegGroup(Legs& in) : legs(in) {}

  Legs& legs;
  List<Leg, &Leg::group_node> all;
  LegRequestHandle invite;  // ours, while responses to it may come
  bool by_flow = false;     // it was sent by a flow that was given
  bool settled = false;     // one of them was answered
  bool cancelled = false;   // by us
  bool forked = false;      // more than one callee has answered
  bool offerless = false;   // the INVITE had no description
  uint32_t cseq = 0;        // of the INVITE
};

// A request of ours.
struct LegRequest {
  enum class Purpose : uint8_t {
    Call,         // the INVITE of a group
    Application,  // within a dialog
    Refresh,      // of the session: the leg's own
    Prack,
    Ack,  // that waits for a name
    Bye,
  };
  enum class Phase : uint8_t {
    Locating,
    Sent,
    Proceeding,  // had a provisional response
    Accepted,    // an INVITE that had a 2xx, which may come again
    Waiting,     // to be sent once more
  };

  LegRequest(Legs& in, LegHandle of, sip::Method sent_method, Purpose what)
      : legs(in), leg(of), method(sent_method), purpose(what) {}

  Legs& legs;
  LegHandle leg;  // of a group: the first one
  LegGroupHandle group;
  uint64_t tag = 0;
  ClientHandle client;
  MessageRef sent;  // as it went out last, or a draft of it
  MessageRef cancel_lines;
  DestinationSelection selection;
  uint32_t cseq = 0;
  sip::Method method;
  Purpose purpose;
  Phase phase = Phase::Locating;
  AuthTries tries;
  bool has_offer = false;
  bool cancelled = false;
  bool other_interval = false;  // what it says of the session interval is to be written anew
  bool redirected = false;      // it goes to where the redirection of its leg says

  void on_wait(Millis now);
  MemberTimer<LegRequest, &LegRequest::on_wait> wait_timer{*this};
};

}  // namespace tipring::service
