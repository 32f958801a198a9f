// A request as it leaves for one member of the target set: RFC 3261 16.6 steps 1 to 9.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/message_slabs.h"
#include "dialog/dialog.h"
#include "server/proxy/target_set.h"
#include "sip/message_edit.h"

namespace tipring::proxy {

struct ForwardedRequest {
  const sip::MessageView& request;
  const Plan& plan;
  const Flow& in;                 // how it came
  const Flow* record_for;         // how it goes, when it gets our Record-Route; else null
  dialog::CallHandle call;        // that it begins, for that Record-Route
  uint32_t max_breadth;           // of what it brings
  const sip::LineFilter& filter;  // what of it goes on
  std::string_view lines;         // whole lines of ours
};

// Requests that may open a dialog carry our Record-Route, and so do those of whose methods we do
// not know it (16.6 step 4); those within one have their route set.
bool is_record_routed(const sip::MessageView& request);

// What is said of a next hop that cannot be found or reached.
uint16_t status_of_failure(Error error);

// `via` is the value of ours. Null when no buffer is free or the request is too long for one.
MessageRef write_forwarded(const Environment& environment, const ForwardedRequest& what,
                           std::string_view via);

}  // namespace tipring::proxy
