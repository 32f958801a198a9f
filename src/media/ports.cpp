#include "media/ports.h"

#include <algorithm>
#include <cerrno>

namespace tipring::media {

namespace {

// Some tenths of a second of video. A larger one would only delay what is late already.
constexpr int kReceiveBufferBytes = 256 * 1024;

constexpr std::string_view kName = "media_ports";

size_t place_of(port::Family family) { return family == port::Family::V6 ? 1 : 0; }

}  // namespace

void PortPair::End::on_readable(port::DatagramSocket& socket) {
  pair->handler_->on_media(pair->tag_, part, socket);
}

port::DatagramSocket* PortPair::socket(Part part, port::Family family) const {
  return ends_[static_cast<size_t>(part)].sockets[place_of(family)].get();
}

void PortPair::close(port::Family family) {
  for (End& end : ends_) end.sockets[place_of(family)].reset();
}

void PortPool::plan(MemoryPlan& plan, uint32_t pairs) {
  const uint64_t total =
      Arena::bytes_needed(pairs * sizeof(PortPair)) + Arena::bytes_needed(pairs * sizeof(uint32_t));
  plan.add_total(kName, pairs, sizeof(PortPair) + sizeof(uint32_t), total, true);
}

PortPool::PortPool(Arena& arena, port::Network& network, uint32_t pairs, uint16_t first_number)
    : network_(network), pairs_(arena.take<PortPair>(pairs)), free_(arena.take<uint32_t>(pairs)) {
  stats_.name = kName;
  stats_.capacity = pairs;
  stats_.item_bytes = sizeof(PortPair) + sizeof(uint32_t);
  for (uint32_t i = 0; i < pairs; ++i) {
    free_[i] = i;
    PortPair& pair = pairs_[i];
    pair.rtp_number_ = static_cast<uint16_t>(first_number + 2 * i);
    for (PortPair::End& end : pair.ends_) end.pair = &pair;
    pair.ends_[1].part = Part::Rtcp;
  }
}

PortPool::~PortPool() {
  for (PortPair& pair : pairs_) std::destroy_at(&pair);
}

uint32_t PortPool::pop_free() {
  const uint32_t index = free_[first_free_];
  first_free_ = (first_free_ + 1) % stats_.capacity;
  ++stats_.in_use;
  return index;
}

void PortPool::push_free(uint32_t index) {
  const uint32_t count = stats_.capacity - stats_.in_use;
  free_[(first_free_ + count) % stats_.capacity] = index;
  --stats_.in_use;
}

int PortPool::open_part(PortPair& pair, Part part, const port::IpAddress& bind) {
  PortPair::End& end = pair.ends_[static_cast<size_t>(part)];
  const auto number = part == Part::Rtp ? pair.rtp_number() : pair.rtcp_number();
  int error = 0;
  end.sockets[place_of(bind.family)] =
      network_.open_datagram({{bind, number}, kReceiveBufferBytes}, end, error);
  return error;
}

// An errno value, 0 for success; all or nothing.
int PortPool::open_pair(PortPair& pair, const port::IpAddress& bind) {
  int error = open_part(pair, Part::Rtp, bind);
  if (error == 0) error = open_part(pair, Part::Rtcp, bind);
  if (error != 0) pair.close(bind.family);
  return error;
}

Result<PortPair*> PortPool::acquire(const port::IpAddress& bind, PairHandler& handler,
                                    uint8_t tag) {
  const uint32_t free = stats_.capacity - stats_.in_use;
  for (uint32_t tries = std::min(free, kTriesMax); tries > 0; --tries) {
    const uint32_t index = pop_free();
    PortPair& pair = pairs_[index];
    pair.handler_ = &handler;
    pair.tag_ = tag;
    const int error = open_pair(pair, bind);
    if (error == 0) {
      stats_.high_water = std::max(stats_.high_water, stats_.in_use);
      return &pair;
    }
    pair.handler_ = nullptr;
    push_free(index);
    if (error != EADDRINUSE) break;
    ++taken_;
  }
  ++stats_.refusals;
  return Error::PoolExhausted;
}

Result<void> PortPool::open(PortPair& pair, const port::IpAddress& bind) {
  if (pair.has(bind.family)) return {};
  const int error = open_pair(pair, bind);
  if (error == 0) return {};
  if (error == EADDRINUSE) ++taken_;
  ++stats_.refusals;
  return Error::PoolExhausted;
}

void PortPool::release(PortPair& pair) {
  pair.close(port::Family::V4);
  pair.close(port::Family::V6);
  pair.handler_ = nullptr;
  push_free(static_cast<uint32_t>(&pair - pairs_.data()));
}

const PortPair* PortPool::find(const port::SocketAddress& address) const {
  // For most packets the number alone says that it is another's.
  if (pairs_.empty() || address.port < pairs_[0].rtp_number()) return nullptr;
  const size_t index = (size_t{address.port} - pairs_[0].rtp_number()) / 2;
  if (index >= pairs_.size() || pairs_[index].handler_ == nullptr) return nullptr;
  const port::IpAddress& ip = address.ip;
  // What goes to an address of ours leaves from that address.
  const bool is_own = ip.is_loopback() ||
                      std::find(told_.begin(), told_.end(), ip) != told_.end() ||
                      network_.source_for(ip) == ip;
  return is_own ? &pairs_[index] : nullptr;
}

}  // namespace tipring::media
