#include "media/relay.h"

#include <new>

#include "media/relay_parts.h"

namespace tipring::media {

namespace {

constexpr std::string_view kStreams = "relayed_streams";
constexpr std::string_view kCalls = "relayed_calls";

}  // namespace

RelayParts::RelayParts(const RelayDependencies& given, const Limits& limits, const PortRange& range)
    : dependencies(given),
      forwarding(given.arena, limits, given.loop),
      ports(given.arena, given.network, media_pairs_max(limits), range.first),
      streams(kStreams, given.arena, media_streams_max(limits)),
      calls(kCalls, given.arena, relayed_calls_max(limits)),
      kept_back(emergency_relayed_calls_max(limits)) {}

port::IpAddress RelayParts::bind_for(port::Family family) const {
  port::IpAddress bind = family == port::Family::V6 ? options.bind_v6 : options.bind_v4;
  bind.family = family;
  return bind;
}

port::IpAddress RelayParts::advertised_for(const port::IpAddress& local) const {
  const port::IpAddress& told =
      local.family == port::Family::V6 ? options.advertised_v6 : options.advertised_v4;
  return told.family == port::Family::None ? local : told;
}

void RelayParts::note_taken_ports() {
  if (ports.taken() == taken_noted) return;
  const uint64_t count = taken_lines.note(dependencies.loop.now(), ports.taken() - taken_noted);
  taken_noted = ports.taken();
  if (count == 0) return;
  dependencies.log.warning("media_ports_taken", kv("pairs", count),
                           kv("help", "another program uses ports of media.ports"));
}

void Relay::plan(const Limits& limits, MemoryPlan& plan) {
  Forwarding::plan(limits, plan);
  PortPool::plan(plan, media_pairs_max(limits));
  Pool<RelayedStream>::plan(plan, kStreams, media_streams_max(limits));
  Pool<RelayedCall>::plan(plan, kCalls, relayed_calls_max(limits));
  plan.add("media_relay", 1, sizeof(RelayParts));
  plan.add_descriptors(media_sockets_max(limits));
}

Relay::Relay(const RelayDependencies& dependencies, const Limits& limits, const PortRange& ports)
    : parts_(new (dependencies.arena.take_bytes(sizeof(RelayParts)).data())
                 RelayParts(dependencies, limits, ports)) {}

Relay::~Relay() { parts_->~RelayParts(); }

void Relay::set_options(const RelayOptions& options) {
  parts_->options = options;
  parts_->ports.set_told(options.advertised_v4, options.advertised_v6);
}

const RelayOptions& Relay::options() const { return parts_->options; }

// Below 2^62, as the version has to be (RFC 3264 5); many read these numbers as signed.
sdp::LocalOrigin Relay::new_origin() {
  return sdp::LocalOrigin(parts_->dependencies.entropy.u64() >> 2, 1);
}

void Relay::register_pools(PoolRegistry& pools) const {
  pools.add(parts_->ports.stats());
  pools.add(parts_->streams.stats());
  pools.add(parts_->calls.stats());
}

RelayCounters Relay::counters() const {
  RelayCounters counters = parts_->forwarding.counters;
  counters.ports_taken = parts_->ports.taken();
  return counters;
}

}  // namespace tipring::media
