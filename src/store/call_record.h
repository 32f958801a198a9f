// What is kept of a call after it: one record of the call itself, which is the caller's, and one of
// each phone that was rung for it. A call that was forked, or went to a hunt group, has several of
// these; who answered has one too.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "port/time.h"

namespace tipring::store {

// How the call went through the server.
enum class RecordKind : uint8_t {
  Proxied,  // from phone to phone, by the proxy
  Led,      // the server was an end of both legs
  Group,    // the same, to a hunt group
};

// Numbers are those in the file.
enum class RecordOutcome : uint8_t {
  Open,       // it rings
  Answered,   // also while it goes on
  Busy,       // 486, 600
  NoAnswer,   // 408, 480, or it rang until its time was over
  Cancelled,  // the caller has hung up
  Refused,    // 603, 403, 488 and their like: somebody or some rule did not want it
  Failed,     // 404, 5xx, or no way there
  Elsewhere,  // of a phone: another one has answered
};

// Who has ended it, or what.
enum class RecordEnd : uint8_t {
  None,  // it goes on, or nobody has answered
  Caller,
  Callee,
  Operator,
  SessionOver,  // nobody has refreshed the session
  Silent,       // no media came
  Lost,         // one side knew no such call any more, or did not answer
  Server,       // it stopped
  Restart,      // the server was ended in mid-call; when the call has ended is not known
  Transferred,  // of a phone: another has taken its place
  NotFollowed,  // the server has seen its answer, and nothing after it
};

enum class RecordMedia : uint8_t { Unknown, Direct, Relayed };

enum class RecordText : uint8_t {
  CallId,
  FromUri,
  FromName,
  FromUser,    // who has signed in as the caller
  ToUri,       // who was called; of a phone, what it was rung by
  Group,       // the hunt group
  AnsweredBy,  // the user who has answered; of a phone, the user it is of
  Peer,        // address and transport of the phone
  Reason,      // beside the status
};
inline constexpr size_t kRecordTexts = 9;

// What came from one side through the relay.
struct RecordSound {
  uint32_t packets = 0;
  uint32_t lost = 0;
  uint32_t jitter_us = 0;
};

struct RecordFacts {
  uint64_t id = 0;    // of this record, in the order in which they were begun
  uint64_t call = 0;  // the id of the call's own record
  // Of the monotonic clock on the loop, of the wall clock in the file. 0: did not come to that.
  Millis begun{0};
  Millis rang{0};
  Millis answered{0};
  Millis ended{0};
  uint32_t session_interval_s = 0;  // 0: no session timer
  uint16_t status = 0;              // of the final response
  uint8_t leg = 0;                  // 0: the call's own record; else its phones, from 1 on
  RecordKind kind = RecordKind::Proxied;
  RecordOutcome outcome = RecordOutcome::Open;
  RecordEnd ended_by = RecordEnd::None;
  RecordMedia media = RecordMedia::Unknown;
  bool supervised = false;  // the session timer was watched
  RecordSound from_caller;
  RecordSound from_callee;
};

struct CallRecord : RecordFacts {
  // What is longer is cut; what is no UTF-8, or a control character, is kept as \\xNN.
  static constexpr size_t kTextMax = 127;

  std::array<std::string_view, kRecordTexts> texts;

  std::string_view& text(RecordText which) { return texts[static_cast<size_t>(which)]; }
  std::string_view text(RecordText which) const { return texts[static_cast<size_t>(which)]; }
};

// What a final response above 299 makes of a call.
constexpr RecordOutcome outcome_of(uint16_t status) {
  switch (status) {
    case 486:
    case 600: return RecordOutcome::Busy;
    case 408:
    case 480: return RecordOutcome::NoAnswer;
    case 487: return RecordOutcome::Cancelled;
    case 603: return RecordOutcome::Refused;
    case 404:  // nobody is there
    case 410:
    case 484:
    case 604: return RecordOutcome::Failed;
    default: break;
  }
  if (status / 100 == 2) return RecordOutcome::Answered;
  return status / 100 == 5 ? RecordOutcome::Failed : RecordOutcome::Refused;
}

// As operators see them: "no_answer".
std::string_view to_text(RecordKind kind);
std::string_view to_text(RecordOutcome outcome);
std::string_view to_text(RecordEnd end);
std::string_view to_text(RecordMedia media);

}  // namespace tipring::store
