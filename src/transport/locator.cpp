#include "transport/locator.h"

namespace tipring::transport {

namespace {

constexpr std::string_view kLookupsName = "name_lookups";

constexpr size_t kNameMax = 253;  // of a host: RFC 1035 2.3.4

// A sips URI is never sent in the clear, whatever its parameter says: RFC 3261 26.2.2.
sip::Transport secured(sip::Transport transport) {
  switch (transport) {
    case sip::Transport::Tcp:
    case sip::Transport::Tls: return sip::Transport::Tls;
    case sip::Transport::Ws:
    case sip::Transport::Wss: return sip::Transport::Wss;
    case sip::Transport::Udp:
    case sip::Transport::Sctp:
    case sip::Transport::Other: break;
  }
  return sip::Transport::Other;
}

// RFC 3263 4.1, without NAPTR and SRV: what the URI says, else TLS for sips:, else what the caller
// prefers, else UDP.
sip::Transport transport_for(const sip::Uri& uri, std::optional<sip::Transport> prefer) {
  const auto named = uri.param("transport");
  if (uri.scheme == sip::Scheme::Sips)
    return named ? secured(sip::parse_transport(named->value)) : sip::Transport::Tls;
  if (named) return sip::parse_transport(named->value);
  return prefer.value_or(sip::Transport::Udp);
}

}  // namespace

void Locator::plan(MemoryPlan& plan) { Pool<Lookup>::plan(plan, kLookupsName, kLookupsMax); }

Locator::Locator(port::Names& names, port::Loop& loop, TransportLayer& transport, Arena& arena)
    : names_(names),
      loop_(loop),
      transport_(transport),
      lookups_(kLookupsName, arena, kLookupsMax) {}

Result<FlowList> Locator::flows_to(std::span<const port::IpAddress> addresses, uint16_t port,
                                   sip::Transport transport) const {
  FlowList list;
  for (const port::IpAddress& address : addresses) {
    if (list.count == list.flows.size()) break;
    // A name may lead anywhere; a system takes the unspecified address for itself.
    const port::IpAddress ip = port::unmapped(address);
    if (ip.is_unspecified() || ip.is_multicast() || ip.is_broadcast()) continue;
    const Result<Flow> flow = transport_.flow_to(transport, {address, port});
    if (flow) list.flows[list.count++] = *flow;
  }
  if (list.count == 0) return Error::Unsupported;
  return list;
}

Result<LocateState> Locator::locate(const sip::Uri& next_hop, std::optional<sip::Transport> prefer,
                                    FlowList& flows, LocateHandler& handler, uint64_t tag) {
  return find(0, next_hop, prefer, flows, handler, tag);
}

Result<LocateState> Locator::locate_for(uint64_t asker, const sip::Uri& next_hop, FlowList& flows,
                                        LocateHandler& handler, uint64_t tag) {
  return find(asker, next_hop, std::nullopt, flows, handler, tag);
}

// The more ask, the less is left for each; two are always granted where there is room.
bool Locator::may_ask(uint64_t asker) const {
  if (asker == 0) return true;
  uint32_t held = 0;
  for (uint32_t i = 0; i < kLookupsMax; ++i) {
    const Lookup* lookup = lookups_.at_slot(i);
    if (lookup != nullptr && lookup->asker == asker) ++held;
  }
  const uint32_t in_use = lookups_.stats().in_use;
  if (in_use + kOwnMin >= kLookupsMax) return false;
  return held < 2 || held < (kLookupsMax - in_use + held) / 2;
}

Result<LocateState> Locator::find(uint64_t asker, const sip::Uri& next_hop,
                                  std::optional<sip::Transport> prefer, FlowList& flows,
                                  LocateHandler& handler, uint64_t tag) {
  const sip::Transport transport = transport_for(next_hop, prefer);
  const uint16_t port = next_hop.port != 0 ? next_hop.port : sip::default_port(transport);
  const auto maddr = next_hop.param("maddr");
  const std::string_view host = maddr ? maddr->value : next_hop.host;
  if (const auto literal = port::parse_ip(host)) {
    const Result<FlowList> found = flows_to(std::span(&*literal, 1), port, transport);
    if (!found) return found.error();
    flows = *found;
    return LocateState::Done;
  }
  if (host.empty() || host.size() > kNameMax) return Error::NotFound;
  if (!may_ask(asker)) return Error::PoolExhausted;
  Lookup* lookup = lookups_.acquire(Lookup{&handler, tag, asker, port, transport});
  if (lookup == nullptr) return Error::PoolExhausted;
  const uint64_t query = lookups_.handle_of(*lookup).to_u64();
  if (!names_.resolve(host, port::QueryFamily::Both, loop_.now() + kDeadline, *this, query)) {
    lookups_.release(*lookup);
    return Error::PoolExhausted;
  }
  return LocateState::Suspended;
}

void Locator::cancel(LocateHandler& handler, uint64_t tag) {
  for (uint32_t i = 0; i < kLookupsMax; ++i) {
    Lookup* lookup = lookups_.at_slot(i);
    if (lookup == nullptr || lookup->handler != &handler || lookup->tag != tag) continue;
    const uint64_t query = lookups_.handle_of(*lookup).to_u64();
    lookups_.release(*lookup);  // first: what comes back now finds nothing
    names_.cancel(*this, query);
    return;
  }
}

void Locator::on_names(uint64_t query, port::NamesStatus status,
                       std::span<const port::IpAddress> addresses) {
  Lookup* lookup = lookups_.get(Handle<Lookup>::from_u64(query));
  if (lookup == nullptr) return;
  const Lookup done = *lookup;
  lookups_.release(*lookup);
  switch (status) {
    case port::NamesStatus::Found:
      return done.handler->on_located(done.tag, flows_to(addresses, done.port, done.transport));
    case port::NamesStatus::TimedOut: return done.handler->on_located(done.tag, Error::TimedOut);
    case port::NamesStatus::NotFound:
    case port::NamesStatus::Failed:
    case port::NamesStatus::Cancelled: return done.handler->on_located(done.tag, Error::NotFound);
  }
}

}  // namespace tipring::transport
