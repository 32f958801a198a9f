#include "transport/connections.h"

#include <algorithm>
#include <cerrno>

#include "transport/address_hash.h"

namespace tipring::transport {

namespace {

constexpr std::string_view kName = "tcp_connections";

}  // namespace

void Connections::plan(const Limits& limits, MemoryPlan& plan) {
  Pool<Connection>::plan(plan, kName, limits.tcp_connections);
  HashTable<Connection, &Connection::by_peer>::plan(plan, "tcp_connection_table",
                                                    limits.tcp_connections);
  plan.add_descriptors(limits.tcp_connections);
}

Connections::Connections(Shared& shared, const Limits& limits)
    : shared_(shared),
      pool_(kName, shared.dependencies.arena, limits.tcp_connections),
      by_peer_(shared.dependencies.arena, limits.tcp_connections),
      unfinished_(stream_messages_unfinished_max(limits)),
      // Half of the large buffers: the others are for datagrams, and for what is to be sent.
      large_(
          std::max(shared.dependencies.slabs.stats(MessageSlabs::kClasses - 1).capacity / 2, 1u)),
      half_open_(std::max(limits.tcp_connections / 4, 1u)) {}

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
  retry_timer_.cancel();
  pool_.for_each([](Connection& connection) { connection.close("shutdown"); });
  // Who would hear of it may have gone already.
  while (Connection* connection = closed_.pop_front()) pool_.release(*connection);
}

uint64_t Connections::hash_of(const Flow& flow) const {
  return hash_address(shared_.hash_key, flow.remote) ^ static_cast<uint64_t>(flow.transport);
}

// The newest connection to the same peer that takes messages.
Connection* Connections::find(const Flow& flow) const {
  return by_peer_.find(hash_of(flow), [&](const Connection& connection) {
    return connection.usable() && connection.flow().remote == flow.remote &&
           connection.flow().transport == flow.transport;
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
  const auto found = std::find_if(listeners_.begin(), listeners_.end(),
                                  [&](const auto& own) { return own.get() == &listener; });
  if (found == listeners_.end()) return stream.reset();
  const auto index = static_cast<size_t>(found - listeners_.begin());
  const Flow flow{stream.local(),
                  stream.remote(),
                  {},
                  shared_.points[index].transport,
                  static_cast<uint8_t>(index)};
  if (add(stream, flow, true) != nullptr) return;
  stream.reset();
  on_accept_refused(listener, ENOBUFS);
}

void Connections::on_accept_refused(port::Listener&, int error) {
  ++shared_.counters.connections_refused;
  const uint64_t events = refusals_.note(shared_.now());
  if (events == 0) return;
  shared_.dependencies.log.warning("connection_refused", kv("events", events), kv("errno", error),
                                   kv("help", "raise capacity.tcp_connections"));
}

void Connections::log_fault(const Connection& connection, std::string_view why, int error) {
  const uint64_t events = faults_.note(shared_.now());
  if (events == 0) return;
  char remote[port::kAddressTextMax];
  shared_.dependencies.log.info("connection_fault", kv("events", events),
                                kv("remote", port::write_address(connection.flow().remote, remote)),
                                kv("why", why), kv("errno", error));
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
    if (code != ENOBUFS) error = Error::Unreachable;
    return nullptr;
  }
  Flow own = flow;
  own.connection = {};
  own.connect_ms_max = 0;
  return add(*stream, own, false);
}

Result<void> Connections::send(MessageRef message, const Flow& flow, SendObserver* observer,
                               uint64_t tag) {
  if (!message) return Error::PoolExhausted;
  Connection* connection = pool_.get(flow.connection);
  if (connection == nullptr || !connection->takes(message.view())) connection = find(flow);
  if (connection == nullptr) {
    Error error = Error::Closed;
    connection = connect(flow, error);
    if (connection == nullptr) return error;
  }
  if (flow.connect_ms_max != 0) connection->limit_connect(Millis(flow.connect_ms_max));
  return connection->send(std::move(message), flow.remote.port, observer, tag);
}

bool Connections::stands(const Flow& flow) const {
  const Connection* connection = pool_.get(flow.connection);
  return connection != nullptr && connection->usable() &&
         connection->flow().remote == flow.remote && connection->flow().listener == flow.listener;
}

void Connections::note_unfinished(Connection& connection, bool anew) {
  const Framer& framer = connection.framer();
  if (anew || !framer.unfinished()) unfinished_.leave(connection);
  if (anew || !framer.is_large()) large_.leave(connection);
  Connection* const oldest = framer.unfinished() ? unfinished_.join(connection) : nullptr;
  if (oldest != nullptr) oldest->abort("too_many_unfinished");
  Connection* const largest = framer.is_large() ? large_.join(connection) : nullptr;
  if (largest != nullptr) largest->abort("too_many_large");
}

void Connections::note_starved(Connection& connection) {
  const bool large = connection.framer().wanted_bytes() > Framer::kSmallBytes;
  connection.in_starved.unlink();
  starved_[large ? 1 : 0].push_back(connection);
  if (!retry_timer_.armed()) {
    shared_.dependencies.timers.start(retry_timer_, shared_.now() + kRetryAfter);
  }
}

void Connections::note_half_open(Connection& connection) {
  Connection* const oldest = half_open_.join(connection);
  if (oldest != nullptr) oldest->abort("too_many_half_open");
}

void Connections::on_retry(Millis now) {
  for (auto& waiting : starved_) {
    for (int i = 0; i < kResumesPerRetry && !waiting.empty(); ++i) {
      Connection& first = *waiting.front();
      if (!shared_.dependencies.slabs.acquire(first.framer().wanted_bytes())) break;
      first.in_starved.unlink();
      first.resume();
    }
  }
  if (!starved_[0].empty() || !starved_[1].empty()) {
    shared_.dependencies.timers.start(retry_timer_, now + kRetryAfter);
  }
}

void Connections::on_ending(Connection& connection) {
  by_peer_.erase(connection);
  unfinished_.leave(connection);
  large_.leave(connection);
  half_open_.leave(connection);
  connection.in_starved.unlink();
}

void Connections::on_closed(Connection& connection) {
  on_ending(connection);
  closed_.push_back(connection);
}

bool Connections::reap() {
  int settled = 0;
  while (!closed_.empty()) {
    Connection& connection = *closed_.front();
    while (settled < kSettledPerTurn && connection.settle_one()) ++settled;
    if (settled == kSettledPerTurn) break;
    connection.in_closed.unlink();
    pool_.release(connection);
  }
  return settled != 0;
}

}  // namespace tipring::transport
