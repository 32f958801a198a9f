// How many of everything: the configured capacities and what follows from them. Every pool's size
// is derived here, one addend per holder, so that an empty pool means overload and not a wrong
// guess.
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
  uint32_t b2bua_calls = 64;  // of those that the server is an end of
  uint32_t relayed_calls = 64;
  uint32_t transactions = 512;  // of each kind, server and client
  uint32_t tcp_connections = 256;
  uint32_t messages = 0;         // buffers up to 2 KiB in all; 0: as many as the transactions need
  uint32_t receive_batch = 8;    // datagrams per system call
  uint32_t groups = 50;          // hunt groups
  uint32_t group_members = 400;  // of all of them
};

inline constexpr Limits kTinyLimits = {50, 100, 8, 8, 8, 64, 32, 0, 4, 8, 32};
inline constexpr Limits kDefaultLimits = {};
inline constexpr Limits kFullLimits = {100000, 200000, 20000, 2000, 2000, 65536,
                                       20000,  0,      32,    1000, 8000};

// Registrations that wait for the disk at one time; each holds fresh bindings until it is durable.
constexpr uint32_t updates_max(const Limits& limits) {
  return std::clamp(limits.users / 4, 16u, 4096u);
}

// Other names that users can be called by: one for each.
constexpr uint32_t aliases_max(const Limits& limits) { return std::max(limits.users, 16u); }

// Pool slots of bindings: those that stand, and the fresh ones of updates on their way.
constexpr uint32_t binding_slots(const Limits& limits) {
  return limits.bindings + updates_max(limits);
}

// Kept back for calls for help, beside `calls`: while these are all taken there is room for so many.
constexpr uint32_t emergency_calls_max(const Limits& limits) {
  return std::clamp(limits.calls / 32, 1u, 16u);
}
constexpr uint32_t calls_max(const Limits& limits) {
  return limits.calls + emergency_calls_max(limits);
}

// Calls that one user may hold where the configuration does not say: half of them, so that no user
// takes the exchange from all others. A very small one he may need as a whole.
constexpr uint32_t calls_per_user_default(const Limits& limits) {
  return std::max(limits.calls / 2, std::min(limits.calls, 4u));
}

// The same beside `b2bua_calls`: a group may be whom calls for help go to.
constexpr uint32_t emergency_b2bua_calls_max(const Limits& limits) {
  return std::clamp(limits.b2bua_calls / 32, 1u, 16u);
}
constexpr uint32_t b2bua_calls_max(const Limits& limits) {
  return limits.b2bua_calls + emergency_b2bua_calls_max(limits);
}

// Whose calls they are: one for each that is followed and each that is led, at most.
constexpr uint32_t call_holders_max(const Limits& limits) {
  return calls_max(limits) + b2bua_calls_max(limits);
}

// One for each call, and those of forks that ring or answer beside the first.
constexpr uint32_t dialogs_max(const Limits& limits) {
  return calls_max(limits) + std::max(limits.calls / 4, 8u);
}

// Call legs of our own: two for a call that stands, and those that ring in groups or are forked.
constexpr uint32_t legs_max(const Limits& limits) { return b2bua_calls_max(limits) * 5 / 2 + 8; }
// Of these, kept back for calls for help: the caller's leg, and one or two that ring.
constexpr uint32_t emergency_legs_max(const Limits& limits) {
  return emergency_b2bua_calls_max(limits) * 5 / 2;
}

// Requests of legs that are under way: each can be ended, and has another besides.
constexpr uint32_t leg_requests_max(const Limits& limits) { return 2 * legs_max(limits); }

constexpr uint32_t server_transactions_max(const Limits& limits) { return limits.transactions; }
constexpr uint32_t client_transactions_max(const Limits& limits) { return limits.transactions; }

// Of each kind, kept back for requests within dialogs: while new requests find the pool full, calls
// that stand can still be changed and ended. One BYE for every call, but no more than an eighth.
constexpr uint32_t transactions_kept_back(const Limits& limits) {
  return std::min(limits.calls, limits.transactions / 8);
}

// Branches of proxied requests.
constexpr uint32_t proxy_branches_max(const Limits& limits) {
  uint32_t sum = client_transactions_max(limits);  // one that has been sent has a transaction
  sum += 16;                                       // requests that wait for a name
  return sum;
}

// Server transactions that have no final response yet and therefore hold their request.
constexpr uint32_t server_transactions_open_max(const Limits& limits) {
  uint32_t sum = calls_max(limits);  // an INVITE that rings
  sum += updates_max(limits);        // a REGISTER that waits for the disk
  sum += limits.transactions / 8;    // other requests, whose answers come within a round trip
  return std::min(sum, server_transactions_max(limits));
}

// Of these, kept back in the same way. They are answered within a round trip and need fewer.
constexpr uint32_t open_kept_back(const Limits& limits) {
  return std::min(limits.calls, limits.transactions / 16);
}

// One for each relayed call, and a second one for every fourth: where calls with pictures are the
// rule, there are fewer of them.
constexpr uint32_t media_streams_for_all(const Limits& limits) {
  return limits.relayed_calls + (limits.relayed_calls + 3) / 4;
}

// The same beside `relayed_calls`, each with one stream: a call for help may come from behind a NAT.
constexpr uint32_t emergency_relayed_calls_max(const Limits& limits) {
  return limits.relayed_calls == 0 ? 0 : std::clamp(limits.relayed_calls / 32, 1u, 16u);
}
constexpr uint32_t relayed_calls_max(const Limits& limits) {
  return limits.relayed_calls + emergency_relayed_calls_max(limits);
}
constexpr uint32_t media_streams_max(const Limits& limits) {
  return media_streams_for_all(limits) + emergency_relayed_calls_max(limits);
}

// Pairs of ports: one toward each side.
constexpr uint32_t media_pairs_max(const Limits& limits) { return 2 * media_streams_max(limits); }

// Two for each pair, and some for calls that ring in both families.
constexpr uint32_t media_sockets_max(const Limits& limits) {
  return 2 * media_pairs_max(limits) + media_pairs_max(limits) / 4;
}

// Streams that are in the middle of a message. Beyond it the oldest unfinished one must go.
constexpr uint32_t stream_messages_unfinished_max(const Limits& limits) {
  return std::max(limits.tcp_connections / 4, 8u);
}

// Buffers of 4 KiB that nothing but what is being received may take.
constexpr uint32_t receive_buffers_max(const Limits& limits) {
  uint32_t sum = limits.receive_batch;            // the datagrams being read
  sum += stream_messages_unfinished_max(limits);  // one each
  return sum;
}

// Messages of 2 to 4 KiB that are kept at one time: requests with much in them, and the ACKs to
// such that wait for a connection.
constexpr uint32_t long_messages_max(const Limits& limits) { return limits.transactions / 8 + 8; }

// Buffers by size class: 512, 1k, 2k, 4k, 64k. A class that is empty borrows from the next larger
// one.
constexpr MessageSlabs::Counts message_slab_counts(const Limits& limits) {
  // Most ACKs, CANCELs and 100s are below 512 bytes. A transaction has one for a moment, if ever.
  uint32_t up_to_512 = client_transactions_max(limits) / 4 + server_transactions_max(limits) / 4;
  // The texts of each dialog. Where they are longer, what the call needed while it rang is free.
  up_to_512 += dialogs_max(limits) + legs_max(limits);
  // Requests, kept until their final response is sent, and what a call that rings was answered.
  // Three of four are below 1 KiB; INVITEs with a long session description are not.
  const uint32_t kept = server_transactions_open_max(limits) + calls_max(limits);
  // A final response without a body, until its transaction ends.
  const uint32_t up_to_1k = server_transactions_max(limits) + (kept - kept / 4);
  // The request as it was sent, to be resent; with a session description it has 1 to 2 KiB.
  const uint32_t up_to_2k = client_transactions_max(limits) + kept / 4;
  const uint32_t up_to_4k = receive_buffers_max(limits) + long_messages_max(limits);
  // Messages beyond 4 KiB are rare: long certificates, long lists of contacts.
  const uint32_t up_to_64k = std::clamp(limits.transactions / 64, 4u, 64u);
  if (limits.messages == 0) return {up_to_512, up_to_1k, up_to_2k, up_to_4k, up_to_64k};
  const auto share = [&](uint32_t count) {
    const uint64_t sum = uint64_t{up_to_512} + up_to_1k + up_to_2k;
    return static_cast<uint32_t>((uint64_t{limits.messages} * count + sum - 1) / sum);
  };
  return {share(up_to_512), share(up_to_1k), share(up_to_2k), up_to_4k, up_to_64k};
}

// Log lines that wait to be written, a power of two: what all transactions say at one time, and more
// than a flood of refusals, which is counted.
constexpr uint32_t log_lines_max(const Limits& limits) {
  return limits.transactions >= 256 ? 1024 : 256;
}

// Bytes of the last lines, which the administration shows.
constexpr uint32_t log_tail_bytes(const Limits& limits) {
  return limits.transactions >= 256 ? 32 << 10 : 8 << 10;
}

static_assert(server_transactions_open_max(kDefaultLimits) >= kDefaultLimits.calls);
static_assert(binding_slots(kFullLimits) > kFullLimits.bindings);

}  // namespace tipring
