// The back-to-back user agent: RFC 7092. Rings the members of a hunt group, joins the first one who
// answers with the caller, and carries what one says to the other for as long as they talk. Calls
// from user to user can be led through it too; they are groups of one.
//
// Each leg is a dialog of its own (service/legs.h): Call-ID, tags, CSeq, route set, session timer
// and reliable provisional responses are never carried. A leg that is not wanted any more is ended
// and left to itself, so that a call lasts no longer than its joined legs.
//
// A call begins in begin() (b2bua.cpp), rings by obey() (ringing.cpp), is joined by join()
// (answering.cpp), and carries requests in on_request() (carrying.cpp).
#pragma once

#include "core/arena.h"
#include "core/limits.h"
#include "core/memory_plan.h"
#include "core/pool.h"
#include "media/relay.h"
#include "port/entropy.h"
#include "server/b2bua/call.h"
#include "server/b2bua/carry.h"
#include "server/b2bua/directory.h"
#include "server/b2bua/known_plans.h"
#include "server/b2bua/options.h"
#include "service/call_book.h"
#include "service/legs.h"
#include "sip/session_body.h"

namespace tipring::b2bua {

using service::Incoming;
using service::LegHandle;

struct B2buaCounters {
  uint64_t calls = 0;
  uint64_t rung = 0;          // INVITEs to phones
  uint64_t answered = 0;      // calls
  uint64_t broken = 0;        // answers that could not be carried
  uint64_t out_of_reach = 0;  // phones that need another transport
};

class B2bua final : private service::LegUser {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan);

  // Borrows all but the limits.
  B2bua(const service::Environment& environment, service::Legs& legs, media::Relay& relay,
        const Directory& directory, port::Entropy& entropy, Arena& arena, const Limits& limits);

  void set_options(const B2buaOptions& options) { options_ = options; }

  // Whether a request outside any dialog is for this part: one to a group, or an INVITE to a user
  // where users' calls are anchored. `uri` is the Request-URI that counts.
  bool takes(const sip::MessageView& request, const sip::ParsedUri& uri) const;
  // REQUIRES: takes(). It has been validated; `route` says what its Route headers did.
  void handle(const Incoming& request, const service::RouteFacts& route);

  // Whether an INVITE is to take the place of a leg of ours: RFC 3891.
  bool replaces(const sip::MessageView& request) const;
  // REQUIRES: replaces(). It has been validated.
  void handle_replacement(const Incoming& invite, const service::RouteFacts& route);

  // Ends every call: the server goes.
  void end_all();
  // For an operator. False while nobody has answered.
  bool end(Call& call);

  Call* get(CallHandle handle) const { return calls_.get(handle); }
  CallHandle handle_of(const Call& call) const { return calls_.handle_of(call); }
  Call* at_slot(uint32_t index) const { return calls_.at_slot(index); }
  const service::Legs& legs() const { return legs_; }
  // Null while nobody has, and when he has gone.
  const store::User* answered_by(const Call& call) const;
  // What has come from one side through the relay so far.
  static store::RecordSound sound_from(const Call& call, media::Side side);
  // How long ago that side was heard last; null where nothing of the call is relayed.
  std::optional<Millis> silent_for(const Call& call, media::Side side) const;

  const PoolStats& stats() const { return calls_.stats(); }
  const PoolStats& leg_stats() const { return call_legs_.stats(); }
  const B2buaCounters& counters() const { return counters_; }

  // For Call.
  void on_time(Call& call);
  void on_turn(Call& call);
  void on_silence(Call& call);

 private:
  class LeftLegs final : public service::LegUser {
   public:
    explicit LeftLegs(service::Legs& legs) : legs_(legs) {}
    void on_answer(LegHandle leg, uint64_t, const Incoming&) override;
    service::ClientVerdict on_client_event(LegHandle, uint64_t, service::LegClientEvent,
                                           const Incoming&) override {
      return service::ClientVerdict::Next;
    }
    void on_end(LegHandle, uint64_t, const service::LegEnd&) override {}

   private:
    service::Legs& legs_;
  };

  // Of requests that are answered at once.
  class Nobody final : public transaction::TransactionUser {
    void on_cancel(uint64_t, transaction::ServerHandle, const Incoming&) override {}
    void on_server_end(uint64_t, transaction::ServerHandle, transaction::EndReason) override {}
    void on_response(uint64_t, transaction::ClientHandle, const Incoming&) override {}
    void on_client_end(uint64_t, transaction::ClientHandle, transaction::EndReason) override {}
  };

  // admitting.cpp: which INVITEs are let in
  bool screen(const Incoming& invite, const service::RouteFacts& route, uint64_t& user);
  dialog::Terms terms_of(const Incoming& invite, const sip::ParsedUri& uri, uint64_t user) const;
  bool take_share(Call& call, const Incoming& invite, const dialog::Terms& terms, uint64_t user);
  void answer_here(const Incoming& request, const service::RouteFacts& route,
                   const store::Group& group);
  static bool wants_tls(const service::RouteFacts& route);
  uint64_t hash_of(const sip::MessageView& invite) const;
  bool is_merged(const sip::MessageView& invite) const;

  // b2bua.cpp: how a call begins and ends
  bool goes_round(const sip::MessageView& invite, const store::Extension& callee) const;
  bool is_calling(const Call& call, const store::Extension& callee) const;
  void refuse(const Incoming& invite, std::string_view key);
  void begin(Call& call, const Incoming& invite, const store::Extension& callee);
  uint16_t find_fault(Call& call, const sip::MessageView& invite);
  CallLeg* make_leg(Call& call, media::Side side);
  static void note_flow(CallLeg& leg, const transport::Flow& flow);
  void leave(CallLeg& leg, std::string_view lines);
  void leave_ringing(Call& call, std::string_view lines);
  void refuse_caller(Call& call, uint16_t status, std::string_view lines = {});
  void finish(Call& call, std::string_view to_caller, std::string_view to_callee);
  void release(Call& call);
  void log_answer(Call& call, uint16_t status);
  void on_end(LegHandle leg, uint64_t name, const service::LegEnd& end) override;
  void on_leg_end(CallLeg& leg, const service::LegEnd& end);
  void on_caller_end(Call& call, const service::LegEnd& end);
  std::string_view reason_of(const service::LegEnd& end);

  // ringing.cpp: who rings, and what comes of it
  void ring_extension(Call& call, const store::Extension& callee);
  void obey(Call& call, HuntOrders orders);
  const store::User* user_of(const Call& call, size_t member) const;
  void stop(Call& call, MemberSet members);
  uint32_t breadth_left(const Call& call, const sip::MessageView& invite) const;
  bool ring(Call& call, size_t member, uint32_t sharers);
  void pass_over(const Call& call, const store::User& user, size_t phones);
  bool ring_phone(Call& call, const Phone& phone, size_t member, const store::User* user,
                  const sip::MessageView& invite, uint32_t breadth);
  uint16_t write_invitation(CallLeg& leg, const sip::MessageView& invite,
                            service::LegContent& content);
  void start_timer(Call& call);
  void on_ringing_end(CallLeg& leg, const service::LegEnd& end);
  void on_nobody(Call& call);
  uint64_t on_fork(LegHandle fork, LegHandle of, uint64_t name) override;

  // redirecting.cpp: a phone says where else to ring
  bool follow(Call& call, size_t member, const sip::MessageView& response, bool from_host,
              uint32_t breadth);
  bool is_followed(const Call& call, const sip::MessageView& invite) const;
  struct Targets;
  void add_target(const Call& call, size_t member, const sip::MessageView& invite,
                  const sip::NameAddr& contact, Targets& targets);
  void add_extension(const Call& call, const store::Extension& named, uint16_t q, Targets& targets);
  void add_phones(const Call& call, const store::User& user, uint16_t q, Targets& targets);
  bool note_rung(Call& call, std::string_view contact);

  // early.cpp: what the caller hears before the answer
  void on_progress(LegHandle leg, uint64_t name, const Incoming& response) override;
  bool tell_ringing(Call& call, std::string_view lines);
  bool tell(Call& call, uint16_t status, const service::LegContent& content);
  void on_prack(LegHandle leg, uint64_t name, const Incoming& prack) override;
  bool may_be_heard(const CallLeg& leg) const;
  bool is_alone(const Call& call) const;
  bool connect_early(CallLeg& leg);
  void hear_last(Call& call);
  bool let_hear(CallLeg& leg, const sip::MessageView& response);
  void ring_again(Call& call);
  static void hush(CallLeg& leg);

  // answering.cpp: from the answer of a phone to the call that stands
  void on_answer(LegHandle leg, uint64_t name, const Incoming& response) override;
  void join(Call& call, CallLeg& leg, const sip::MessageView& response, MemberSet others);
  void note_answered(Call& call);
  void break_off(Call& call, CallLeg& leg, std::string_view description, uint16_t status);
  void acknowledge(CallLeg& leg, std::string_view offer);
  void on_ack(LegHandle leg, uint64_t name, const Incoming& ack) override;
  void note_answer_heard(Call& call);

  // carrying.cpp: requests within the call
  service::LegVerdict on_request(LegHandle leg, uint64_t name, service::ServerHandle server,
                                 const Incoming& request) override;
  CallLeg* early_other(const CallLeg& from) const;
  service::LegVerdict carry(CallLeg& from, CallLeg& to, service::ServerHandle server,
                            const sip::MessageView& request);
  service::LegContent name_referral(const CallLeg& from, const sip::MessageView& request,
                                    service::LegContent content);
  enum class Passed : uint8_t {
    Sent,
    Refused,  // and answered
    Unknown,  // not a method that the leg can send
    Busy,     // not yet
  };
  Passed pass_on(CallLeg& from, CallLeg& to, Carried& carried, const sip::MessageView& request);
  void refuse(CallLeg& leg, service::ServerHandle server, uint16_t status,
              std::string_view lines = {});
  static constexpr Millis kTurn{100};
  static constexpr Millis kLater{2000};
  void wait_for_turn(Call& call, Carried& carried);
  void await_turn(Call& call, Millis delay);
  void retry_waiting(Call& call);
  void retry_waiting(Call& call, Carried& carried);
  static Carried* free_place(Call& call);
  static Carried* find_carried(Call& call, service::LegRequestHandle request);
  service::LegVerdict on_request_cancelled(LegHandle leg, uint64_t name,
                                           service::ServerHandle server) override;
  service::ClientVerdict on_client_event(LegHandle leg, uint64_t name,
                                         service::LegClientEvent event,
                                         const Incoming& response) override;
  void on_response(LegHandle leg, uint64_t name, const service::LegRequestInfo& request,
                   const Incoming& response) override;
  void answer_carried(CallLeg& leg, const Carried& carried, const sip::MessageView& response);
  void on_agreed(CallLeg& leg, const Carried& carried, const sip::MessageView& response);
  CallLeg* origin_of(const Carried& carried) const;
  static bool has_open_offer(const Call& call, const Carried& besides);
  void forget_carried(const CallLeg& leg);
  void on_no_response(LegHandle leg, uint64_t name, const service::LegRequestInfo& request,
                      uint16_t status) override;

  // realigning.cpp: the two sides agree anew, at our wish
  void realign(Call& call, const CallLeg& asked);
  void on_realigned(CallLeg& leg, const Carried& carried, const sip::MessageView& response);
  void offer_anew(CallLeg& asked, std::string_view offer);
  void put_off_realigning(Call& call, Millis delay);
  void give_up_realigning(Call& call, uint16_t status);
  void on_realigning_failed(Call& call, uint16_t status);
  void realign_when_settled(Call& call);
  static bool is_changing(const Call& call);
  static void note_apart(Call& call, bool is_mute);
  static void note_together(Call& call);
  static bool is_realigning(const Call& call);

  // replacing.cpp: another takes the place of a leg
  void refuse_screened(const Incoming& invite, uint16_t status, std::string_view lines = {});
  void replace(CallLeg& replaced, const Incoming& invite);
  CallLeg* take_in(Call& call, media::Side side, const Incoming& invite);
  static CallLeg*& place_of(Call& call, const CallLeg& leg);
  static bool is_replacing(const Call& call, service::ServerHandle server);
  static bool is_of_replacement(Call& call, const CallLeg& leg, const Carried& carried);
  void complete_replacement(Call& call);
  void give_place_back(Call& call);
  bool is_replacement_over(CallLeg& leg);

  // picking_up.cpp: another takes the call of a phone that rings
  void pick_up(CallLeg& rung, const Incoming& invite, Handle<store::User> by);
  uint16_t answer_both_held(Call& call, CallLeg& leg, std::string_view offer,
                            const sip::MessageView& invite);
  uint16_t pass_offer(CallLeg& from, std::string_view offer, CallLeg& to);
  void settle_pick_up(Call& call, CallLeg& leg, Handle<store::User> by);
  bool answer_with(CallLeg& leg, std::string_view description);

  // bodies.cpp: content from one side to the other, written into `body_` and `lines_`
  struct Written {
    uint16_t fault = 0;     // a status; 0: none
    std::string_view text;  // the description; good until the next one is written
  };
  static constexpr std::string_view kSdpType = "application/sdp";
  Written write_offer(CallLeg& from, std::string_view text, CallLeg& to);
  Written write_answer(CallLeg& from, std::string_view text, CallLeg& to);
  Written connect_unheard(CallLeg& leg, std::string_view text);
  Written write_last_answer(CallLeg& leg, std::string_view text);
  Written write_hold(CallLeg& to, std::string_view offer);
  Written write_rejection(CallLeg& to, std::string_view offer);
  service::LegContent content_of(const sip::MessageView& message, Passage passage,
                                 std::string_view description);

  // narrating.cpp: for a trace, what is decided about the call
  void note(const Call& call, transport::Decision decision,
            std::initializer_list<transport::DecisionValue> values = {},
            std::string_view joins = {}) const;
  void note_group(const Call& call, const store::Group& group) const;
  void note_skipped(const Call& call, const store::Group& group) const;
  void note_user(const Call& call, const store::User& user) const;
  void note_rung(const Call& call, const CallLeg& leg) const;
  void note_stopped(const Call& call, MemberSet members) const;
  void note_end(const Call& call, const service::LegEnd& end) const;
  std::string_view name_of_member(const Call& call, size_t member) const;

  // tallies.cpp: what groups and members count
  enum class Stopped : uint8_t { ByAnswer, ByCaller, ByUs, ByTime, ByMember };
  store::GroupMember* member_of(const Call& call, size_t member) const;
  void count_rung(Call& call, size_t member);
  void count_answer(Call& call, MemberSet others);
  void count_broken(Call& call, MemberSet others);
  void count_pick_up(Call& call, MemberSet others, Handle<store::User> by);
  void count_stopped(const Call& call, MemberSet members, Stopped why);
  void count_abandoned(Call& call);
  void note_inner(Call& call, InnerSet groups) const;
  void count_inner_failed(Call& call);
  template <class Count>
  void count_inner(const Call& call, InnerSet groups, Count count);
  void settle_inner(Call& call, InnerSet groups, void (store::CallTally::*how)());
  Millis inner_rang_at(const Call& call, size_t inner) const;
  void count_end(const Call& call);

  // recording.cpp: the records of calls
  void open_record(Call& call, const Incoming& invite, const store::Extension& callee);
  void open_record(CallLeg& leg, std::string_view uri, std::string_view user);
  void open_record(CallLeg& leg);
  void note_rang(CallLeg& leg);
  void record_answer(CallLeg& leg);
  void record_answer(const Call& call);
  void fill_answered(const CallLeg& leg, store::CallRecord& record) const;
  void close_record(CallLeg& leg, uint16_t status = 0);
  void close_record(Call& call);
  static store::RecordEnd end_of(const CallLeg& leg, service::EndCause cause);

  CallLeg* find(uint64_t name) const { return call_legs_.get(CallLegHandle::from_u64(name)); }
  uint64_t name_of(const CallLeg& leg) const { return call_legs_.handle_of(leg).to_u64(); }

  const service::Environment& environment_;
  service::Legs& legs_;
  media::Relay& relay_;
  const Directory& directory_;
  port::Entropy& entropy_;
  LeftLegs left_;
  Nobody nobody_;
  const uint32_t calls_kept_back_;  // for help
  const uint32_t legs_kept_back_;
  B2buaOptions options_;
  mutable Pool<Call> calls_;
  KnownPlans known_plans_;
  mutable Pool<CallLeg> call_legs_;
  HashTable<Call, &Call::invite_node> by_invite_;  // those that ring
  B2buaCounters counters_;
  std::string_view reason_;  // of the end that is being handled, for the records
  std::span<char> body_;     // a description that is being written
  std::span<char> lines_;    // header lines that are carried
};

}  // namespace tipring::b2bua
