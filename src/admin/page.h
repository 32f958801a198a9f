// Rows of a listing, packed into a block of fixed size that travels in a ring slot. The loop writes
// a page without memory of its own, the admin thread reads it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "admin/group_rows.h"
#include "dialog/dialog.h"
#include "store/call_record.h"
#include "store/user.h"
#include "transport/trace.h"

namespace tipring::admin {

inline constexpr size_t kContactMax = 1024;  // of a contact, what pages and commands have room for

struct UserRow {
  std::string_view name;
  std::string_view domain;
  uint32_t bindings = 0;
  bool has_secret = true;  // false: made for another realm, needs a new password
  std::string_view auth_name;
  std::string_view display_name;
  std::string_view aliases;  // separated by "\n"
  uint8_t algorithms = 0;    // mask; 0: as configured
  store::SessionTimerRule session_timer = store::SessionTimerRule::AsConfigured;
  // For want of session timers; 0 where excepted.
  uint32_t calls_refused = 0;
  uint32_t last_refused_s = 0;
  std::string_view refused_source = {};
  // The last time that a phone of it was let in, since the server's start (in a listing where none
  // is registered), and why it was not, where that was later.
  std::string_view seen_at = {};  // empty: never
  uint32_t last_seen_s = 0;       // seconds ago
  std::string_view fault = {};    // policy::SignInFault; empty: none
  std::string_view failed_at = {};
  uint32_t failed_s = 0;
  uint64_t revision = 0;  // see revision.h
};

// What a user logs in with, for another server: whoever reads it can register as the user.
struct CredentialRow {
  std::string_view name;
  std::string_view domain;
  std::string_view auth_name;
  std::string_view realm = {};  // not in the page: that of the server
  std::string_view ha1_md5;     // hexadecimal, as in RFC 7616 3.4.2; empty: there is none
  std::string_view ha1_sha256;
};

// Texts beyond what a page shows of them are cut: 1024 bytes of the contact, 256 of the user agent.
struct BindingRow {
  std::string_view name;
  std::string_view domain;
  std::string_view contact;
  std::string_view received;  // address and port that the REGISTER came from
  std::string_view transport;
  std::string_view user_agent;
  uint32_t expires_s = 0;
  uint32_t q = 1000;     // thousandths
  uint32_t methods = 0;  // bits, 1 << sip::Method; 0: the phone did not say
};

// Of a user from a source, or of the source as a whole when the user is empty.
struct BlockRow {
  std::string_view source;
  std::string_view user;
  uint32_t since_s = 0;  // how long it has stood
  uint32_t remaining_s = 0;
  uint32_t failures = 0;
};

// A user whose calls were refused for want of session timers.
struct RefusedRow {
  std::string_view name;
  std::string_view domain;
  uint32_t calls = 0;
  uint32_t last_s = 0;      // how long ago the last one was
  std::string_view source;  // where that came from
};

// A name that is nobody's, by which somebody wanted to be let in.
struct UnknownRow {
  std::string_view name;
  std::string_view domain;
  std::string_view source;
  uint32_t tries = 0;
  uint32_t last_s = 0;  // how long ago the last one was
};

// One dialog of a call. Its texts are cut as those of a registration.
struct CallRow {
  uint64_t id = 0;  // see call_names.h
  dialog::DialogState state = dialog::DialogState::Calling;
  uint64_t begun_ms = 0;     // by the wall clock
  uint64_t answered_ms = 0;  // 0: not yet
  std::string_view caller;   // URI of From
  std::string_view callee;   // URI of To
  std::string_view call_id;
  uint32_t interval_s = 0;  // 0: nobody refreshes
  dialog::Side refresher = dialog::Side::Caller;
  bool supervised = false;
  // Of a supervised one that nobody ends yet: when the refresher is to refresh it (RFC 4028 10),
  // and when it is over.
  bool is_timed = false;
  uint32_t refresh_s = 0;
  uint32_t left_s = 0;
  // Of one that is led through the server, two dialogs joined.
  bool is_anchored = false;
  bool is_relayed = false;
  // Of the leg of who has answered; 0: nobody refreshes it.
  uint32_t callee_interval_s = 0;
  dialog::Side callee_refresher = dialog::Side::Callee;
  uint32_t callee_refresh_s = 0;
  uint32_t callee_left_s = 0;
  std::string_view answered_by;  // the user; empty while nobody has
  // Of a relayed one that is answered: what has come from each side so far.
  bool has_sound = false;
  struct Sound {
    store::RecordSound heard;
    uint32_t silent_ms = 0;  // since the last packet
  } caller_sound, callee_sound;
};

struct PoolRow {
  std::string_view name;
  uint32_t capacity = 0;
  uint32_t in_use = 0;
  uint32_t high_water = 0;
  uint32_t item_bytes = 0;
  uint64_t refusals = 0;
};

// One fact of the status: a text, or a number when the text is empty.
struct FactRow {
  std::string_view name;
  std::string_view text;
  uint64_t number = 0;
};

// A piece of a traced message; messages longer than kTracePieceMax take several rows. Or a decision,
// whole: transport/decision.h.
struct TraceRow {
  uint64_t number = 0;
  uint64_t after = 0;  // the cursor of what follows this row
  uint64_t time_ms = 0;
  transport::TraceKind kind = transport::TraceKind::Received;
  bool of_subject = false;
  uint64_t offset = 0;  // of the piece in the text
  uint64_t kept = 0;    // bytes of the text in all
  uint64_t size = 0;    // of the message: more than that where the text was cut
  std::string_view text;
  // Of a message.
  std::string_view transport;
  std::string_view local;
  std::string_view remote;
  // Of a decision.
  transport::Decision decision = transport::Decision::Refused;
  std::string_view call_id;
  std::string_view joins;

  bool is_decision() const { return kind == transport::TraceKind::Decided; }
};
inline constexpr size_t kTracePieceMax = 1536;

class Page {
 public:
  static constexpr size_t kBytes = 8192;
  static constexpr size_t kRowMax = 1920;  // of the longest row there can be

  void clear(uint32_t rows_max = UINT32_MAX) {
    used_ = rows_ = 0;
    rows_max_ = rows_max;
  }
  bool has_room() const { return used_ + kRowMax <= kBytes && rows_ < rows_max_; }
  uint32_t rows() const { return rows_; }

  // REQUIRES of each: has_room(). All rows of a page are of one kind.
  void add(const UserRow& row);
  void add(const CredentialRow& row);
  void add(const BindingRow& row);
  void add(const BlockRow& row);
  void add(const RefusedRow& row);
  void add(const UnknownRow& row);
  void add(const CallRow& row);
  void add(const PoolRow& row);
  void add(const FactRow& row);
  void add(const TraceRow& row);
  void add(const GroupRow& row);
  void add(const MemberRow& row);

 private:
  friend class PageReader;
  void put_text(std::string_view text, size_t max);
  void put_number(uint64_t number);
  void put_tally(const TallyRow& tally);

  uint32_t used_ = 0;
  uint32_t rows_ = 0;
  uint32_t rows_max_ = UINT32_MAX;
  std::array<char, kBytes> bytes_;
};

// Reads rows in order. Views live as long as the page.
class PageReader {
 public:
  explicit PageReader(const Page& page) : rest_(page.bytes_.data(), page.used_) {}

  // False at the end. REQUIRES: the kind of row that was written.
  bool next(UserRow& row);
  bool next(CredentialRow& row);
  bool next(BindingRow& row);
  bool next(BlockRow& row);
  bool next(RefusedRow& row);
  bool next(UnknownRow& row);
  bool next(CallRow& row);
  bool next(PoolRow& row);
  bool next(FactRow& row);
  bool next(TraceRow& row);
  bool next(GroupRow& row);
  bool next(MemberRow& row);

 private:
  std::string_view take_text();
  uint64_t take_number();
  void take_tally(TallyRow& tally);

  std::string_view rest_;
};

}  // namespace tipring::admin
