// Call legs: the sessions of a user agent, as caller and as callee. RFC 3261 8, 9 and 12 to 15, with
// RFC 3262 (reliable provisional responses), 3311 (UPDATE), 4028 (session timers), 5407 (races), 6026
// and 6141.
//
// A leg is one dialog with one peer. An INVITE of ours that is forked downstream makes several, which
// are a group until one is answered. Legs end by themselves; who wants one to end says so (end()), and
// hears of it (LegUser::on_end()).
//
// Owns every leg, in pools of legs_max(). Borrows the environment.
#pragma once

#include <string_view>

#include "core/arena.h"
#include "core/limits.h"
#include "core/memory_plan.h"
#include "core/pool.h"
#include "core/result.h"
#include "port/entropy.h"
#include "service/environment.h"
#include "service/leg_tag.h"
#include "service/leg_user.h"

namespace tipring::service {

struct LegCounters {
  uint64_t placed = 0;    // INVITEs of ours
  uint64_t taken = 0;     // that we have adopted
  uint64_t forks = 0;     // further dialogs of ours
  uint64_t answered = 0;  // of both kinds
  uint64_t strays = 0;    // requests to legs that have gone: 481
  uint64_t disordered = 0;  // CSeq lower than one before: 500
  uint64_t refused = 0;     // for want of a place
};

// What can be asked of a leg. Views are good until something is done with it.
struct LegView {
  LegState state = LegState::Ended;
  bool is_caller = false;  // it began with an INVITE of ours
  std::string_view call_id;
  std::string_view local_tag;
  std::string_view local_address;  // value of From or To, with the tag
  std::string_view remote_tag;
  std::string_view remote_address;
  std::string_view remote_target;
  Flow flow;            // by which the peer was heard last
  ServerHandle invite;  // his INVITE, while it has no final response
  bool peer_knows_100rel = false;
  bool peer_knows_replaces = false;
  bool peer_knows_timer = false;
  bool peer_allows_update = false;
  uint32_t session_interval_s = 0;  // 0: no session timer
};

class Legs {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan);

  Legs(const Environment& environment, port::Entropy& entropy, Arena& arena, const Limits& limits);
  ~Legs();
  Legs(const Legs&) = delete;
  Legs& operator=(const Legs&) = delete;

  // --- what comes --------------------------------------------------------------------------------

  // Whether it is for a leg, be it one that has gone: its To tag is one of ours, or it is an INVITE
  // whose Replaces names a leg that stands. To be asked of every request that belongs to no
  // transaction, before its route is read.
  bool owns(const sip::MessageView& request) const;
  // Takes it: answers it, or hands it to the leg's application. REQUIRES: owns().
  void handle(const Incoming& request);

  // --- beginning ---------------------------------------------------------------------------------

  // Sends an INVITE. Its fate comes by LegUser, never from within this call. Errors: PoolExhausted
  // (answer 503), TooLong (the texts are beyond what is kept of a dialog), Invalid (the URI is none of
  // SIP's), and those of Locator::locate().
  Result<LegHandle> call(const LegCall& call, LegUser& user, uint64_t name);

  // Makes an INVITE that has just come, outside any dialog, a leg: its transaction is opened, with 100
  // sent at once. Call it before anything else has answered. Errors: PoolExhausted (answer 503),
  // TooLong (513).
  Result<LegHandle> adopt(const Incoming& invite, LegUser& user, uint64_t name);

  // --- the INVITE of a leg that is called, and requests within dialogs ----------------------------

  // Answers the INVITE that made the leg (`server` from view().invite, or null) or a request that
  // on_request() brought: 101 to 699. A failure to the former ends the leg. What the leg writes
  // itself: To tag, Contact, Record-Route, Allow, Supported, Require and RSeq, Session-Expires.
  // Errors: Stale (answered already, cancelled, gone), Busy (a reliable provisional response waits for
  // its PRACK, so that no other can be sent reliably), TooLong, PoolExhausted.
  Result<void> respond(LegHandle leg, ServerHandle server, uint16_t status, const LegReply& reply);

  // --- requests of ours --------------------------------------------------------------------------

  // Sends one within the dialog: INVITE, UPDATE, INFO, REFER, MESSAGE, NOTIFY, OPTIONS. `tag` comes back
  // with its responses. Errors: Stale; Busy (an INVITE or an offer is under way, by either side: RFC
  // 3261 14.1, RFC 3311 5.1; or too many requests are), Invalid (there is no dialog yet, or not this
  // method), PoolExhausted.
  Result<LegRequestHandle> request(LegHandle leg, sip::Method method, const LegContent& content,
                                   uint64_t tag = 0);
  // CANCEL for a re-INVITE of ours: 9.1.
  void cancel(LegRequestHandle request, std::string_view lines = {});

  // The ACK to the 2xx that on_answer() or on_response() has brought; with the answer, where that was
  // an offer. Repeated whenever the 2xx is. Errors: Stale (none is due), PoolExhausted.
  Result<void> ack(LegHandle leg, const LegContent& content = {});
  // The PRACK with the answer to an offer in a reliable provisional response. Errors: Stale (none is
  // due), PoolExhausted.
  Result<void> prack(LegHandle leg, const LegContent& content);

  // Ends the leg whatever its state is: CANCEL for a call that nobody has answered (a 2xx that
  // crosses it is acknowledged and ended), 480 to an INVITE that has no answer, BYE otherwise, once
  // it may be sent (15: not before the ACK to our 2xx). `lines` go with it: a Reason. on_end() follows,
  // not from within. Of no effect on one that has ended.
  void end(LegHandle leg, std::string_view lines = {});
  // All of them; for an orderly stop.
  void end_all(std::string_view lines = {});

  // --- for everyone ------------------------------------------------------------------------------

  // Nothing where it has gone.
  std::optional<LegView> view(LegHandle leg) const;
  bool stands(LegHandle leg) const;
  // Another application, or another name, from the next event on.
  void hand_over(LegHandle leg, LegUser& user, uint64_t name);
  // The leg with this dialog: Call-ID, our tag, the peer's tag. Null: none.
  LegHandle find(std::string_view call_id, std::string_view local_tag,
                 std::string_view remote_tag) const;
  // For Via-less texts of an application: our address as the peer of this leg sees it.
  port::SocketAddress local_address(LegHandle leg) const;

  bool is_quiet() const { return leg_stats().in_use == 0; }
  const LegCounters& counters() const;
  const PoolStats& leg_stats() const;
  const PoolStats& request_stats() const;

 private:
  struct Parts;  // in the arena

  Parts* parts_;
};

}  // namespace tipring::service
