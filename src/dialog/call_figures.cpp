#include "dialog/call_figures.h"

#include "sip/status.h"

namespace tipring::dialog {

CallOutcome outcome_of(uint16_t status) {
  using namespace sip::status;
  if (sip::is_success(status)) return CallOutcome::Answered;
  if (sip::is_redirection(status)) return CallOutcome::Redirected;
  switch (status) {
    case kBusyHere:
    case kBusyEverywhere: return CallOutcome::Busy;
    case kRequestTerminated: return CallOutcome::Cancelled;
    case kRequestTimeout:
    case kTemporarilyUnavailable: return CallOutcome::Unanswered;
    case kNotFound:
    case kGone:
    case kAddressIncomplete:
    case kAmbiguous:
    case kDoesNotExistAnywhere: return CallOutcome::NotFound;
    default: break;
  }
  const bool is_ours =
      status < kBadRequest || (status >= kServerInternalError && status < kBusyEverywhere);
  return is_ours ? CallOutcome::Failed : CallOutcome::Refused;
}

std::string_view to_text(CallOutcome outcome) {
  switch (outcome) {
    case CallOutcome::Answered: return "answered";
    case CallOutcome::Busy: return "busy";
    case CallOutcome::Cancelled: return "cancelled";
    case CallOutcome::Unanswered: return "unanswered";
    case CallOutcome::NotFound: return "not_found";
    case CallOutcome::Redirected: return "redirected";
    case CallOutcome::Refused: return "refused";
    case CallOutcome::Failed: break;
  }
  return "failed";
}

}  // namespace tipring::dialog
