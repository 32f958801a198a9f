// The dialogs of a call as a proxy on their way sees them: RFC 3261 12 from between the two sides.
// One INVITE may make several, when it was forked (12.1, 16.7): they are one call.
#pragma once

#include <cstdint>

#include "core/handle.h"
#include "core/hash_table.h"
#include "core/list.h"
#include "core/recent_hashes.h"
#include "core/timer_wheel.h"
#include "dialog/dialog_texts.h"
#include "port/time.h"
#include "store/call_record.h"
#include "transport/flow.h"

namespace tipring::dialog {

class Calls;
struct Call;
struct Dialog;
using CallHandle = Handle<Call>;
using DialogHandle = Handle<Dialog>;

// The caller sent the INVITE that made the dialog, whoever sends the request that is looked at.
enum class Side : uint8_t { Caller, Callee };

constexpr Side other(Side side) { return side == Side::Caller ? Side::Callee : Side::Caller; }

enum class DialogState : uint8_t {
  Calling,    // the callee is not known yet
  Early,      // by a provisional response with a tag
  Confirmed,  // by a 2xx
  Ending,     // one side, or the server, has sent a BYE that is not answered yet
};

// How a side is reached, and how far its requests have come.
struct Peer {
  transport::Flow flow;  // its requests came by it, or ours went
  uint32_t cseq = 0;     // the highest of its requests; 0: it has sent none
  bool by_flow = false;  // by nothing else: behind NAT, or on a stream
};

// What a 2xx to an INVITE or an UPDATE has settled: RFC 4028.
struct Session {
  uint32_t interval_s = 0;        // 0: nobody refreshes
  Side refresher = Side::Caller;  // where there is an interval
  bool supervised = false;        // it is over when the interval is
};

struct Dialog {
  Dialog(Calls& in, Call& of) : calls(in), call(of) {}

  Calls& calls;
  Call& call;
  DialogTexts texts;
  Peer caller;
  Peer callee;
  DialogState state = DialogState::Calling;
  bool confirmed = false;  // also while it is Ending
  Session session;
  Millis confirmed_at{0};

  ListNode call_node;        // among those of its call
  ListNode ending_node;      // among those that wait for their BYEs
  uint8_t byes = 0;          // of the server's own, on their way
  bool by_operator = false;  // who wanted them; else its session was over
  store::RecordEnd ended_by = store::RecordEnd::None;
  uint64_t record = 0;  // of whoever has answered, among the call records; 0: none
  void on_expiry(Millis now);
  MemberTimer<Dialog, &Dialog::on_expiry> expiry{*this};

  Peer& peer(Side side) { return side == Side::Caller ? caller : callee; }
  const Peer& peer(Side side) const { return side == Side::Caller ? caller : callee; }
  // BYEs of the server's own are under way, or wait for their turn: nothing takes that back.
  bool is_being_ended() const { return ending_node.linked() || byes != 0; }
  bool is_standing() const {
    return state == DialogState::Confirmed || state == DialogState::Ending;
  }

  std::string_view call_id() const { return texts.get(Text::CallId); }
  // Of its From or To.
  std::string_view uri(Side side) const;
  std::string_view tag(Side side) const {
    return texts.get(side == Side::Caller ? Text::CallerTag : Text::CalleeTag);
  }
  std::string_view address(Side side) const {
    return texts.get(side == Side::Caller ? Text::CallerAddress : Text::CalleeAddress);
  }
  std::string_view target(Side side) const {
    return texts.get(side == Side::Caller ? Text::CallerTarget : Text::CalleeTarget);
  }
  std::string_view routes(Side side) const {
    return texts.get(side == Side::Caller ? Text::CallerRoutes : Text::CalleeRoutes);
  }
  // It rang when another of its call was answered: its phone has been cancelled, and it stands for a
  // 2xx that is late.
  bool is_given_up() const;
};

// Who has calls, and how many.
struct Holder {
  explicit Holder(uint64_t of) : key(of) {}

  const uint64_t key;
  uint32_t calls = 0;
  HashNode node;
};

// Of one INVITE.
struct Call {
  List<Dialog, &Dialog::call_node> dialogs;  // at least one while the INVITE is pending
  Millis begun{0};                           // monotonic
  bool is_inviting = true;                   // branches of its INVITE are pending
  bool answered = false;                     // with a 2xx
  uint64_t record = 0;                       // among the call records, once answered; 0: none
  Holder* holder = nullptr;                  // lives as long as a call of his does
  RecentHashes<1, 3> over;  // tags of dialogs that are over, whose 2xx may come again
};

inline bool Dialog::is_given_up() const { return call.answered && !is_standing(); }

}  // namespace tipring::dialog
