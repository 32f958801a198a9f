// Where a request goes next: a flow that is known already, or the next hop of RFC 3261 16.6 step 7,
// located in place or after a pause.
#pragma once

#include <optional>
#include <string_view>

#include "service/context.h"
#include "service/environment.h"

namespace tipring::service {

class ViaManagement;
class OutputControl;

struct Destination {
  std::string_view next_hop;  // URI of the topmost Route or the Request-URI
  std::optional<Flow> flow;   // a binding's: then the URI is not looked at
};

class DestinationSelection {
 public:
  using Before = ServiceList<ViaManagement, OutputControl>;

  // Done: `flows` holds what to try, best first. Suspended: handler.on_located(tag) follows.
  // Errors: as Locator::locate(), and Invalid for a next hop that is no SIP URI.
  Result<transport::LocateState> select(const Environment& environment,
                                        const Destination& destination, transport::FlowList& flows,
                                        transport::LocateHandler& handler, uint64_t tag);

  bool suspended() const { return suspended_; }
  void resumed() { suspended_ = false; }

  // Before the context is released.
  void cancel(const Environment& environment, transport::LocateHandler& handler, uint64_t tag);

 private:
  bool suspended_ = false;
};

}  // namespace tipring::service
