#include "transport/connections.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "transport/address_hash.h"

namespace tipring::transport {

namespace {

constexpr std::string_view kName = "tcp_connections";

// The system's, and no fault of the peer.
bool is_shortage(int error) {
  return error == ENOBUFS || error == ENOMEM || error == EMFILE || error == ENFILE ||
         error == EADDRNOTAVAIL || error == EAGAIN;
}

}  // namespace

void Connections::plan(const Limits& limits, MemoryPlan& plan) {
  Pool<Connection>::plan(plan, kName, limits.tcp_connections);
  HashTable<Connection, &Connection::by_peer>::plan(plan, "tcp_connection_table",
                                                    limits.tcp_connections);
  Sources::plan(limits.tcp_connections, plan);
  plan.add_descriptors(limits.tcp_connections);
}

Connections::Connections(Shared& shared, const Limits& limits)
    : shared_(shared),
      pool_(kName, shared.dependencies.arena, limits.tcp_connections),
      by_peer_(shared.dependencies.arena, limits.tcp_connections),
      sources_(shared.hash_key, shared.dependencies.arena, limits.tcp_connections),
      unfinished_(stream_messages_unfinished_max(limits)),
      // Half of the large buffers: the others are for datagrams, and for what is to be sent.
      large_(
          std::max(shared.dependencies.slabs.stats(MessageSlabs::kClasses - 1).capacity / 2, 1u)),
      half_open_(std::max(limits.tcp_connections / 4, 1u)) {}

Connections::~Connections() { close_all(); }

int Connections::open(ListenPoint& point, uint8_t number) {
  const auto door = std::find_if(doors_.begin(), doors_.end(),
                                 [](const Door& one) { return one.listener == nullptr; });
  if (door == doors_.end()) return ENFILE;
  int error = 0;
  door->listener = shared_.dependencies.network.listen(point.bind, *this, error);
  if (door->listener == nullptr) return error;
  door->number = number;
  door->transport = point.transport;
  point.bind = door->listener->local();
  return 0;
}

void Connections::close_listener(uint8_t number) {
  for (Door& door : doors_) {
    if (door.number == number) door.listener.reset();
  }
}

bool Connections::has_listener(uint8_t number) const {
  return std::any_of(doors_.begin(), doors_.end(), [&](const Door& door) {
    return door.listener != nullptr && door.number == number;
  });
}

void Connections::close_all() {
  for (Door& door : doors_) door.listener.reset();
  retry_timer_.cancel();
  pool_.for_each([](Connection& connection) { connection.close(ConnectionEnd::Shutdown); });
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

Connection* Connections::add(port::Stream& stream, const Flow& flow, Source* source,
                             bool connected) {
  Connection* connection = pool_.acquire(*this, stream, flow, source, connected);
  if (connection == nullptr) return nullptr;
  connection->set_handle(pool_.handle_of(*connection));
  by_peer_.insert(hash_of(flow), *connection);
  (connected ? silent_ : strangers_).push_back(*connection);
  return connection;
}

// Its owner may be in the middle of a message of the first one, which has to stay for that long.
Connection* Connections::displaceable(Unproven& list) {
  Connection* first = list.front();
  if (first == nullptr || !first->delivering()) return first;
  first->in_unproven.unlink();
  list.push_back(*first);
  return list.front() != first ? list.front() : nullptr;
}

// A place for one more connection, if need be that of a stranger. Nobody waits for what a stranger
// was still to get, so nothing keeps his place until the end of the turn.
bool Connections::has_room() {
  if (pool_.stats().in_use < pool_.stats().capacity) return true;
  Connection* first = displaceable(silent_);
  if (first == nullptr) first = displaceable(strangers_);
  if (first == nullptr) return false;
  first->displace();
  first->in_closed.unlink();
  pool_.release(*first);
  return true;
}

void Connections::on_accept(port::Listener& listener, port::Stream& stream) {
  const auto found = std::find_if(doors_.begin(), doors_.end(),
                                  [&](const Door& own) { return own.listener.get() == &listener; });
  if (found == doors_.end()) return stream.reset();
  Source* source = nullptr;
  if (!allows(stream.remote(), source)) return stream.reset();
  if (!has_room()) {
    if (source != nullptr) sources_.leave(*source);
    stream.reset();
    return refuse(ENOBUFS);
  }
  const Flow flow{stream.local(), stream.remote(), {}, found->transport, found->number};
  add(stream, flow, source, true);
  ++shared_.counters.connections_accepted;
}

// False when the source has its share; else it is counted there, unless it need not be.
bool Connections::allows(const port::SocketAddress& remote, Source*& source) {
  const TransportOptions& options = shared_.options;
  if (options.safe_sources.contains(remote.ip)) return true;
  const uint32_t limit = options.connections_per_source != 0
                             ? options.connections_per_source
                             : std::max(pool_.stats().capacity / 2, 1u);
  source = sources_.join(remote.ip, limit);
  if (source == nullptr) refuse_source(remote, limit);
  return source != nullptr;
}

void Connections::refuse_source(const port::SocketAddress& remote, uint32_t limit) {
  ++shared_.counters.connections_refused_source;
  const uint64_t events = source_refusals_.note(shared_.now());
  if (events == 0) return;
  char text[port::kAddressTextMax];
  shared_.dependencies.log.warning(
      "connection_refused_source", kv("events", events),
      kv("remote", port::write_address(remote, text)), kv("limit", limit),
      kv("help", "raise tcp.connections_per_source, or name it in security.safe_sources"));
}

void Connections::on_accept_refused(port::Listener&, int error) { refuse(error); }

void Connections::refuse(int error) {
  const bool no_place = error == ENOBUFS;
  ++(no_place ? shared_.counters.connections_refused : shared_.counters.connections_refused_system);
  const uint64_t events = refusals_.note(shared_.now());
  if (events == 0) return;
  shared_.dependencies.log.warning("connection_refused", kv("events", events), kv("errno", error),
                                   kv("help", no_place ? "raise capacity.tcp_connections"
                                                       : "the system has no descriptor or no "
                                                         "memory left for it"));
}

// One line for each kind of fault and burst; what is no fault is for those who look closely.
void Connections::log_end(const Connection& connection, ConnectionEnd end, int error) {
  Log& log = shared_.dependencies.log;
  char text[port::kAddressTextMax];
  const auto remote = [&] {
    return kv("remote", port::write_address(connection.flow().remote, text));
  };
  if (end == ConnectionEnd::Shutdown || end == ConnectionEnd::ClosedByPeer ||
      end == ConnectionEnd::Idle) {
    return log.debug("connection_closed", remote(), kv("why", to_text(end)));
  }
  const uint64_t events = ends_[static_cast<size_t>(end)].note(shared_.now());
  if (events == 0) return;
  if (end == ConnectionEnd::Displaced) {
    return log.warning("connection_fault", kv("events", events), remote(), kv("why", to_text(end)),
                       kv("help", "all places are taken: raise capacity.tcp_connections"));
  }
  log.info("connection_fault", kv("events", events), remote(), kv("why", to_text(end)),
           kv("errno", error));
}

Connection* Connections::connect(const Flow& flow, Error& error) {
  error = Error::Closed;
  if (flow.remote.port == 0) return nullptr;
  error = Error::PoolExhausted;
  if (!has_room()) return nullptr;
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
    if (is_shortage(code)) {
      refuse(code);
    } else {
      error = Error::Unreachable;
    }
    return nullptr;
  }
  ++shared_.counters.connections_opened;
  Flow own = flow;
  own.connection = {};
  own.connect_ms_max = 0;
  return add(*stream, own, nullptr, false);
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
  if (shared_.traces()) {
    // A response goes back where its request came from, whatever the Via says (RFC 3261 18.2.2).
    Flow taken = flow;
    taken.remote = connection->flow().remote;
    shared_.trace->sent(message.view(), taken);
  }
  if (flow.connect_ms_max != 0) connection->limit_connect(Millis(flow.connect_ms_max));
  return connection->send(std::move(message), flow.remote.port, observer, tag);
}

bool Connections::stands(const Flow& flow) const {
  const Connection* connection = pool_.get(flow.connection);
  return connection != nullptr && connection->usable() &&
         connection->flow().remote == flow.remote && connection->flow().listener == flow.listener;
}

bool Connections::has_other_end(const Flow& flow) const {
  Flow back = flow;
  std::swap(back.local, back.remote);
  return by_peer_.find(hash_of(back), [&](const Connection& connection) {
    return connection.flow().local == back.local && connection.flow().remote == back.remote &&
           connection.flow().transport == back.transport;
  }) != nullptr;
}

void Connections::keep(const Flow& flow, Millis until) {
  if (!stands(flow)) return;
  Connection& connection = *pool_.get(flow.connection);
  connection.keep(until);
  note_proven(connection);
}

void Connections::note_spoken(Connection& connection) {
  if (!connection.in_unproven.linked()) return;
  connection.in_unproven.unlink();
  strangers_.push_back(connection);
}

void Connections::note_proven(Connection& connection) { connection.in_unproven.unlink(); }

void Connections::note_unfinished(Connection& connection, bool anew) {
  const Framer& framer = connection.framer();
  if (anew || !framer.unfinished()) unfinished_.leave(connection);
  if (anew || !framer.is_large()) large_.leave(connection);
  Connection* const oldest = framer.unfinished() ? unfinished_.join(connection) : nullptr;
  if (oldest != nullptr) oldest->abort(ConnectionEnd::TooManyUnfinished);
  Connection* const largest = framer.is_large() ? large_.join(connection) : nullptr;
  if (largest != nullptr) largest->abort(ConnectionEnd::TooManyLarge);
}

void Connections::note_starved(Connection& connection) {
  const bool large = connection.framer().wanted_bytes() > Framer::kSmallBytes;
  connection.in_starved.unlink();
  starved_[large ? 1 : 0].push_back(connection);
  if (!retry_timer_.armed()) {
    shared_.dependencies.timers.start(retry_timer_, shared_.now() + kRetryAfter);
  }
}

void Connections::note_unwritten(Connection& connection) {
  if (!connection.in_unwritten.linked()) unwritten_.push_back(connection);
  if (++unwritten_count_ == kUnwrittenMax) write();
}

void Connections::write() {
  unwritten_count_ = 0;
  while (Connection* const connection = unwritten_.pop_front()) connection->write();
}

void Connections::note_half_open(Connection& connection) {
  Connection* const oldest = half_open_.join(connection);
  if (oldest != nullptr) oldest->abort(ConnectionEnd::TooManyHalfOpen);
}

void Connections::on_retry(Millis now) {
  for (auto& waiting : starved_) {
    for (int i = 0; i < kResumesPerRetry && !waiting.empty(); ++i) {
      Connection& first = *waiting.front();
      if (!shared_.dependencies.slabs.acquire_to_receive(first.framer().wanted_bytes())) break;
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

void Connections::on_closed(Connection& connection, Source* source) {
  on_ending(connection);
  connection.in_unproven.unlink();
  connection.in_unwritten.unlink();
  if (source != nullptr) sources_.leave(*source);
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
