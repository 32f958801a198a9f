#include "port/sim/sim_network.h"

#include <algorithm>
#include <bit>
#include <cerrno>

#include "port/sim/sim_datagram.h"
#include "port/sim/sim_host.h"
#include "port/sim/sim_nat.h"
#include "port/sim/sim_stream.h"

namespace tipring::port {
namespace {

// Whether a socket bound to `bound` gets what is sent to `to`.
bool takes(const SocketAddress& bound, const SocketAddress& to) {
  return bound.port == to.port && bound.ip.family == to.ip.family &&
         (bound.ip.is_unspecified() || bound.ip == to.ip);
}

// Two sockets cannot be bound like this at one time.
bool collide(const SocketAddress& a, const SocketAddress& b) { return takes(a, b) || takes(b, a); }

int common_prefix_bits(const IpAddress& a, const IpAddress& b) {
  int bits = 0;
  for (size_t i = 0; i < a.bytes.size(); ++i) {
    const auto difference = static_cast<uint8_t>(a.bytes[i] ^ b.bytes[i]);
    bits += std::countl_zero(difference);
    if (difference != 0) break;
  }
  return bits;
}

IpAddress loopback(Family family) {
  IpAddress ip;
  ip.family = family;
  if (family == Family::V4) ip.bytes = {127, 0, 0, 1};
  if (family == Family::V6) ip.bytes[15] = 1;
  return ip;
}

}  // namespace

SimNetwork::SimNetwork(SimHost& host) : host_(host) {}

SimNetwork::~SimNetwork() = default;

bool SimNetwork::owns(const IpAddress& ip) const {
  const auto& own = host_.addresses();
  return ip.is_loopback() || std::find(own.begin(), own.end(), ip) != own.end();
}

SimHost* SimNetwork::route(SocketAddress& source, SocketAddress& destination, bool datagram) {
  if (destination.ip.is_loopback()) return &host_;
  const SimWorld& world = host_.world();
  SimHost* to = world.host_of(destination.ip);
  if (to != nullptr && to->network().nat_ != nullptr) {
    if (to->network().nat_ == nat_) return to;
    to = nullptr;  // a private address of another network
  }
  if (nat_ != nullptr) source = nat_->outward(source, destination, datagram);
  const SimNat* const there = world.nat_of(destination.ip);
  if (there == nullptr) return to;
  const auto inside = there->inward(destination, source, datagram);
  if (!inside) return nullptr;
  destination = *inside;
  return world.host_of(inside->ip);
}

bool SimNetwork::port_in_use(const SocketAddress& bind, bool datagram) const {
  const auto same = [&](const auto* other) { return collide(other->local(), bind); };
  return datagram ? std::any_of(sockets_.begin(), sockets_.end(), same)
                  : std::any_of(listeners_.begin(), listeners_.end(), same);
}

// errno value, 0 for success.
int SimNetwork::choose_port(const SocketAddress& bind, bool datagram, SocketAddress& chosen) {
  chosen = bind;
  if (bind.ip.family == Family::None) return EAFNOSUPPORT;
  if (!bind.ip.is_unspecified() && !owns(bind.ip)) return EADDRNOTAVAIL;
  if (bind.port != 0) return port_in_use(bind, datagram) ? EADDRINUSE : 0;
  for (int tries = 0; tries < 28000; ++tries) {
    chosen.port = next_port_;
    next_port_ = next_port_ == 60999 ? 32768 : static_cast<uint16_t>(next_port_ + 1);
    if (!port_in_use(chosen, datagram)) return 0;
  }
  return EADDRINUSE;
}

std::unique_ptr<DatagramSocket> SimNetwork::open_datagram(const DatagramOptions& options,
                                                          DatagramHandler& handler, int& error) {
  SocketAddress local;
  error = choose_port(options.bind, true, local);
  if (error != 0) return nullptr;
  const int buffer_bytes = std::min(options.receive_buffer_bytes, receive_buffer_max_);
  auto opened = std::make_unique<SimDatagramSocket>(*this, local, buffer_bytes, handler);
  sockets_.push_back(opened.get());
  return opened;
}

std::unique_ptr<Listener> SimNetwork::listen(const SocketAddress& bind, ListenerHandler& handler,
                                             int& error) {
  SocketAddress local;
  error = choose_port(bind, false, local);
  if (error != 0) return nullptr;
  auto listener = std::make_unique<SimListener>(*this, local, handler);
  listeners_.push_back(listener.get());
  return listener;
}

Stream* SimNetwork::connect(const SocketAddress& local, const SocketAddress& remote,
                            StreamHandler& handler, int& error) {
  SocketAddress source = local;
  if (source.ip.is_unspecified()) source.ip = source_for(remote.ip);
  error = ENETUNREACH;
  if (source.ip.family == Family::None) return nullptr;
  error = choose_port(source, false, source);
  if (error != 0) return nullptr;
  SimStream* const stream = take_stream();
  if (stream == nullptr) {
    error = ENOBUFS;
    return nullptr;
  }
  SocketAddress seen = source;
  SocketAddress inside = remote;
  SimHost* const server = route(seen, inside, false);
  const auto connection = std::make_shared<SimConnection>(host_, server, source, remote, seen);
  connection->attach(0, *stream);
  stream->open(connection, 0, true);
  stream->set_handler(&handler);
  connection->start();
  return stream;
}

// The own address that has most in common with the destination: RFC 6724 5, rule 8.
IpAddress SimNetwork::source_for(const IpAddress& remote) {
  if (remote.family == Family::None) return {};
  if (remote.is_loopback()) return loopback(remote.family);
  IpAddress best;
  int best_bits = -1;
  for (const IpAddress& own : host_.addresses()) {
    const int bits = common_prefix_bits(own, remote);
    if (own.family != remote.family || bits <= best_bits) continue;
    best = own;
    best_bits = bits;
  }
  return best;
}

size_t SimNetwork::local_addresses(std::span<IpAddress> out) {
  std::vector<IpAddress> all = host_.addresses();
  for (const Family family : {Family::V4, Family::V6}) {
    const IpAddress ip = loopback(family);
    if (std::find(all.begin(), all.end(), ip) == all.end()) all.push_back(ip);
  }
  const size_t count = std::min(all.size(), out.size());
  std::copy_n(all.begin(), count, out.begin());
  return count;
}

SimDatagramSocket* SimNetwork::find_socket(const SocketAddress& local) {
  const auto found = std::find_if(sockets_.begin(), sockets_.end(),
                                  [&](const auto* one) { return takes(one->local(), local); });
  return found == sockets_.end() ? nullptr : *found;
}

SimListener* SimNetwork::find_listener(const SocketAddress& local) {
  const auto found = std::find_if(listeners_.begin(), listeners_.end(),
                                  [&](const auto* one) { return takes(one->local(), local); });
  return found == listeners_.end() ? nullptr : *found;
}

SimStream* SimNetwork::take_stream() {
  if (streams_in_use_ >= stream_capacity_) return nullptr;
  if (free_streams_.empty()) {
    streams_.push_back(std::make_unique<SimStream>(*this));
    free_streams_.push_back(streams_.back().get());
  }
  SimStream* const stream = free_streams_.back();
  free_streams_.pop_back();
  ++streams_in_use_;
  return stream;
}

void SimNetwork::give_back(SimStream& stream) {
  free_streams_.push_back(&stream);
  --streams_in_use_;
}

// The dead application may still close what it had: its streams stay as they are, and are not used
// for anything again.
void SimNetwork::crash() {
  for (const auto& stream : streams_) stream->crash();
  free_streams_.clear();
  streams_in_use_ = 0;
  sockets_.clear();
  listeners_.clear();
}

}  // namespace tipring::port
