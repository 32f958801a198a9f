#include "service/destination_selection.h"

namespace tipring::service {

Result<transport::LocateState> DestinationSelection::select(const Environment& environment,
                                                            const Destination& destination,
                                                            transport::FlowList& flows,
                                                            transport::LocateHandler& handler,
                                                            uint64_t tag) {
  if (destination.flow) {
    flows.flows[0] = *destination.flow;
    flows.count = 1;
    return transport::LocateState::Done;
  }
  const auto uri = sip::parse_uri(destination.next_hop);
  if (!uri) return Error::Invalid;
  const auto state = environment.locator.locate(*uri, std::nullopt, flows, handler, tag);
  suspended_ = state && *state == transport::LocateState::Suspended;
  return state;
}

void DestinationSelection::cancel(const Environment& environment, transport::LocateHandler& handler,
                                  uint64_t tag) {
  if (suspended_) environment.locator.cancel(handler, tag);
  suspended_ = false;
}

}  // namespace tipring::service
