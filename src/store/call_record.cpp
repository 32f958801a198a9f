#include "store/call_record.h"

namespace tipring::store {

std::string_view to_text(RecordKind kind) {
  switch (kind) {
    case RecordKind::Proxied: return "proxied";
    case RecordKind::Led: return "led";
    case RecordKind::Group: return "group";
  }
  return "";
}

std::string_view to_text(RecordOutcome outcome) {
  switch (outcome) {
    case RecordOutcome::Open: return "open";
    case RecordOutcome::Answered: return "answered";
    case RecordOutcome::Busy: return "busy";
    case RecordOutcome::NoAnswer: return "no_answer";
    case RecordOutcome::Cancelled: return "cancelled";
    case RecordOutcome::Refused: return "refused";
    case RecordOutcome::Failed: return "failed";
    case RecordOutcome::Elsewhere: return "elsewhere";
  }
  return "";
}

std::string_view to_text(RecordEnd end) {
  switch (end) {
    case RecordEnd::None: return "";
    case RecordEnd::Caller: return "caller";
    case RecordEnd::Callee: return "callee";
    case RecordEnd::Operator: return "operator";
    case RecordEnd::SessionOver: return "session_timer";
    case RecordEnd::Silent: return "no_media";
    case RecordEnd::Lost: return "lost";
    case RecordEnd::Server: return "server_stop";
    case RecordEnd::Restart: return "server_restart";
    case RecordEnd::Transferred: return "transferred";
    case RecordEnd::NotFollowed: return "not_followed";
  }
  return "";
}

std::string_view to_text(RecordMedia media) {
  switch (media) {
    case RecordMedia::Unknown: return "";
    case RecordMedia::Direct: return "direct";
    case RecordMedia::Relayed: return "relayed";
  }
  return "";
}

}  // namespace tipring::store
