// Follows an INVITE and the requests of its dialogs through a proxy, so that the calls are known
// (dialog/calls.h): RFC 3261 12 seen from the way between the two sides.
#pragma once

#include "dialog/calls.h"
#include "service/context.h"
#include "service/environment.h"
#include "service/session_interval.h"

namespace tipring::service {

class DialogTracking {
 public:
  // A new call, by an INVITE that was accepted. Errors: as Calls::begin().
  Result<void> begin(const Environment& environment, const Incoming& invite,
                     const dialog::Terms& terms = {});
  // A request within a dialog, which is being forwarded.
  void enter(const Environment& environment, const dialog::Match& match, const Incoming& request);

  // The dialog that the last response has confirmed; null where it was a repetition, or none.
  dialog::DialogHandle confirmed() const { return confirmed_; }

  // For our Record-Route; null for none.
  dialog::CallHandle call() const { return call_; }

  // One phone of several has given up: what rang there is over.
  void on_branch_failed(const Environment& environment, const sip::MessageView& response);

  // A provisional response from 101 on or a 2xx has gone to whoever sent the request, which was
  // kept in `request`. `interval`: of that request.
  void on_response(const Environment& environment, const Incoming& response,
                   const SessionInterval& interval, const MessageRef& request);
  // Another final response has gone.
  void on_failure(const Environment& environment, uint16_t status);
  // It was answered here, since nobody could be reached.
  void on_not_reached(const Environment& environment);
  // No branch of an INVITE is pending, and it has had its final response.
  void close(const Environment& environment);
  // The request is over.
  void leave(const Environment& environment);

 private:
  void on_refreshed(const Environment& environment, dialog::Dialog& dialog,
                    const Incoming& response, const MessageRef& request);
  void settle(const Environment& environment, dialog::Dialog& dialog,
              const SessionOutcome& outcome) const;
  bool ends_call(const dialog::Dialog& dialog, uint16_t status) const;
  dialog::Dialog* take_back_bye(const Environment& environment);
  void end(const Environment& environment);

  dialog::CallHandle call_;      // of an INVITE that begins it
  dialog::DialogHandle dialog_;  // of a request within it
  dialog::DialogHandle confirmed_;
  dialog::Side from_ = dialog::Side::Caller;
  sip::Method method_ = sip::Method::Other;
  bool was_confirmed_ = false;  // when the request came
  bool moves_target_ = false;   // its Contact is another one than that we know
};

}  // namespace tipring::service
