#include "transport/transport.h"

#include <algorithm>
#include <new>
#include <optional>

#include "transport/connections.h"
#include "transport/datagrams.h"
#include "transport/listening.h"
#include "transport/shared.h"
#include "transport/source_cache.h"

namespace tipring::transport {

namespace {

// How well a listening point suits packets that leave from `source`.
int rank(const ListenPoint& point, const port::IpAddress& source) {
  if (point.bind.ip == source) return 2;
  return point.bind.ip.is_unspecified() ? 1 : 0;
}

}  // namespace

struct TransportLayer::Parts {
  static constexpr size_t kAddressesMax = 32;

  Parts(const TransportDependencies& given, const Limits& limits)
      : dependencies(given),
        shared(dependencies, {given.entropy.u64(), given.entropy.u64()}),
        datagrams(shared, limits),
        connections(shared, limits),
        listening(shared, datagrams, connections),
        sources(given.network, shared.hash_key) {}

  void on_next_turn(Millis) {}

  TransportDependencies dependencies;
  Shared shared;
  Datagrams datagrams;
  Connections connections;
  Listening listening;
  SourceCache sources;
  MemberTimer<Parts, &Parts::on_next_turn> next_turn{*this};
  std::array<port::IpAddress, kAddressesMax> addresses;  // of this host
  size_t address_count = 0;
  std::array<GroupPoint, kGroupsMax> groups;
  size_t group_count = 0;
};

void TransportLayer::plan(const Limits& limits, MemoryPlan& plan) {
  Datagrams::plan(limits, plan);
  Connections::plan(limits, plan);
  plan.add("transport", 1, sizeof(Parts));
  // The spare one of a listener, or a socket that goes while its successor is there.
  plan.add_descriptors(2 * kListenPointsMax + kGroupsMax);
}

TransportLayer::TransportLayer(const TransportDependencies& dependencies, const Limits& limits)
    : parts_(new (dependencies.arena.take_bytes(sizeof(Parts)).data())
                 Parts(dependencies, limits)) {}

TransportLayer::~TransportLayer() {
  parts_->listening.close_all();
  parts_->datagrams.close_all();
  parts_->connections.close_all();
  parts_->~Parts();
}

int TransportLayer::start(const TransportOptions& options, MessageHandler& handler,
                          ListenPoint& failed) {
  Shared& shared = parts_->shared;
  shared.options = options;
  shared.handler = &handler;
  parts_->address_count = parts_->dependencies.network.local_addresses(parts_->addresses);
  return change_listening(options.listen, failed);
}

int TransportLayer::change_listening(std::span<const ListenPoint> wanted, ListenPoint& failed) {
  const int error = parts_->listening.change(wanted, failed);
  GroupPoint group;
  if (error == 0 && parts_->group_count != 0)
    static_cast<void>(join(std::span(parts_->groups).first(parts_->group_count), group));
  return error;
}

int TransportLayer::join(std::span<const GroupPoint> groups, GroupPoint& failed) {
  TIPRING_ASSERT(groups.size() <= kGroupsMax);
  std::copy(groups.begin(), groups.end(), parts_->groups.begin());
  parts_->group_count = groups.size();
  parts_->datagrams.leave_groups();
  for (const GroupPoint& group : groups) {
    const int error = parts_->datagrams.join(group);
    if (error == 0) continue;
    failed = group;
    return error;
  }
  return 0;
}

void TransportLayer::set_options(const TransportOptions& options) {
  parts_->shared.options = options;
}

std::span<const ListenPoint> TransportLayer::listen_points() const {
  return parts_->shared.points.open();
}

// Null when we listen on no such transport and family.
const ListenPoint* TransportLayer::point_to(sip::Transport transport,
                                            const port::SocketAddress& remote) const {
  std::optional<port::IpAddress> known;
  const auto source = [&] {
    if (!known) known = parts_->sources.source_for(remote.ip, parts_->shared.now());
    return *known;
  };
  const ListenPoint* chosen = nullptr;
  for (const ListenPoint& point : listen_points()) {
    if (point.transport != transport || point.bind.ip.family != remote.ip.family) continue;
    // What listens on loopback cannot reach further.
    if (point.bind.ip.is_loopback() && !remote.ip.is_loopback()) continue;
    // Of several, the one that packets leave from by themselves, else the first.
    if (chosen == nullptr || rank(point, source()) > rank(*chosen, source())) chosen = &point;
  }
  return chosen;
}

Result<Flow> TransportLayer::flow_to(sip::Transport transport, const port::SocketAddress& remote) {
  // Unspecified is "this host" on Linux: no stranger's Contact may lead a request to our own ports,
  // nor to all hosts of a network, by a name in the DNS either.
  if (remote.ip.is_unspecified() || remote.ip.is_multicast() || remote.ip.is_broadcast()) {
    return Error::Unsupported;
  }
  const ListenPoint* const chosen = point_to(transport, remote);
  if (chosen == nullptr) return Error::Unsupported;
  const auto index = static_cast<size_t>(chosen - listen_points().data());
  Flow flow{chosen->bind, remote, {}, transport, parts_->shared.points.number(index)};
  if (flow.local.ip.is_unspecified()) {
    flow.local.ip = parts_->sources.source_for(remote.ip, parts_->shared.now());
  }
  return flow;
}

port::SocketAddress TransportLayer::sent_by(const Flow& flow) const {
  const Shared& shared = parts_->shared;
  const ListenPoint* point = shared.points.find(flow.listener);
  // Of a connection that has outlived its listener: where its peer could connect to now.
  if (point == nullptr) point = point_to(flow.transport, flow.remote);
  if (point == nullptr) return flow.local;
  const port::SocketAddress& bind = point->bind;
  port::SocketAddress address{flow.local.ip, bind.port};
  // What came to a group was not sent to an address of ours.
  if (address.ip.family == port::Family::None || address.ip.is_unspecified() ||
      address.ip.is_multicast()) {
    address.ip = bind.ip.is_unspecified() ? parts_->sources.source_for(flow.remote.ip, shared.now())
                                          : bind.ip;
  }
  return address;
}

bool TransportLayer::is_own(const port::IpAddress& ip, uint16_t port) const {
  return names_point(listen_points(), ip, port);
}

bool TransportLayer::is_of_host(const port::IpAddress& address) const {
  const port::IpAddress ip = port::unmapped(address);
  const auto first = parts_->addresses.begin();
  const auto last = first + static_cast<std::ptrdiff_t>(parts_->address_count);
  return ip.is_loopback() || std::find(first, last, ip) != last;
}

bool TransportLayer::ends_on_host(const port::SocketAddress& remote) const {
  if (!is_of_host(remote.ip)) return false;
  return port::unmapped(remote.ip).is_loopback() || !is_own(remote.ip, remote.port);
}

bool TransportLayer::comes_from_us(const Flow& flow) const {
  if (flow.transport == sip::Transport::Udp) return is_own(flow.remote.ip, flow.remote.port);
  return parts_->connections.has_other_end(flow);
}

bool TransportLayer::was_own(const port::IpAddress& ip, uint16_t port) const {
  return names_point(parts_->shared.former.points(), ip, port);
}

bool TransportLayer::names_point(std::span<const ListenPoint> points, const port::IpAddress& ip,
                                 uint16_t port) const {
  for (const ListenPoint& point : points) {
    const uint16_t wanted = port != 0 ? port : sip::default_port(point.transport);
    if (point.bind.port != wanted || point.bind.ip.family != ip.family) continue;
    if (point.bind.ip == ip || (point.bind.ip.is_unspecified() && is_of_host(ip))) return true;
  }
  return false;
}

Result<void> TransportLayer::send(MessageRef message, const Flow& flow, SendObserver* observer,
                                  uint64_t tag) {
  switch (flow.transport) {
    case sip::Transport::Udp: {
      if (parts_->shared.traces() && message) parts_->shared.trace->sent(message.view(), flow);
      if (parts_->datagrams.has(flow.listener))
        return parts_->datagrams.send(std::move(message), flow, observer, tag);
      // Its listening point has gone. The peer may still be reached from another one.
      const Result<Flow> other = flow_to(flow.transport, flow.remote);
      if (!other) return other.error();
      return parts_->datagrams.send(std::move(message), *other, observer, tag);
    }
    case sip::Transport::Tcp:
      return parts_->connections.send(std::move(message), flow, observer, tag);
    default: return Error::Unsupported;
  }
}

bool TransportLayer::stands(const Flow& flow) const {
  if (flow.transport != sip::Transport::Udp) return parts_->connections.stands(flow);
  const ListenPoint* const point = parts_->shared.points.find(flow.listener);
  return point != nullptr && point->transport == flow.transport &&
         point->bind.port == flow.local.port &&
         (point->bind.ip == flow.local.ip || point->bind.ip.is_unspecified());
}

void TransportLayer::keep(const Flow& flow, Millis until) {
  if (flow.transport != sip::Transport::Udp) parts_->connections.keep(flow, until);
}

void TransportLayer::set_trace(Trace& trace) { parts_->shared.trace = &trace; }

Trace* TransportLayer::tracing() const {
  return parts_->shared.traces() ? parts_->shared.trace : nullptr;
}

void TransportLayer::flush(Millis now) {
  parts_->datagrams.flush();
  parts_->connections.write();
  const bool connections_failed = parts_->connections.reap();
  const bool datagrams_failed = parts_->shared.tell_failures();
  // What observers do about it is finished at the end of a turn, and this one has ended.
  if (connections_failed || datagrams_failed)
    parts_->dependencies.timers.start(parts_->next_turn, now);
}

TransportCounters TransportLayer::counters() const {
  TransportCounters counters = parts_->shared.counters;
  counters.kernel_drops = parts_->datagrams.kernel_drops();
  return counters;
}

const PoolStats& TransportLayer::connection_stats() const { return parts_->connections.stats(); }

const PoolStats& TransportLayer::source_stats() const { return parts_->connections.source_stats(); }

}  // namespace tipring::transport
