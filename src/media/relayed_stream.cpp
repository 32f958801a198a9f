#include "media/relayed_stream.h"

#include <algorithm>

namespace tipring::media {

// What goes out by one socket, gathered until the socket is another one.
struct RelayedStream::Batch {
  explicit Batch(Forwarding& its_forwarding) : forwarding(its_forwarding) {}
  ~Batch() { flush(); }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  void add(port::DatagramSocket& by, const port::OutgoingDatagram& datagram) {
    if (socket != &by) flush();
    socket = &by;
    forwarding.outgoing[count++] = datagram;
  }
  // What the kernel has no room for is lost, as it may be on the way.
  void flush() {
    if (count == 0) return;
    const size_t sent = socket->send(std::span(forwarding.outgoing).first(count));
    forwarding.counters.forwarded += sent;
    forwarding.counters.send_failed += count - sent;
    count = 0;
  }

  Forwarding& forwarding;
  port::DatagramSocket* socket = nullptr;
  size_t count = 0;
};

void Forwarding::plan(const Limits& limits, MemoryPlan& plan) {
  plan.add("media_receive_slots", limits.receive_batch, sizeof(port::DatagramSlot));
  plan.add("media_receive_buffers", limits.receive_batch, kDatagramMax);
}

Forwarding::Forwarding(Arena& arena, const Limits& limits, port::Loop& its_loop)
    : loop(its_loop), slots(arena.take<port::DatagramSlot>(limits.receive_batch)) {
  const std::span<char> bytes = arena.take<char>(slots.size() * kDatagramMax);
  for (size_t i = 0; i < slots.size(); ++i)
    slots[i].buffer = bytes.subspan(i * kDatagramMax, kDatagramMax);
}

RelayedStream::RelayedStream(Forwarding& forwarding, PortPool& ports)
    : forwarding_(forwarding), ports_(ports) {}

RelayedStream::~RelayedStream() {
  const Millis now = forwarding_.loop.now();
  for (End& end : ends_) {
    if (end.pair == nullptr) continue;
    const bool heard = end.meter.figures().packets != 0;
    const int64_t lost = end.meter.figures().lost;
    if (lost > 0) forwarding_.counters.lost += static_cast<uint64_t>(lost);
    end.pair->former = {heard ? end.rtp.source() : port::SocketAddress(), end.meter.figures().ssrc,
                        now + kLateTime};
    ports_.release(*end.pair);
  }
}

Result<void> RelayedStream::open(Side side, const port::IpAddress& bind) {
  End& end = at(side);
  if (end.pair != nullptr) return ports_.open(*end.pair, bind);
  const auto pair = ports_.acquire(bind, *this, static_cast<uint8_t>(index_of(side)));
  if (!pair) return pair.error();
  end.pair = *pair;
  return {};
}

bool RelayedStream::is_open(Side side, port::Family family) const {
  return at(side).pair != nullptr && at(side).pair->has(family);
}

void RelayedStream::keep_only(Side side, port::Family family) {
  using port::Family;
  if (at(side).pair != nullptr)
    at(side).pair->close(family == Family::V4 ? Family::V6 : Family::V4);
}

void RelayedStream::connect(const StreamPeer& caller, const StreamPeer& callee, bool rtp) {
  rtp_ = rtp;
  const Millis now = forwarding_.loop.now();
  for (const Side side : {Side::Caller, Side::Callee}) {
    const StreamPeer& peer = side == Side::Caller ? caller : callee;
    End& end = at(side);
    end.local = peer.local;
    end.mux = peer.mux;
    end.listens = peer.listens;
    // On hold by 0.0.0.0 it says nothing of where it is, and is where it was.
    if (!peer.listens && end.rtp.is_open()) continue;
    end.rtp.expect(peer.rtp, now);
    end.rtcp.expect(peer.rtcp, now);
  }
  for (const Side into : {Side::Caller, Side::Callee}) {
    for (const Part part : {Part::Rtp, Part::Rtcp}) {
      if (leads_back(into, part, false) || leads_back(into, part, true))
        at(other(into)).listens = false;
    }
  }
}

// The port that what came by that part leaves by.
Part RelayedStream::part_toward(const End& end, Part came_by, bool is_rtcp) {
  return (is_rtcp || came_by == Part::Rtcp) && !end.mux ? Part::Rtcp : Part::Rtp;
}

// Descriptions may name our own ports: those of another call that leads through us, or of this one,
// and then packets would go round for ever. Whether what comes in from that side comes in again.
bool RelayedStream::leads_back(Side into, Part part, bool is_rtcp) const {
  const RelayedStream* stream = this;
  Side side = into;
  for (int passes = 0; passes < kPassesMax; ++passes) {
    const End& end = stream->at(other(side));
    const Part by = part_toward(end, part, is_rtcp);
    const port::SocketAddress& target = (by == Part::Rtcp ? end.rtcp : end.rtp).target();
    const PortPair* const next = end.listens ? ports_.find(target) : nullptr;
    if (next == nullptr) return false;
    stream = static_cast<const RelayedStream*>(next->handler());
    side = static_cast<Side>(next->tag());
    part = target.port == next->rtp_number() ? Part::Rtp : Part::Rtcp;
    if (stream == this && side == into) return true;
  }
  return true;
}

void RelayedStream::shut() {
  for (End& end : ends_) {
    end.rtp.shut();
    end.rtcp.shut();
  }
}

Result<void> RelayedStream::add_sink(PacketSink& sink) {
  if (sink_count_ == kSinksMax) return Error::PoolExhausted;
  sinks_[sink_count_++] = &sink;
  return {};
}

void RelayedStream::remove_sink(PacketSink& sink) {
  const auto end = std::remove(sinks_.begin(), sinks_.begin() + sink_count_, &sink);
  sink_count_ = static_cast<uint8_t>(end - sinks_.begin());
}

void RelayedStream::on_media(uint8_t tag, Part part, port::DatagramSocket& socket) {
  const auto from = static_cast<Side>(tag);
  const size_t count = socket.receive(forwarding_.slots);
  Batch batch(forwarding_);
  for (size_t i = 0; i < count; ++i) {
    StreamPacket packet;
    if (!read(from, part, forwarding_.slots[i], packet)) continue;
    note(at(from), packet);
    forward(other(from), part, packet, batch);
  }
}

// False for what such a stream does not carry.
bool RelayedStream::classify(Part part, StreamPacket& packet, PacketMark& mark) const {
  // Its sequence numbers are where RTP has its version, so that it looks like anything.
  if (!rtp_) return part == Part::Rtp && !packet.bytes.empty();
  packet.kind = kind_of(packet.bytes);
  if (packet.kind == PacketKind::Rtp) {
    const auto header = rtp::read_header(packet.bytes);
    if (!header) return false;
    packet.rtp = *header;
    mark = {header->ssrc, header->sequence, true, true};
  } else if (packet.kind == PacketKind::Rtcp) {
    const auto rtcp = parse_rtcp(packet.bytes);
    if (!rtcp) return false;
    mark = {rtcp->ssrc, 0, true, false};
  }
  return packet.kind != PacketKind::Other;
}

// False for what is dropped.
bool RelayedStream::read(Side from, Part part, const port::DatagramSlot& slot,
                         StreamPacket& packet) {
  RelayCounters& counters = forwarding_.counters;
  packet.from = from;
  packet.at = forwarding_.loop.now();
  packet.bytes = std::span<const char>(slot.buffer).first(std::min(slot.size, slot.buffer.size()));
  packet.kind = PacketKind::Other;
  PacketMark mark;
  if (slot.truncated || !classify(part, packet, mark)) {
    ++counters.garbage;
    return false;
  }
  if (is_late(at(from), slot, mark, packet.at)) {
    ++counters.late;
    return false;
  }
  if (!admit(at(from), part, packet, mark, slot.remote)) {
    ++counters.strangers;
    return false;
  }
  return true;
}

// Whoever had these ports before may still send: a BYE gets lost, too.
bool RelayedStream::is_late(const End& end, const port::DatagramSlot& slot, const PacketMark& mark,
                            Millis now) {
  const FormerPeer& former = end.pair->former;
  return mark.has_ssrc && former.source.port != 0 && now < former.until &&
         mark.ssrc == former.ssrc && slot.remote.ip == former.source.ip;
}

bool RelayedStream::admit(End& end, Part part, const StreamPacket& packet, const PacketMark& mark,
                          const port::SocketAddress& source) {
  if (source.ip.family != end.local.family) return false;
  // From a port of ours only where the description says so, which connect() has looked at.
  const Latch& latch = part == Part::Rtcp ? end.rtcp : end.rtp;
  if (source != latch.described() && ports_.find(source) != nullptr) return false;
  if (part == Part::Rtcp) {
    const port::IpAddress* host = end.rtp.known() ? &end.rtp.source().ip : nullptr;
    return end.rtcp.admit(source, mark, packet.at, host);
  }
  // RTCP on the port of RTP shows an address as STUN does; its SSRC may be a receiver's own.
  return end.rtp.admit(source, packet.kind == PacketKind::Rtp ? mark : PacketMark(), packet.at);
}

void RelayedStream::note(End& end, const StreamPacket& packet) {
  if (packet.kind == PacketKind::Rtp) {
    end.meter.on_rtp(packet.rtp, packet.bytes.size(), rates_.of(packet.rtp.payload_type),
                     packet.at);
  } else if (packet.kind == PacketKind::Rtcp || !rtp_) {
    end.meter.on_other(packet.at);
  }
  if (packet.kind != PacketKind::Rtp && packet.kind != PacketKind::Rtcp) return;
  for (size_t i = 0; i < sink_count_; ++i) sinks_[i]->on_packet(packet);
}

void RelayedStream::forward(Side to, Part part, const StreamPacket& packet, Batch& batch) {
  const End& end = at(to);
  const Part by = part_toward(end, part, packet.kind == PacketKind::Rtcp);
  const port::SocketAddress& target = (by == Part::Rtcp ? end.rtcp : end.rtp).target();
  port::DatagramSocket* const socket =
      end.pair == nullptr ? nullptr : end.pair->socket(by, target.ip.family);
  if (!end.listens || target.port == 0 || socket == nullptr) {
    ++forwarding_.counters.no_target;
    return;
  }
  batch.add(*socket, {packet.bytes, target, {end.local, 0}});
}

}  // namespace tipring::media
