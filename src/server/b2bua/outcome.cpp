#include "server/b2bua/outcome.h"

#include "sip/status.h"

namespace tipring::b2bua {

namespace {

using namespace sip;  // NOLINT(google-build-using-namespace): status::k…

// What only concerns us and that phone: who asked it was not the caller, and it is not for him to
// mend it. RFC 3261 16.7 step 6 for the 503, SPEC C7.
uint16_t status_for_caller(uint16_t code) {
  switch (code) {
    case status::kUnauthorized:
    case status::kProxyAuthenticationRequired:
    case status::kBadExtension:
    case status::kExtensionRequired:
    case status::kSessionIntervalTooSmall:
    case status::kLoopDetected:
    case status::kCallOrTransactionDoesNotExist:
    case status::kRequestTerminated: return status::kTemporarilyUnavailable;
    case status::kServiceUnavailable: return status::kServerInternalError;
    default: return is_redirection(code) ? status::kTemporarilyUnavailable : code;
  }
}

// The lower the better: 6xx, then the classes from below.
int rank(uint16_t code) {
  if (code >= status::kBusyEverywhere) return 0;
  // Those that tell more than that nobody has answered.
  if (code == status::kRequestTimeout || code == status::kTemporarilyUnavailable)
    return code / 100 * 2 + 1;
  return code / 100 * 2;
}

}  // namespace

void Outcome::note(uint16_t code) {
  switch (code) {
    case status::kBusyHere:
    case status::kBusyEverywhere: busy_ = true; break;
    case status::kDecline:
    case status::kUnwanted:
    case status::kRejected: declined_ = true; break;
    case status::kNotAcceptable:
    case status::kUnsupportedMediaType:
    case status::kNotAcceptableHere:
    case status::kNotAcceptableAnywhere: not_acceptable_ = true; break;
    default: away_ = true; break;
  }
  const uint16_t told = status_for_caller(code);
  if (best_ == 0 || rank(told) < rank(best_)) best_ = told;
}

void Outcome::note_own(uint16_t code) {
  if (code != status::kServiceUnavailable) return note(code);
  shortage_ = true;
}

uint16_t Outcome::of_group() const {
  if (timed_out_) return status::kRequestTimeout;
  const int kinds = int{busy_} + int{declined_} + int{not_acceptable_} + int{away_};
  if (kinds == 1 && busy_) return status::kBusyHere;
  if (kinds == 1 && declined_) return status::kDecline;
  if (kinds == 1 && not_acceptable_) return status::kNotAcceptableHere;
  if (kinds == 0 && shortage_) return status::kServiceUnavailable;
  return status::kTemporarilyUnavailable;
}

uint16_t Outcome::of_user() const {
  if (best_ != 0) return best_;
  if (timed_out_) return status::kRequestTimeout;
  return shortage_ ? status::kServiceUnavailable : status::kTemporarilyUnavailable;
}

}  // namespace tipring::b2bua
