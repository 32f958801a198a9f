#include "transport/connections.h"

namespace tipring::transport {

namespace {

constexpr std::string_view kName = "tcp_connections";

}  // namespace

void Connections::plan(const Limits& limits, MemoryPlan& plan) {
  Pool<Connection>::plan(plan, kName, limits.tcp_connections);
  HashTable<Connection, &Connection::hash_node>::plan(plan, "tcp_connection_table",
                                                      limits.tcp_connections);
  plan.add_descriptors(limits.tcp_connections);
}

Connections::Connections(Shared& shared, const Limits& limits)
    : shared_(shared),
      pool_(kName, shared.dependencies.arena, limits.tcp_connections),
      by_peer_(shared.dependencies.arena, limits.tcp_connections) {}

Connections::~Connections() { close_all(); }

int Connections::open(size_t index) {
  ListenPoint& point = shared_.points[index];
  int error = 0;
  listeners_[index] = shared_.dependencies.network.listen(point.bind, *this, error);
  if (listeners_[index] == nullptr) return error;
  point.bind = listeners_[index]->local();
  return 0;
}

void Connections::close_all() {
  for (auto& listener : listeners_) listener.reset();
  pool_.for_each([](Connection& connection) { connection.close("shutdown"); });
  reap();
}

uint64_t Connections::hash_of(const Flow& flow) const {
  SipHasher64 hasher(shared_.hash_key);
  hasher.add(
      {reinterpret_cast<const char*>(flow.remote.ip.bytes.data()), flow.remote.ip.bytes.size()});
  hasher.add_u64(uint64_t{flow.remote.port} << 8 | static_cast<uint8_t>(flow.transport));
  return hasher.finish();
}

// The newest connection to the same peer.
Connection* Connections::find(const Flow& flow) const {
  return by_peer_.find(hash_of(flow), [&](const Connection& connection) {
    return connection.flow().remote == flow.remote && connection.flow().transport == flow.transport;
  });
}

Connection* Connections::add(port::Stream& stream, const Flow& flow, bool connected) {
  Connection* connection = pool_.acquire(*this, stream, flow, connected);
  if (connection == nullptr) return nullptr;
  connection->set_handle(pool_.handle_of(*connection));
  by_peer_.insert(hash_of(flow), *connection);
  return connection;
}

void Connections::on_accept(port::Listener& listener, port::Stream& stream) {
  size_t index = 0;
  while (listeners_[index].get() != &listener) ++index;
  const Flow flow{stream.local(),
                  stream.remote(),
                  {},
                  shared_.points[index].transport,
                  static_cast<uint8_t>(index)};
  if (add(stream, flow, true) == nullptr) {
    ++shared_.counters.connections_refused;
    stream.reset();
  }
}

void Connections::on_accept_refused(port::Listener&, int error) {
  ++shared_.counters.connections_refused;
  shared_.dependencies.log.warning("connection_refused", kv("errno", error),
                                   kv("help", "raise capacity.tcp_connections"));
}

Connection* Connections::connect(const Flow& flow, Error& error) {
  error = Error::Closed;
  if (flow.remote.port == 0) return nullptr;
  error = Error::PoolExhausted;
  if (pool_.stats().in_use == pool_.stats().capacity) return nullptr;
  const port::SocketAddress local{flow.local.ip, 0};
  int code = 0;
  // The connection is its stream's handler, and is made from the stream: until then there is none.
  class Nobody final : public port::StreamHandler {
    void on_connected(port::Stream&) override {}
    void on_readable(port::Stream&) override {}
    void on_writable(port::Stream&) override {}
    void on_connect_failed(port::Stream&, int) override {}
  };
  static Nobody nobody;
  port::Stream* stream = shared_.dependencies.network.connect(local, flow.remote, nobody, code);
  if (stream == nullptr) {
    error = Error::Unreachable;
    return nullptr;
  }
  Flow own = flow;
  own.connection = {};
  return add(*stream, own, false);
}

Result<void> Connections::send(MessageRef message, const Flow& flow, SendObserver* observer,
                               uint64_t tag) {
  Connection* connection = pool_.get(flow.connection);
  if (connection == nullptr || connection->closed()) connection = find(flow);
  if (connection == nullptr) {
    Error error = Error::Closed;
    connection = connect(flow, error);
    if (connection == nullptr) return error;
  }
  return connection->send(std::move(message), observer, tag);
}

bool Connections::alive(Handle<Connection> handle) const {
  const Connection* connection = pool_.get(handle);
  return connection != nullptr && !connection->closed();
}

void Connections::on_closed(Connection& connection) {
  by_peer_.erase(connection);
  closed_.push_back(connection);
}

void Connections::reap() {
  while (Connection* connection = closed_.pop_front()) pool_.release(*connection);
}

}  // namespace tipring::transport
