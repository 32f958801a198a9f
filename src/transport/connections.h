// All stream connections: accepted and opened, found again by handle or by the peer's address. RFC
// 3261 18.1.1 (reuse).
#pragma once

#include <array>
#include <memory>

#include "core/hash_table.h"
#include "core/pool.h"
#include "transport/connection.h"

namespace tipring::transport {

class Connections final : private port::ListenerHandler {
 public:
  static void plan(const Limits& limits, MemoryPlan& plan);

  Connections(Shared& shared, const Limits& limits);
  ~Connections();

  // Opens the listener of listening point `index`. An errno value, 0 for success.
  int open(size_t index);
  void close_all();

  // On the flow's connection, another one to the same peer, or a new one.
  // Errors: PoolExhausted, Closed, Unreachable, Unsupported.
  Result<void> send(MessageRef message, const Flow& flow, SendObserver* observer, uint64_t tag);

  bool alive(Handle<Connection> handle) const;
  const PoolStats& stats() const { return pool_.stats(); }

  // Releases what has closed in this turn.
  void reap();

  // For Connection.
  Shared& shared() { return shared_; }
  sip::HeaderIndex& index() { return index_; }
  void on_closed(Connection& connection);

 private:
  class Point;

  void on_accept(port::Listener& listener, port::Stream& stream) override;
  void on_accept_refused(port::Listener& listener, int error) override;

  uint64_t hash_of(const Flow& flow) const;
  Connection* find(const Flow& flow) const;
  Connection* add(port::Stream& stream, const Flow& flow, bool connected);
  Connection* connect(const Flow& flow, Error& error);

  Shared& shared_;
  std::array<std::unique_ptr<port::Listener>, TransportLayer::kListenPointsMax> listeners_;
  Pool<Connection> pool_;
  HashTable<Connection, &Connection::hash_node> by_peer_;
  List<Connection, &Connection::list_node> closed_;
  sip::HeaderIndex index_;
};

}  // namespace tipring::transport
