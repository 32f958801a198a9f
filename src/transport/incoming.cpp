#include "transport/incoming.h"

#include "sip/headers.h"
#include "transport/shared.h"

namespace tipring::transport {

namespace {

// Where a Via may send a response besides to its source: 18.2.2 has it for multicast. A stranger
// who names the address of a third host would only have us throw at it. Another family the socket
// does not reach.
bool usable_maddr(const port::IpAddress& maddr, const port::IpAddress& source) {
  return maddr.family == source.family && maddr.is_multicast();
}

// RFC 3261 10.2.6: servers are found so, and all of a network hear it. Whatever else is sent there
// is sent to nobody.
bool is_for_group(const sip::ParsedMessage& parsed) {
  return parsed.status == sip::ParseStatus::Complete && parsed.view.is_request() &&
         !sip::check_message(parsed.view) &&
         (parsed.view.method() == sip::Method::Register ||
          parsed.view.method() == sip::Method::Options);
}

}  // namespace

Flow reply_flow(const Incoming& request) {
  Flow flow = request.flow;
  const auto& via = request.message.typed<sip::HeaderId::Via>();
  if (!via) return flow;
  const uint16_t via_port = via->port != 0 ? via->port : sip::default_port(flow.transport);
  if (flow.transport != sip::Transport::Udp) {
    // 18.2.2: where to connect to when the connection has gone.
    flow.remote.port = via_port;
    return flow;
  }
  const auto maddr = via->maddr.empty() ? std::nullopt : port::parse_ip(via->maddr);
  if (maddr && usable_maddr(*maddr, flow.remote.ip) && !request.by_group) {
    flow.remote = {*maddr, via_port};
  } else if (!via->wants_rport) {
    flow.remote.port = via_port;
  }
  return flow;
}

void deliver(Shared& shared, const sip::ParsedMessage& parsed, const MessageRef& buffer,
             const Flow& flow, bool by_group) {
  const Incoming incoming{parsed.view, buffer, flow, shared.now(), by_group};
  if (by_group && !is_for_group(parsed)) {
    ++shared.counters.not_for_group;
    return;
  }
  if (shared.traces()) shared.trace->received(parsed.view, buffer.view(), flow);
  if (parsed.status == sip::ParseStatus::Complete) {
    const auto error = sip::check_message(parsed.view);
    if (!error) {
      ++shared.counters.received;
      shared.handler->on_message(incoming);
      return;
    }
    ++shared.counters.malformed;
    if (!parsed.view.is_request()) return shared.log_drop(error->fault, flow, buffer.view());
    shared.handler->on_malformed(incoming, *error);
    return;
  }
  if (parsed.error.fault == sip::ParseFault::NotSip) {
    ++shared.counters.not_sip;
    return shared.log_drop(parsed.error.fault, flow, buffer.view());
  }
  ++shared.counters.malformed;
  if (parsed.view.is_request() && parsed.view.has(sip::HeaderId::Via)) {
    return shared.handler->on_malformed(incoming, parsed.error);
  }
  shared.log_drop(parsed.error.fault, flow, buffer.view());
}

}  // namespace tipring::transport
