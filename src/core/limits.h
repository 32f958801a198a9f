// How many of everything: the configured capacities and what follows from them. Every pool's size is derived here, one
// addend per holder, so that an empty pool means overload and not a wrong guess.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/message_slabs.h"

namespace tipring {

// The [capacity] section of the configuration. The defaults are the office profile.
struct Limits {
  uint32_t users = 1000;
  uint32_t bindings = 2000;
  uint32_t calls = 64;
  uint32_t relayed_calls = 64;
  uint32_t transactions = 512;  // of each kind, server and client
  uint32_t tcp_connections = 256;
  uint32_t messages = 0;        // message buffers of the small classes; 0: as many as the transactions need
  uint32_t receive_batch = 8;   // datagrams per system call
};

inline constexpr Limits kTinyLimits = {50, 100, 8, 8, 64, 32, 0, 4};
inline constexpr Limits kDefaultLimits = {};
inline constexpr Limits kFullLimits = {100000, 200000, 20000, 2000, 65536, 20000, 0, 32};

// Registrations that wait for the disk at one time; each holds fresh bindings until it is durable.
constexpr uint32_t updates_max(const Limits& limits) {
  return std::clamp(limits.users / 4, 16u, 4096u);
}

// Pool slots of bindings: those that stand, and the fresh ones of updates on their way.
constexpr uint32_t binding_slots(const Limits& limits) {
  return limits.bindings + updates_max(limits);
}

// Server transactions that have no final response yet and therefore hold their request.
constexpr uint32_t server_transactions_open_max(const Limits& limits) {
  return std::max(limits.transactions / 4, limits.calls);
}

// Streams that are in the middle of a message. Beyond it the oldest unfinished one must go.
constexpr uint32_t stream_messages_unfinished_max(const Limits& limits) {
  return std::max(limits.tcp_connections / 4, 8u);
}

// Buffers by size class: 512, 1k, 2k, 4k, 64k.
constexpr MessageSlabs::Counts message_slab_counts(const Limits& limits) {
  const uint32_t kept = limits.messages != 0 ? limits.messages : limits.transactions * 3;
  uint32_t received = limits.receive_batch;            // the datagrams being read
  received += stream_messages_unfinished_max(limits);  // one unfinished message each
  received += server_transactions_open_max(limits);    // the request, until its final response is sent
  received += 16;                                      // requests that wait for a name or the store
  const uint32_t large = std::clamp(limits.transactions / 64, 4u, 64u);
  return {kept / 6, kept / 2, kept - kept / 6 - kept / 2, received, large};
}

}  // namespace tipring
