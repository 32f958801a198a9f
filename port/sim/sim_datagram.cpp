#include "port/sim/sim_datagram.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "port/sim/sim_host.h"

namespace tipring::port {
namespace {

constexpr size_t kPayloadMax = 65507;    // what an IPv4 packet can carry
constexpr size_t kPacketOverhead = 512;  // about what the kernel books for a datagram besides

// A datagram under way. The socket it came from is looked up again if an answer goes back.
struct Flight {
  SimWorld* world;
  SimHost* from;
  SimHost* to;
  SocketAddress source;
  SocketAddress destination;
  std::string bytes;
};

void tell_unreachable(const Flight& flight) {
  const SimLink& back = flight.world->conditions(*flight.to, *flight.from);
  if (!back.tells_unreachable || back.cut) return;
  const Millis when =
      flight.world->now() + flight.world->random().between(back.delay_min, back.delay_max);
  flight.world->at_host(when, *flight.from, false,
                        [from = flight.from, source = flight.source, to = flight.destination] {
                          SimDatagramSocket* const socket = from->network().find_socket(source);
                          if (socket != nullptr) socket->unreachable(to, ECONNREFUSED);
                        });
}

void land(Flight& flight) {
  if (!flight.to->up()) return;
  if (flight.world->conditions(*flight.from, *flight.to).cut) return;
  SimDatagramSocket* const socket = flight.to->network().find_socket(flight.destination);
  if (socket == nullptr) return tell_unreachable(flight);
  socket->arrive(std::move(flight.bytes), flight.source, flight.destination);
}

}  // namespace

SimDatagramSocket::SimDatagramSocket(SimNetwork& network, const SocketAddress& local,
                                     int receive_buffer_bytes, DatagramHandler& handler)
    : network_(network),
      handler_(handler),
      local_(local),
      receive_buffer_bytes_(receive_buffer_bytes) {}

SimDatagramSocket::~SimDatagramSocket() {
  if (destroyed_ != nullptr) *destroyed_ = true;
  if (event_) network_.host().world().cancel(*event_);
  network_.forget(*this);
}

size_t SimDatagramSocket::receive(std::span<DatagramSlot> slots) {
  const size_t count = std::min({slots.size(), kBatchMax, packets_.size()});
  for (size_t i = 0; i < count; ++i) {
    Packet packet = std::move(packets_.front());
    packets_.pop_front();
    buffered_ -= packet.bytes.size() + kPacketOverhead;
    DatagramSlot& slot = slots[i];
    const size_t first = std::min(packet.bytes.size(), slot.buffer.size());
    const size_t second = std::min(packet.bytes.size() - first, slot.spill.size());
    std::copy_n(packet.bytes.begin(), first, slot.buffer.begin());
    std::copy_n(packet.bytes.begin() + static_cast<std::ptrdiff_t>(first), second,
                slot.spill.begin());
    slot.size = first + second;
    slot.truncated = slot.size < packet.bytes.size();
    slot.remote = packet.remote;
    slot.local = packet.local;
  }
  return count;
}

size_t SimDatagramSocket::send(std::span<const OutgoingDatagram> datagrams) {
  last_error_ = 0;
  if (network_.send_blocked() || !network_.host().up()) return 0;
  for (size_t i = 0; i < datagrams.size(); ++i) {
    last_error_ = send_one(datagrams[i]);
    if (last_error_ != 0) return i;
  }
  return datagrams.size();
}

int SimDatagramSocket::send_one(const OutgoingDatagram& datagram) {
  if (datagram.remote.ip.family != local_.ip.family) return EAFNOSUPPORT;
  if (datagram.remote.port == 0) return EINVAL;
  if (datagram.bytes.size() > kPayloadMax) return EMSGSIZE;
  SocketAddress source = local_;
  if (source.ip.is_unspecified()) {
    source.ip = datagram.local.ip.is_unspecified() || datagram.local.ip.is_multicast()
                    ? network_.source_for(datagram.remote.ip)
                    : datagram.local.ip;
    if (source.ip.family == Family::None) return ENETUNREACH;
    if (!network_.owns(source.ip)) return EINVAL;
  }
  SimWorld& world = network_.host().world();
  if (world.tap() != nullptr) {
    world.tap()->on_datagram(source, datagram.remote,
                             {datagram.bytes.data(), datagram.bytes.size()});
  }
  SocketAddress destination = datagram.remote;
  SimHost* const to = network_.route(source, destination, true);
  if (to == nullptr) return 0;  // nobody there: it is lost, as on a real network
  const SimLink& link = world.conditions(network_.host(), *to);
  const int copies = world.random().chance(link.duplicate_per_mille) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    if (link.cut || world.random().chance(link.loss_per_mille)) continue;
    const Millis when = world.now() + world.random().between(link.delay_min, link.delay_max);
    Flight flight{&world,      &network_.host(),
                  to,          source,
                  destination, std::string(datagram.bytes.begin(), datagram.bytes.end())};
    world.at(when, [flight = std::move(flight)]() mutable { land(flight); });
  }
  return 0;
}

void SimDatagramSocket::arrive(std::string bytes, const SocketAddress& from,
                               const SocketAddress& to) {
  const size_t booked = bytes.size() + kPacketOverhead;
  if (buffered_ + booked > static_cast<size_t>(receive_buffer_bytes_)) {
    ++kernel_drops_;
    return;
  }
  buffered_ += booked;
  packets_.push_back({std::move(bytes), from, to});
  wake(Millis(0));
}

void SimDatagramSocket::unreachable(const SocketAddress& remote, int error) {
  refusals_.push_back({remote, error});
  wake(Millis(0));
}

void SimDatagramSocket::wake(Millis delay) {
  if (event_) return;
  SimHost& host = network_.host();
  event_ = host.loop().schedule(host.world().now() + delay, [this] { on_turn(); });
}

// Level-triggered: what the handler leaves makes the next turn. A handler that takes nothing at all
// would keep a real loop busy; here time goes on meanwhile.
void SimDatagramSocket::on_turn() {
  event_.reset();
  bool destroyed = false;
  destroyed_ = &destroyed;
  while (!refusals_.empty()) {
    const Refusal refusal = refusals_.front();
    refusals_.pop_front();
    handler_.on_unreachable(*this, refusal.remote, refusal.error);
    if (destroyed) return;
  }
  const size_t before = packets_.size();
  if (before != 0) handler_.on_readable(*this);
  if (destroyed) return;
  destroyed_ = nullptr;
  if (!packets_.empty()) wake(Millis(packets_.size() < before ? 0 : 1));
}

}  // namespace tipring::port
