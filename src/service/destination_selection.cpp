#include "service/destination_selection.h"

namespace tipring::service {

uint64_t asker_of(const Environment& environment, const port::SocketAddress& remote) {
  TableHasher64 hasher(environment.route_key);
  hasher.add({reinterpret_cast<const char*>(remote.ip.bytes.data()), remote.ip.bytes.size()});
  return hasher.finish() | 1;
}

Result<transport::LocateState> DestinationSelection::select(const Environment& environment,
                                                            const Destination& destination,
                                                            transport::LocateHandler& handler,
                                                            uint64_t tag) {
  count_ = 0;
  kept_off_host_ = false;
  may_switch_ = !destination.flow && !destination.keeps_transport;
  if (destination.flow) {
    left_[count_++] = {{}, destination.flow->transport, Kind::Flow};
    return transport::LocateState::Done;
  }
  if (!destination.next_hop) return Error::Invalid;
  transport::FlowList flows;
  const auto state =
      environment.locator.locate_for(destination.asker, *destination.next_hop, flows, handler, tag);
  suspended_ = state && *state == transport::LocateState::Suspended;
  if (state && !suspended_) located(flows);
  return state;
}

void DestinationSelection::located(const transport::FlowList& flows) {
  count_ = 0;
  for (size_t i = flows.count; i > 0; --i) {
    const Flow& flow = flows.flows[i - 1];
    left_[count_++] = {flow.remote, flow.transport, Kind::Address};
  }
}

std::optional<Flow> DestinationSelection::next(const Environment& environment,
                                               const Destination& destination) {
  while (count_ != 0) {
    const Entry& entry = left_[--count_];
    if (entry.kind == Kind::Flow) return destination.flow;
    if (destination.keeps_off_host && environment.transport.ends_on_host(entry.remote)) {
      kept_off_host_ = true;
      continue;
    }
    if (entry.kind == Kind::InsteadOfStream) may_switch_ = false;
    const Result<Flow> flow = environment.transport.flow_to(entry.transport, entry.remote);
    if (flow) return *flow;
  }
  return std::nullopt;
}

bool DestinationSelection::switch_to_stream(const Environment& environment,
                                            const StreamRefusals& refusals, size_t bytes,
                                            Flow& flow) {
  const bool too_large = flow.transport == sip::Transport::Udp && bytes > kDatagramBytesMax;
  if (!too_large || !may_switch_) return false;
  if (refusals.has(flow.remote, environment.now())) return false;
  const Result<Flow> stream = environment.transport.flow_to(sip::Transport::Tcp, flow.remote);
  if (!stream) return false;
  left_[count_++] = {flow.remote, flow.transport, Kind::InsteadOfStream};
  flow = *stream;
  flow.connect_ms_max = kConnectMs;
  return true;
}

void DestinationSelection::note_unreachable(StreamRefusals& refusals, Millis now) const {
  if (count_ != 0 && left_[count_ - 1U].kind == Kind::InsteadOfStream) {
    refusals.note(left_[count_ - 1U].remote, now);
  }
}

void DestinationSelection::cancel(const Environment& environment, transport::LocateHandler& handler,
                                  uint64_t tag) {
  if (suspended_) environment.locator.cancel(handler, tag);
  suspended_ = false;
}

}  // namespace tipring::service
