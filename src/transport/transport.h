// The transport layer: RFC 3261 18. Owns listeners, connections, framing and the outgoing batch;
// everything runs on the loop, nothing blocks, no call touches the heap after start().
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/arena.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/memory_plan.h"
#include "core/message_slabs.h"
#include "core/pool.h"
#include "core/result.h"
#include "core/source_ranges.h"
#include "core/timer_wheel.h"
#include "port/entropy.h"
#include "port/loop.h"
#include "port/network.h"
#include "sip/parse_error.h"
#include "transport/connection_end.h"
#include "transport/flow.h"
#include "transport/incoming.h"

namespace tipring::transport {

class MessageHandler {
 public:
  virtual void on_message(const Incoming& incoming) = 0;

  // A message whose head was understood well enough to be a request with a Via, but not more; what
  // was indexed can be read. On a stream the connection is closed after the answer has been sent.
  virtual void on_malformed(const Incoming& incoming, const sip::ParseError& error) = 0;

  // Whether something is under way over UDP on this listening point: one that is to go is closed
  // when nothing is. May take as long as a walk over all transactions.
  virtual bool awaits(uint8_t listener) const {
    static_cast<void>(listener);
    return false;
  }

 protected:
  ~MessageHandler() = default;
};

// Hears of a message that could not be sent: RFC 3261 18.4. For a datagram that includes ICMP's
// word that its address cannot be reached, which goes to whoever sent there last. Never called from
// within the call that sent it, nor while the transport layer is destroyed; what its tag names may
// have gone by then.
class SendObserver {
 public:
  virtual void on_send_failed(uint64_t tag, Error error) = 0;

 protected:
  ~SendObserver() = default;
};

class Trace;

struct ListenPoint {
  sip::Transport transport = sip::Transport::Udp;
  port::SocketAddress bind;  // port 0: any, read back from listen_points()

  friend bool operator==(const ListenPoint&, const ListenPoint&) = default;
};

struct TransportOptions {
  std::span<const ListenPoint> listen;
  size_t message_bytes_max = 65535;     // 513 beyond; a stream is closed then
  uint32_t connections_per_source = 0;  // 0: half of all places
  SourceRanges safe_sources;            // these may have any number
  Millis connect_timeout{5000};
  Millis message_timeout{10000};     // an unfinished message on a stream must end by then
  Millis write_timeout{10000};       // a stream whose peer takes longer for a message is closed
  Millis silence_timeout{30000};     // one that was accepted and sends no message at all
  Millis idle_timeout{3600 * 1000};  // a stream without traffic is closed, see keep()
  Millis drain_limit{5000};          // a UDP socket that goes finishes its transactions by then
  int receive_buffer_bytes = 4 << 20;
};

// A multicast address that requests are taken from (RFC 3261 10.2.6), by the interface that has `own`.
struct GroupPoint {
  port::SocketAddress group;
  port::IpAddress own;
};

struct TransportCounters {
  uint64_t received = 0;
  uint64_t sent = 0;
  uint64_t not_sip = 0;  // dropped: nothing about it was SIP
  uint64_t malformed = 0;
  uint64_t not_for_group = 0;      // dropped: sent to a multicast address, and not for all to hear
  uint64_t dropped_no_buffer = 0;  // received, but no slab was free
  uint64_t send_failed = 0;
  uint64_t kernel_drops = 0;
  uint64_t connections_accepted = 0;
  uint64_t connections_opened = 0;          // by us
  uint64_t connections_refused = 0;         // all places were taken, by peers that are known
  uint64_t connections_refused_source = 0;  // one source address had its share
  uint64_t connections_refused_system = 0;  // no descriptor or no memory, also for one of ours
  ConnectionEndCounts connections_ended{};
  uint64_t keepalives = 0;  // pings of RFC 5626 3.5.1, and datagrams of nothing but line ends
};

struct TransportDependencies {
  port::Network& network;
  port::Loop& loop;
  TimerWheel& timers;
  MessageSlabs& slabs;
  Arena& arena;
  port::Entropy& entropy;
  Log& log;
};

class TransportLayer {
 public:
  static constexpr size_t kListenPointsMax = 16;

  // Adds what this layer takes to the plan: connections, receive batch with spill buffers, outgoing
  // batch.
  static void plan(const Limits& limits, MemoryPlan& plan);

  TransportLayer(const TransportDependencies& dependencies, const Limits& limits);
  ~TransportLayer();

  // Opens all listening points or none. On failure `failed` says which, and the result its errno
  // value. 0 is success.
  int start(const TransportOptions& options, MessageHandler& handler, ListenPoint& failed);

  // From now on, for what begins anew; but where we listen, and its buffers, stay as they are.
  void set_options(const TransportOptions& options);

  // Makes these the open listening points, while the server runs. Those that stand already are not
  // touched; all the others are changed or none. Result and `failed` as start(). A UDP socket that
  // goes stays until the requests under way on it have their answers (TransportOptions::drain_limit
  // at most), and what is sent over it later leaves by another one. TCP connections stay.
  int change_listening(std::span<const ListenPoint> wanted, ListenPoint& failed);

  std::span<const ListenPoint> listen_points() const;  // with real ports

  // Completes a flow to `remote`: the listening point for its transport and family, and the local
  // address that packets to it leave from. Errors: Unsupported when we listen on no such transport
  // and family.
  Result<Flow> flow_to(sip::Transport transport, const port::SocketAddress& remote);

  // What we write as sent-by in a Via and as the host of a Record-Route for this flow: the local
  // address of the flow and its listening point's port (never the ephemeral port of a connection).
  port::SocketAddress sent_by(const Flow& flow) const;

  // True for an address and port on which we listen ("port 0" stands for the default of the
  // transport).
  bool is_own(const port::IpAddress& ip, uint16_t port) const;

  // The same for one on which we listened before change_listening().
  bool was_own(const port::IpAddress& ip, uint16_t port) const;

  // An address of this host: one of its interfaces', or of its loopback network.
  bool is_of_host(const port::IpAddress& ip) const;
  // Whether what is sent there ends on this host, but not at one of our own listening points in the
  // network: somebody else may listen there for nobody but this host.
  bool ends_on_host(const port::SocketAddress& remote) const;

  // Whether what came by `flow` was sent by this layer itself: from one of its UDP sockets, or on a
  // connection that it has made to one of its listening points. Its host alone says nothing: others
  // run there too.
  bool comes_from_us(const Flow& flow) const;

  // Sends `message` over `flow`, on its connection, on another to the same peer, or on a new one.
  // Keeps its own reference until the kernel has the bytes. UDP is sent at the end of the turn, in
  // order. `observer` may be null; it hears only of failures, with `tag`. A stream that has carried
  // a message with an observer is one on which somebody was let in: it never has to make room for
  // another. Errors: PoolExhausted
  // (connections, or too much waits for this one), Unsupported (no such listener), Closed (the
  // flow's connection has gone and there is nothing to connect to), Unreachable (no route).
  Result<void> send(MessageRef message, const Flow& flow, SendObserver* observer, uint64_t tag);

  // Whether what leads to `flow.remote` is still there: its listening point, and on a stream that
  // very connection. A flow may be of an earlier start, whose handles mean nothing now.
  bool stands(const Flow& flow) const;

  // Somebody is reached by this very connection until then, as a registration promises (RFC 5626,
  // RFC 3261 18.3): it is not closed for want of traffic before. Nothing for another kind of flow.
  void keep(const Flow& flow, Millis until);

  // Takes requests that are sent to these groups too: at most kGroupsMax. They are answered from, and
  // belong to, the UDP listening point of that interface; without one they are dropped. An errno
  // value, 0 for success; then `failed` says where.
  static constexpr size_t kGroupsMax = 4;
  int join(std::span<const GroupPoint> groups, GroupPoint& failed);

  // Shows all messages to it while it is on. It outlives this layer.
  void set_trace(Trace& trace);
  // For those who decide something that an operator would want to know. Null while it is off.
  Trace* tracing() const;

  // Sends what waits in the outgoing batch. Called at the end of every turn.
  void flush(Millis now);

  TransportCounters counters() const;
  const PoolStats& connection_stats() const;
  const PoolStats& source_stats() const;

 private:
  struct Parts;  // in the arena

  const ListenPoint* point_to(sip::Transport transport, const port::SocketAddress& remote) const;
  bool names_point(std::span<const ListenPoint> points, const port::IpAddress& ip,
                   uint16_t port) const;

  Parts* parts_;
};

}  // namespace tipring::transport
