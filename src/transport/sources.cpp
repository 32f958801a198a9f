#include "transport/sources.h"

#include "core/source_ranges.h"

namespace tipring::transport {

namespace {

constexpr std::string_view kSourcesName = "tcp_sources";
constexpr uint8_t kBitsV4 = 32;
constexpr uint8_t kBitsV6 = 64;

// One more than there are connections: a newcomer is counted before another makes room for him.
constexpr uint32_t sources_max(uint32_t connections_max) { return connections_max + 1; }

}  // namespace

void Sources::plan(uint32_t connections_max, MemoryPlan& plan) {
  Pool<Source>::plan(plan, kSourcesName, sources_max(connections_max));
  HashTable<Source, &Source::by_prefix>::plan(plan, "tcp_source_table",
                                              sources_max(connections_max));
}

Sources::Sources(const HashKey& key, Arena& arena, uint32_t connections_max)
    : key_(key),
      pool_(kSourcesName, arena, sources_max(connections_max)),
      by_prefix_(arena, sources_max(connections_max)) {}

Source* Sources::join(const port::IpAddress& ip, uint32_t limit) {
  const port::IpAddress prefix = prefix_of(ip, ip.family == port::Family::V4 ? kBitsV4 : kBitsV6);
  const uint64_t hash = hash_ip(key_, prefix);
  Source* source =
      by_prefix_.find(hash, [&](const Source& known) { return known.prefix == prefix; });
  if (source == nullptr) {
    source = pool_.acquire(prefix);
    if (source == nullptr) return nullptr;
    by_prefix_.insert(hash, *source);
  }
  if (source->connections >= limit) return nullptr;
  ++source->connections;
  return source;
}

void Sources::leave(Source& source) {
  if (--source.connections != 0) return;
  by_prefix_.erase(source);
  pool_.release(source);
}

}  // namespace tipring::transport
