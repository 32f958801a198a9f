// A call through the B2BUA: the caller's leg, the legs of those who ring for it, and after the first
// answer the one leg that it is joined with.
#pragma once

#include <array>
#include <string_view>

#include "core/hash_table.h"
#include "core/list.h"
#include "core/timer_wheel.h"
#include "dialog/dialog.h"
#include "media/call_media.h"
#include "server/b2bua/hunt.h"
#include "server/b2bua/outcome.h"
#include "server/b2bua/ring_plan.h"
#include "service/leg_user.h"
#include "store/call_record.h"
#include "store/group.h"
#include "store/user.h"

namespace tipring::b2bua {

class B2bua;
struct Call;
using CallHandle = Handle<Call>;

// An address for the log and for operators, cut where it is very long.
class ShownAddress {
 public:
  void set(std::string_view uri);
  std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 63> text_;
  uint8_t size_ = 0;
};

struct CallLeg;
using CallLegHandle = Handle<CallLeg>;

struct CallLeg {
  CallLeg(Call& of, media::Side side) : call(of) { media.side = side; }

  bool is_caller() const { return media.side == media::Side::Caller; }

  Call& call;
  service::LegHandle leg;
  media::MediaLeg media;
  ListNode node;             // of Call::ringing
  Handle<store::User> user;  // whose phone it is, where he is one of ours
  uint8_t member = 0;        // of the plan, who rings here
  uint8_t breadth = 1;       // RFC 5393: what its INVITE was given
  MessageRef said;           // its last description, until it has the call
  uint64_t record = 0;       // among the call records; 0: none
  Millis rang_at{0};
  Millis answered_at{0};
};

// A request that came by one leg, and has gone on by the other.
struct Carried {
  bool is_free = true;
  service::ServerHandle server;  // null: it was cancelled
  service::LegRequestHandle request;
  CallLegHandle from;  // null: he has gone, or nobody has asked for it
  CallLegHandle to;
  sip::Method method = sip::Method::Other;
  uint8_t waited =
      0;  // how often it could not go on yet, with something of that leg's own under way
  bool has_offer = false;  // it brought one
  bool own = false;        // nobody has asked for it: of realign()
};

// The last REFER within the call: RFC 3515 2.4.6.
struct Referral {
  uint32_t cseq = 0;  // as it came; 0: none did
  bool from_caller = false;
};

enum class CallState : uint8_t {
  Hunting,
  Answered,  // our 200 has no ACK yet
  Talking,
};

struct Call final : private media::CallMediaObserver {
  Call(B2bua& by, media::Relay& relay) : b2bua(by), media(relay, *this) {}

  bool is_joined() const { return callee != nullptr; }
  CallLeg* other(const CallLeg& leg) const { return leg.is_caller() ? callee : caller; }

  B2bua& b2bua;
  CallState state = CallState::Hunting;
  bool is_settled = true;  // what has become of it is counted, or nothing has begun
  CallLeg* caller = nullptr;
  CallLeg* callee = nullptr;    // who has answered
  CallLeg* replaced = nullptr;  // whose place another is about to take, and has for now
  List<CallLeg, &CallLeg::node> ringing;
  media::CallMedia media;

  uint64_t known_as = 0;  // a hash of its Call-ID and From tag
  RingPlan plan;
  Hunt hunt;
  MemberSet has_rung = 0;
  // Of the groups inside the one that is called: who has had the call offered, for whom it is
  // counted what has become of it, and who has answered it.
  std::array<Handle<store::Group>, RingPlan::kInnerMax> inner;
  InnerSet inner_offered = 0;
  InnerSet inner_settled = 0;
  InnerSet inner_answered = 0;
  Outcome outcome;
  Handle<store::Group> group;  // that is being called; null for a user
  Handle<store::User> user;    // who is being called, where it is no group
  Handle<store::User> answered_by;
  dialog::Holder* holder = nullptr;  // whose call it is; lives as long as a call of his does
  HashNode invite_node;              // while it rings
  Handle<store::User> caller_user;   // null for a stranger
  bool is_for_help = false;
  uint8_t diversions = 0;  // groups that nobody of has answered
  static constexpr size_t kRungMax = 20;
  std::array<uint32_t, kRungMax> rung;  // hashes of the contacts that were, as far as there is room
  uint8_t rung_count = 0;
  bool has_offer = false;      // the INVITE brought one
  bool rang = false;           // the caller has been told so
  bool apart = false;          // what the two have agreed to does not fit together yet
  bool is_mute = false;        // so that nobody hears anything
  bool asks_caller = false;    // it is to be brought together by an offer of the caller's
  uint8_t realignings = 0;     // that have come to nothing
  MessageRef early_answer;     // the description that the caller has been given already
  CallLegHandle early_of;      // whose it was
  uint16_t untold = 0;         // a provisional response that waits for the caller's PRACK; 0: none
  CallLeg* early = nullptr;    // who is heard, of those that ring
  CallLeg* ack_due = nullptr;  // whose 2xx brought an offer that the other side has to answer
  std::array<Carried, 3> carried;
  Referral referral;

  uint64_t record = 0;  // among the call records; 0: none
  store::RecordKind kind = store::RecordKind::Led;
  uint8_t legs_recorded = 0;
  uint16_t final_status = 0;  // that the caller has been told
  store::RecordEnd ended_by = store::RecordEnd::None;
  const CallLeg* replaced_of = nullptr;  // whose record ends, another having taken its place

  Millis begun{0};
  Millis rang_at{0};
  Millis offered_at{0};  // to the group that is being called
  Millis answered_at{0};
  ShownAddress from;
  ShownAddress to;

  void on_time(Millis now);
  MemberTimer<Call, &Call::on_time> timer{*this};  // of its hunt
  void on_turn(Millis now);
  MemberTimer<Call, &Call::on_turn> turn_timer{*this};  // of what could not be sent yet

 private:
  void on_silence(media::CallMedia& media, media::Side side) override;
};

}  // namespace tipring::b2bua
