#include <algorithm>
#include <cerrno>

#include "port/sim/sim_host.h"
#include "port/sim/sim_stream.h"

namespace tipring::port {
namespace {

constexpr size_t kWindow = 64 * 1024;   // bytes under way and unread, in one direction
constexpr Millis kRetransmission{200};  // a lost segment comes that much later
constexpr Millis kGiveUp{900'000};      // tcp_retries2 of Linux: about 15 minutes
constexpr Millis kSynTimeout{1000};     // doubled at each attempt
constexpr int kSynAttemptsMax = 7;      // 127 s in all, as Linux does
constexpr size_t kClient = 0;
constexpr size_t kServer = 1;

}  // namespace

SimConnection::SimConnection(SimHost& client, SimHost* server, const SocketAddress& local,
                             const SocketAddress& remote, const SocketAddress& seen)
    : hosts_{&client, server},
      addresses_{local, remote},
      client_seen_(seen),
      number_(client.world().next_connection()) {}

SimWorld& SimConnection::world() const { return hosts_[kClient]->world(); }

const SimLink& SimConnection::link_to(size_t side) const {
  return world().conditions(*hosts_[1 - side], *hosts_[side]);
}

Millis SimConnection::travel_time(const SimLink& link) const {
  Millis time = world().random().between(link.delay_min, link.delay_max);
  for (int i = 0; i < 10 && world().random().chance(link.loss_per_mille); ++i)
    time += kRetransmission;
  return time;
}

void SimConnection::start() { send_syn(0); }

void SimConnection::retry_syn(int attempt) {
  const Millis wait = kSynTimeout * (1 << attempt);
  world().at(world().now() + wait, [self = shared_from_this(), attempt] {
    if (self->ends_[kClient] == nullptr) return;
    if (attempt + 1 == kSynAttemptsMax) {
      self->ends_[kClient]->connect_outcome(ETIMEDOUT);
    } else {
      self->send_syn(attempt + 1);
    }
  });
}

void SimConnection::send_syn(int attempt) {
  if (hosts_[kServer] == nullptr) return retry_syn(attempt);
  const SimLink& link = link_to(kServer);
  if (link.cut || world().random().chance(link.loss_per_mille)) return retry_syn(attempt);
  const Millis when = world().now() + world().random().between(link.delay_min, link.delay_max);
  world().at(when, [self = shared_from_this(), attempt] { self->syn_arrives(attempt); });
}

void SimConnection::syn_arrives(int attempt) {
  if (ends_[kClient] == nullptr) return;
  SimHost& server = *hosts_[kServer];
  if (!server.up() || link_to(kServer).cut) return retry_syn(attempt);
  const Millis answer = world().now() + travel_time(link_to(kClient));
  SimListener* const listener = server.network().find_listener(addresses_[kServer]);
  if (listener == nullptr) return tell_client(answer, ECONNREFUSED);
  tell_client(answer, 0);
  pipes_[kServer].last_arrival = answer;
  SimStream* const stream = server.network().take_stream();
  if (stream != nullptr) {
    attach(kServer, *stream);
    stream->open(shared_from_this(), kServer, false);
  } else {
    // The kernel had completed the handshake before the port could refuse.
    send(kServer, Kind::Reset, {});
  }
  listener->arrive(stream);
}

void SimConnection::tell_client(Millis when, int error) {
  world().at(when, [self = shared_from_this(), error] {
    if (self->ends_[kClient] != nullptr) self->ends_[kClient]->connect_outcome(error);
  });
}

size_t SimConnection::room(size_t side) const {
  const size_t used = pipes_[side].outstanding;
  return used < kWindow ? kWindow - used : 0;
}

void SimConnection::send(size_t side, Kind kind, std::string bytes) {
  Pipe& pipe = pipes_[side];
  if (kind == Kind::Data && world().tap() != nullptr) {
    world().tap()->on_stream(number_, addresses_[side], addresses_[1 - side], bytes);
  }
  const Millis arrives =
      std::max(world().now() + travel_time(link_to(1 - side)), pipe.last_arrival);
  pipe.last_arrival = arrives;
  pipe.outstanding += bytes.size();
  pipe.segments.push_back({arrives, kind, std::move(bytes)});
  if (!pipe.scheduled) schedule(side, arrives);
}

void SimConnection::schedule(size_t side, Millis when) {
  pipes_[side].scheduled = true;
  world().at(when, [self = shared_from_this(), side] { self->deliver(side); });
}

// Segments wait out a partition or a host that is down; the sender gives up in the end.
void SimConnection::deliver(size_t side) {
  Pipe& pipe = pipes_[side];
  pipe.scheduled = false;
  const size_t to = 1 - side;
  const Millis now = world().now();
  if (!hosts_[to]->up() || link_to(to).cut) {
    if (pipe.stuck_since == kNever) pipe.stuck_since = now;
    if (now - pipe.stuck_since < kGiveUp) return schedule(side, now + Millis(1000));
    pipe.segments.clear();
    if (ends_[side] != nullptr) ends_[side]->fail(ETIMEDOUT);
    return;
  }
  pipe.stuck_since = kNever;
  while (!pipe.segments.empty() && pipe.segments.front().arrives <= now) {
    Segment segment = std::move(pipe.segments.front());
    pipe.segments.pop_front();
    arrive(to, segment);
  }
  if (!pipe.segments.empty() && !pipe.scheduled) schedule(side, pipe.segments.front().arrives);
}

void SimConnection::arrive(size_t to, Segment& segment) {
  SimStream* const end = ends_[to];
  if (end == nullptr) {
    // Closed, or forgotten in a crash: whoever still sends data is told so.
    if (segment.kind == Kind::Data) send(to, Kind::Reset, {});
    return;
  }
  switch (segment.kind) {
    case Kind::Data: return end->receive(segment.bytes);
    case Kind::Fin: return end->receive_end();
    case Kind::Reset: return end->fail(ECONNRESET);
  }
}

void SimConnection::bytes_read(size_t side, size_t count) {
  const size_t writer = 1 - side;
  const Millis when = world().now() + travel_time(link_to(writer));
  world().at(when, [self = shared_from_this(), writer, count] {
    self->pipes_[writer].outstanding -= count;
    if (self->ends_[writer] != nullptr) self->ends_[writer]->update();
  });
}

}  // namespace tipring::port
