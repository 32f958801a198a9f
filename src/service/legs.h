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

#include <optional>
#include <span>
#include <string_view>

#include "core/arena.h"
#include "core/hash_table.h"
#include "core/limits.h"
#include "core/memory_plan.h"
#include "core/pool.h"
#include "core/result.h"
#include "port/entropy.h"
#include "service/environment.h"
#include "service/leg.h"
#include "service/leg_tag.h"
#include "service/leg_texts.h"
#include "service/leg_user.h"
#include "service/replaces.h"
#include "service/stream_refusals.h"

namespace tipring::service {

struct LegCounters {
  uint64_t placed = 0;      // INVITEs of ours
  uint64_t taken = 0;       // that we have adopted
  uint64_t forks = 0;       // further dialogs of ours
  uint64_t answered = 0;    // of both kinds
  uint64_t strays = 0;      // requests to legs that have gone: 481
  uint64_t disordered = 0;  // CSeq lower than one before: 500
  uint64_t refused = 0;     // for want of a place
};

// What can be asked of a leg. Views are good until something is done with it.
struct LegView {
  LegState state = LegState::Ended;
  uint64_t name = 0;        // what its application calls it
  bool is_caller = false;   // it began with an INVITE of ours
  bool is_settled = false;  // an INVITE of ours could go now: no other is open, and no ACK is due
  std::string_view call_id;
  std::string_view local_tag;
  std::string_view local_address;  // value of From or To, with the tag
  std::string_view remote_tag;
  std::string_view remote_address;
  std::string_view remote_target;
  std::string_view offer;  // that his 2xx has brought, for our ACK to answer
  Flow flow;               // by which the peer was heard last
  ServerHandle invite;     // his INVITE, while it has no final response
  PeerFeatures peer;
  uint32_t session_interval_s = 0;  // 0: no session timer
  bool is_refresher = false;        // we are
  Millis expires_at = kNever;       // of the session, where nobody refreshes it
};

// Of Legs::adopt(): the INVITE has had its answer already.
constexpr bool is_answered(Error adoption) {
  return adoption == Error::OutOfRange || adoption == Error::Exists;
}

class Legs final : private transaction::TransactionUser, private transport::LocateHandler {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan);

  Legs(const Environment& environment, port::Entropy& entropy, Arena& arena, const Limits& limits);
  ~Legs() = default;
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
  // TooLong (513). OutOfRange (its session interval is too small) and Exists (it has come before, by
  // another way: RFC 3261 8.2.2.2) have been answered, with 422 and 482: is_answered().
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
  // an offer. Repeated whenever the 2xx is. Errors: Stale (none is due), PoolExhausted, and those of
  // Locator::locate(): who cannot be sent an ACK is no peer, and his leg ends with Unreachable.
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
  // What challenges are answered with, also those of a leg that is called. They outlive the leg.
  void set_credentials(LegHandle leg, std::span<const Credential> credentials);
  // The leg with this dialog: Call-ID, our tag, the peer's tag. Null: none.
  LegHandle find(std::string_view call_id, std::string_view local_tag,
                 std::string_view remote_tag) const;
  // The leg whose dialog is to be replaced: one that stands before one that has just ended. Null: none.
  LegHandle replaced_by(const ReplacesHeader& header) const;
  // What RFC 3891 3 asks of it.
  ReplacedState replaced_state(LegHandle leg) const;
  // What the application calls the leg of ours with this tag; the first one of those that its INVITE
  // has made. Nothing where it has gone.
  std::optional<uint64_t> name_of(std::string_view local_tag) const;
  // For Via-less texts of an application: our address as the peer of this leg sees it.
  port::SocketAddress local_address(LegHandle leg) const;

  bool is_quiet() const { return legs_.stats().in_use == 0; }
  const LegCounters& counters() const { return counters_; }
  const PoolStats& leg_stats() const { return legs_.stats(); }
  const PoolStats& request_stats() const { return requests_.stats(); }

  // --- for legs and their requests ---------------------------------------------------------------

  void on_repeat(Leg& leg, Millis now);
  void on_ack_missing(Leg& leg);
  void on_wait_over(LegRequest& request);
  void on_session(Leg& leg, Millis now);

 private:
  // legs.cpp: places, and what becomes of them
  uint64_t invite_hash(const sip::MessageView& invite) const;
  Leg* make_leg(LegGroup& group, LegUser& user, uint64_t name);
  void end_dialog(Leg& leg, std::string_view lines, const LegEnd& end);
  bool is_alone(const Leg& leg) const;
  bool is_awaited(const Leg& leg) const;
  void tell_end(Leg& leg, const LegEnd& end);
  void end_later(Leg& leg, const LegEnd& end);
  void close(Leg& leg);
  void reap_later(Leg& leg);
  void reap(Millis now);
  void release(Leg& leg);
  void release(LegRequest& request);

  // legs_called.cpp: his INVITEs, and our answers
  void take_invite(Leg& leg, const Incoming& invite, ServerHandle server);
  Result<void> respond_invite(Leg& leg, uint16_t status, const LegReply& reply);
  Result<void> progress(Leg& leg, uint16_t status, const LegReply& reply);
  Result<void> succeed(Leg& leg, uint16_t status, const LegReply& reply);
  Result<void> send_success(Leg& leg);
  Result<void> fail(Leg& leg, uint16_t status, const LegReply& reply);
  MessageRef write_response(Leg& leg, uint16_t status, const LegReply& reply,
                            std::string_view lines);
  void repeat_after(Leg& leg, Millis delay);
  void refuse_unanswered(Leg& leg, std::string_view lines);
  void on_ack(Leg& leg, const Incoming& ack);
  void on_acknowledged(Leg& leg);
  void on_no_ack(Leg& leg);
  void on_prack(Leg& leg, const Incoming& prack);

  // legs_requests.cpp: requests within dialogs
  Leg* leg_of(const sip::MessageView& request) const;
  void handle_replaces(const Incoming& invite);
  void handle(Leg& leg, const Incoming& request);
  void on_bye(Leg& leg, const Incoming& bye);
  void on_invite(Leg& leg, const Incoming& invite);
  void on_other(Leg& leg, const Incoming& request);
  bool is_refused(Leg& leg, const Incoming& request);
  bool has_short_interval(Leg& leg, const Incoming& request);
  Pending pending_of(const Leg& leg) const;
  void hand_up(Leg& leg, const Incoming& request);
  void answer(Leg& leg, const Incoming& request, uint16_t status, std::string_view lines = {});
  void refuse_stateless(const Incoming& request, uint16_t status);
  void refuse_for_want(const Incoming& request, std::string_view key);
  Result<void> respond_other(Leg& leg, ServerHandle& place, uint16_t status, const LegReply& reply);
  void answer_pending(Leg& leg);

  // legs_sending.cpp: requests of ours
  Result<void> place(Leg& leg, const LegCall& call);
  LegRequest* make_request(Leg& leg, sip::Method method, LegRequest::Purpose purpose);
  Result<void> begin(LegRequest& request, Leg& leg, const dialog::RequestContent& content);
  Result<void> begin_again(LegRequest& request, Leg& leg);
  Result<void> send_within(LegRequest& request, Leg& leg, const LegContent& content);
  bool may_send(const Leg& leg, sip::Method method, bool has_offer,
                const LegRequest* own = nullptr) const;
  Result<void> try_next(LegRequest& request, Leg& leg, const dialog::RequestContent* content);
  Result<void> send(LegRequest& request, Leg& leg, Flow flow,
                    const dialog::RequestContent* content);
  struct Pen;
  MessageRef write(const LegRequest& request, const Leg& leg, const Pen& pen,
                   const dialog::RequestContent* content) const;
  MessageRef write_anew(const LegRequest& request, const Leg& leg, const Pen& pen,
                        std::string_view contact) const;
  static std::string_view redirected_to(const LegRequest& request, const Leg& leg);
  std::string_view write_credentials(LegRequest& request, Leg& leg,
                                     const dialog::RequestContent* content, HeaderLines& out);
  Result<LegRequestHandle> start(Leg& leg, sip::Method method, LegRequest::Purpose purpose,
                                 const LegContent& content, uint64_t tag);
  Destination destination_of(const LegRequest& request, const Leg& leg) const;
  void send_bye(Leg& leg, std::string_view lines, const LegEnd& end);
  Result<void> send_ack(Leg& leg, const LegContent& content);
  void acknowledge_and_reject(Leg& leg);
  Result<void> send_prack(Leg& leg, const LegContent& content);
  void cancel_call(Leg& leg, std::string_view lines);
  void cancel_request(LegRequest& request, std::string_view lines);
  void give_up_invite(Leg& leg);

  // legs_responses.cpp: to requests of ours
  void on_provisional(LegRequest& request, uint16_t status);
  void on_forks_over(LegRequest& request);
  void on_not_answered(LegRequest& request, uint16_t status);
  void on_call_response(LegRequest& request, LegGroup& group, const Incoming& response);
  void on_call_progress(LegRequest& request, LegGroup& group, const Incoming& response);
  void on_call_success(LegRequest& request, LegGroup& group, const Incoming& response);
  void expect_ack(Leg& leg, LegRequest& request, const sip::MessageView& response, bool offerless);
  void note_accepted(Leg& leg, LegRequest& request);
  void discard(LegGroup& group, Leg& leg);
  void end_call(LegRequest& request, LegGroup& group, LegEnd end);
  Leg* leg_for(LegGroup& group, const Incoming& response, bool tells);
  void note_answer_flow(Leg& leg, const Incoming& response);
  LegRequestInfo info_of(const LegRequest& request) const;
  void note_failure(Leg& leg, const LegRequest& request);
  void note_success(Leg& leg, const LegRequest& request, const sip::MessageView& response);
  void on_dialog_response(LegRequest& request, Leg& leg, const Incoming& response);
  void judge_failure(Leg& leg, LegRequest::Purpose purpose, sip::Method method, uint16_t status);
  void on_changed(LegRequest& request, Leg& leg, const Incoming& response);
  void lose(Leg& leg, uint16_t status);
  void lose_unreachable(Leg& leg);

  // legs_reissue.cpp: the same once more
  bool goes_on(LegRequest& request, Leg& leg, const Incoming& response);
  bool goes_on_call(LegRequest& request, LegGroup& group, const Incoming& response);
  void on_retry(LegRequest& request);
  Result<void> reissue(LegRequest& request, Leg& leg);
  Result<void> begin_call_anew(LegRequest& request, Leg& leg);
  bool goes_elsewhere(LegRequest& request, LegGroup& group);
  Leg* take_call(LegRequest& request, LegGroup& group);

  // legs_session.cpp: RFC 4028
  void configure_session(Leg& leg);
  void schedule(Leg& leg);
  void note_session(Leg& leg, const sip::MessageView& response);
  void remember(Leg& leg, std::string_view description);
  void refresh(Leg& leg);
  void on_refresh_failed(Leg& leg);

  void on_located(uint64_t tag, const Result<transport::FlowList>& flows) override;
  void on_cancel(uint64_t leg, ServerHandle server, const Incoming& cancel) override;
  void on_server_end(uint64_t leg, ServerHandle server, transaction::EndReason reason) override;
  void on_response(uint64_t request, ClientHandle client, const Incoming& response) override;
  void on_client_end(uint64_t request, ClientHandle client, transaction::EndReason reason) override;

  const Environment& environment_;
  port::Entropy& entropy_;
  const HashKey key_;
  LegTagCodec tags_;
  StreamRefusals stream_refusals_;
  mutable Pool<LegGroup> groups_;
  mutable Pool<Leg> legs_;
  mutable Pool<LegRequest> requests_;
  HashTable<Leg, &Leg::invite_node> by_invite_;  // of those that are called
  List<Leg, &Leg::ended_node> ended_;
  MemberTimer<Legs, &Legs::reap> reap_timer_{*this};
  LegCounters counters_;
};

}  // namespace tipring::service
