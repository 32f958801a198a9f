// The media relay of the server: its ports, its streams and what is counted of them. On the loop
// that runs SIP too. No call touches the heap: what is relayed lies in pools, and sockets are made
// in the loop's bounded heap.
//
// A pair of ports is opened when a stream needs it and closed with the stream, so that nothing that
// was sent to one call waits in a socket for the next; the pair that has rested longest is taken
// first.
#pragma once

#include <cstdint>
#include <span>

#include "core/arena.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/memory_plan.h"
#include "core/message_slabs.h"
#include "core/pool_registry.h"
#include "core/timer_wheel.h"
#include "media/call_media.h"
#include "media/port_range.h"
#include "port/entropy.h"
#include "port/loop.h"
#include "port/network.h"

namespace tipring::media {

// Whose packets are let through, and where packets go, beside the host that a side signals from: its
// description may name another one, and its packets may come from a third.
enum class Elsewhere : uint8_t {
  No,     // that host alone
  Named,  // and the one that is named; a third one where that is private, behind a NAT
  Any,    // and a third one
};

struct RelayOptions {
  Mode mode = Mode::Auto;
  Elsewhere elsewhere = Elsewhere::Named;
  Millis timeout{0};  // 0: silence is nobody's concern
  // What peers of the family are told to send to; with none, the address of ours that their
  // signalling goes to.
  port::IpAddress advertised_v4;
  port::IpAddress advertised_v6;
  // What sockets of the family are bound to; with none, all addresses.
  port::IpAddress bind_v4;
  port::IpAddress bind_v6;
};

struct RelayCounters {
  uint64_t forwarded = 0;
  uint64_t garbage = 0;    // dropped: nothing that media ports carry, or larger than we read
  uint64_t strangers = 0;  // dropped: not from the peer
  uint64_t late = 0;       // dropped: of the call that had these ports before
  uint64_t no_target = 0;  // dropped: the other side has no address, or is on hold by 0.0.0.0
  uint64_t send_failed = 0;
  uint64_t lost = 0;         // never came, of streams that are over: RFC 3550 A.3
  uint64_t ports_taken = 0;  // pairs that another program had
  uint64_t silent_calls = 0;
};

struct RelayDependencies {
  port::Network& network;
  port::Loop& loop;
  TimerWheel& timers;
  MessageSlabs& slabs;
  Arena& arena;
  port::Entropy& entropy;
  Log& log;
};

class Relay {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan);

  // Borrows all of it. REQUIRES: ports.pairs() >= media_pairs_max(limits).
  Relay(const RelayDependencies& dependencies, const Limits& limits, const PortRange& ports);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // For calls and ports that are opened from now on.
  void set_options(const RelayOptions& options);
  const RelayOptions& options() const;

  // For the leg of a call that begins: a session id of its own (RFC 8866 5.2).
  sdp::LocalOrigin new_origin();

  void register_pools(PoolRegistry& pools) const;
  RelayCounters counters() const;

 private:
  friend class CallMedia;
  RelayParts* parts_;  // in the arena
};

}  // namespace tipring::media
