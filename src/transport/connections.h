// All stream connections: accepted and opened, found again by handle or by the peer's address. RFC
// 3261 18.1.1 (reuse).
#pragma once

#include <array>
#include <memory>

#include "core/hash_table.h"
#include "core/pool.h"
#include "transport/connection.h"
#include "transport/sources.h"

namespace tipring::transport {

// Connections that hold something scarce, in the order in which they began to. Beyond the limit the
// oldest has to go.
template <ListNode Connection::*Node>
class Holders {
 public:
  explicit Holders(uint32_t count_max) : count_max_(count_max) {}

  // The connection that has to go, null when there is room.
  Connection* join(Connection& connection) {
    if ((connection.*Node).linked()) return nullptr;
    list_.push_back(connection);
    return ++count_ > count_max_ ? list_.front() : nullptr;
  }
  void leave(Connection& connection) {
    if (!(connection.*Node).linked()) return;
    (connection.*Node).unlink();
    --count_;
  }

 private:
  List<Connection, Node> list_;
  uint32_t count_ = 0;
  uint32_t count_max_;
};

class Connections final : private port::ListenerHandler {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan);

  Connections(Shared& shared, const Limits& limits);
  ~Connections();

  // Opens the listener of the listening point with this number, and tells its real port. An errno
  // value, 0 for success.
  int open(ListenPoint& point, uint8_t number);
  // The connections that it has accepted stay.
  void close_listener(uint8_t number);
  bool has_listener(uint8_t number) const;
  void close_all();

  // On the flow's connection, another one to the same peer, or a new one.
  // Errors: PoolExhausted, Closed, Unreachable, Unsupported.
  Result<void> send(MessageRef message, const Flow& flow, SendObserver* observer, uint64_t tag);

  bool stands(const Flow& flow) const;
  // Whether the peer on `flow` is another connection of ours.
  bool has_other_end(const Flow& flow) const;
  void keep(const Flow& flow, Millis until);
  const PoolStats& stats() const { return pool_.stats(); }
  const PoolStats& source_stats() const { return sources_.stats(); }

  // What the messages of this turn are, on the connections that take them.
  void write();

  // Releases what has closed, and tells of what it has not sent; some of it in the next turn when
  // there is very much. True when there was anything to tell.
  bool reap();

  // For Connection.
  Shared& shared() { return shared_; }
  sip::HeaderIndex& index() { return index_; }
  std::span<char> waste() { return waste_; }
  void on_ending(Connection& connection);
  void on_closed(Connection& connection, Source* source);
  // What it holds unfinished may have changed; `anew`: it is another message than before.
  void note_unfinished(Connection& connection, bool anew);
  void note_starved(Connection& connection);
  void note_unwritten(Connection& connection);  // one more message that can be written
  void note_half_open(Connection& connection);
  void note_spoken(Connection& connection);  // its first message has come
  void note_proven(Connection& connection);  // somebody was let in on it
  void log_end(const Connection& connection, ConnectionEnd end, int error);

 private:
  static constexpr Millis kRetryAfter{10};
  static constexpr int kResumesPerRetry = 16;
  static constexpr int kSettledPerTurn = 256;
  // More messages do not wait for the end of the turn: each holds a buffer.
  static constexpr uint32_t kUnwrittenMax = 32;

  using Unproven = List<Connection, &Connection::in_unproven>;

  void on_accept(port::Listener& listener, port::Stream& stream) override;
  void on_accept_refused(port::Listener& listener, int error) override;
  void on_retry(Millis now);

  uint64_t hash_of(const Flow& flow) const;
  Connection* find(const Flow& flow) const;
  Connection* add(port::Stream& stream, const Flow& flow, Source* source, bool connected);
  bool has_room();
  static Connection* displaceable(Unproven& list);
  bool allows(const port::SocketAddress& remote, Source*& source);
  void refuse_source(const port::SocketAddress& remote, uint32_t limit);
  void refuse(int error);
  Connection* connect(const Flow& flow, Error& error);

  Shared& shared_;
  struct Door {
    std::unique_ptr<port::Listener> listener;
    uint8_t number = 0;  // of its listening point
    sip::Transport transport = sip::Transport::Tcp;
  };
  // While they are changed, there may be old and new ones.
  std::array<Door, 2 * TransportLayer::kListenPointsMax> doors_;
  Pool<Connection> pool_;
  HashTable<Connection, &Connection::by_peer> by_peer_;
  Sources sources_;
  List<Connection, &Connection::in_closed> closed_;
  // On which nobody was let in yet, in the order in which they came. When there is no place for
  // another connection, the first who has said nothing has to go, then the first of the others: by
  // no traffic of his own can a stranger stay longer.
  Unproven silent_;
  Unproven strangers_;
  // Strangers decide who is in them, so each may take only its share of the slabs.
  Holders<&Connection::in_unfinished> unfinished_;
  Holders<&Connection::in_large> large_;
  // And those whose peer has gone at least half may not keep the others from connecting: an answer
  // may have gone another way, as the Via wanted it.
  Holders<&Connection::in_half_open> half_open_;
  List<Connection, &Connection::in_unwritten> unwritten_;
  uint32_t unwritten_count_ = 0;  // messages since the last write()
  // Those that wait for a small buffer, and for a large one.
  std::array<List<Connection, &Connection::in_starved>, 2> starved_;
  MemberTimer<Connections, &Connections::on_retry> retry_timer_{*this};
  std::array<LogCount, kConnectionEnds> ends_;  // one flood does not hide another
  LogCount refusals_;
  LogCount source_refusals_;
  sip::HeaderIndex index_;
  std::array<char, 4096> waste_;
};

}  // namespace tipring::transport
