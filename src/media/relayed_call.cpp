#include "media/relayed_call.h"

#include <algorithm>

#include "media/relay_parts.h"

namespace tipring::media {

namespace {

// Of RFC 1918, 6598, 3927, 4193 or 4291 2.5.6: no packet from afar has come from there.
bool is_private(const port::IpAddress& ip) {
  const auto& bytes = ip.bytes;
  if (ip.family == port::Family::V6) {
    return (bytes[0] & 0xfe) == 0xfc || (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);
  }
  return bytes[0] == 10 || (bytes[0] == 172 && (bytes[1] & 0xf0) == 16) ||
         (bytes[0] == 192 && bytes[1] == 168) || (bytes[0] == 100 && (bytes[1] & 0xc0) == 64) ||
         (bytes[0] == 169 && bytes[1] == 254);
}

StreamPeer peer_of(const SectionSide& side, bool mux, const port::IpAddress& local,
                   Elsewhere elsewhere) {
  StreamPeer peer;
  peer.local = local;
  peer.mux = mux;
  peer.rtp.signalling = peer.rtcp.signalling = side.leg.signalling;
  const port::IpAddress& host = side.leg.signalling.ip;
  // Whatever a datagram holds would pass, so that a third host is one that the operator allows.
  const bool opaque = !side.section.is_rtp();
  if (opaque && elsewhere == Elsewhere::Named) elsewhere = Elsewhere::No;
  const auto target = sdp::media_target(side.section, mux);
  if (!target) {
    // A name says nothing of where packets will come from.
    peer.rtp.elsewhere = target.error() == sdp::NoTarget::Name && elsewhere != Elsewhere::No;
    peer.listens = target.error() != sdp::NoTarget::Silent;
    return peer;
  }
  const auto may_be = [&](const port::SocketAddress& named) {
    return elsewhere != Elsewhere::No || named.ip == host;
  };
  if (may_be(target->rtp)) peer.rtp.described = target->rtp;
  if (may_be(target->rtcp)) peer.rtcp.described = target->rtcp;
  const bool differs = host.family == target->rtp.ip.family && host != target->rtp.ip;
  const bool wanted =
      elsewhere == Elsewhere::Any || (elsewhere == Elsewhere::Named && is_private(target->rtp.ip));
  peer.rtp.elsewhere = differs && wanted;
  return peer;
}

}  // namespace

RelayedCall::RelayedCall(CallMedia& media, RelayParts& relay) : media_(media), relay_(relay) {}

RelayedCall::~RelayedCall() {
  for (Section& section : sections_) close(section);
}

void RelayedCall::close(Section& section) {
  if (section.stream == nullptr) return;
  relay_.streams.release(*section.stream);
  section = {};
  --stream_count_;
}

Result<void, MediaFault> RelayedCall::open(size_t index, const Locals& local) {
  Section& section = sections_[index];
  if (section.stream == nullptr) {
    if (stream_count_ == kStreamsMax) return MediaFault::TooManyStreams;
    section.stream =
        relay_.streams.acquire_leaving(media_.kept_back(), relay_.forwarding, relay_.ports);
    if (section.stream == nullptr) return MediaFault::StreamsFull;
    section.is_new = true;
    ++stream_count_;
  }
  for (const Side side : {Side::Caller, Side::Callee}) {
    const port::Family family = local[index_of(side)].family;
    if (family == port::Family::None) return MediaFault::NoAddress;
    const auto opened = section.stream->open(side, relay_.bind_for(family));
    relay_.note_taken_ports();
    if (!opened) return MediaFault::PortsFull;
  }
  return {};
}

void RelayedCall::connect(size_t index, const SectionSide& caller, const SectionSide& callee,
                          const Locals& local) {
  Section& section = sections_[index];
  const bool mux = caller.section.rtcp_mux && callee.section.rtcp_mux;
  const Elsewhere elsewhere = relay_.options.elsewhere;
  const StreamPeer caller_peer = peer_of(caller, mux, local[0], elsewhere);
  const StreamPeer callee_peer = peer_of(callee, mux, local[1], elsewhere);
  ClockRates& rates = section.stream->rates();
  rates.clear();
  rates.add(callee.section);
  rates.add(caller.section);
  section.stream->connect(caller_peer, callee_peer, callee.section.is_rtp());
  section.watched = caller.section.direction == sdp::Direction::SendRecv && caller_peer.listens &&
                    callee.section.direction == sdp::Direction::SendRecv && callee_peer.listens;
  local_ = local;
}

void RelayedCall::shut(size_t index) {
  Section& section = sections_[index];
  if (section.stream == nullptr) return;
  section.stream->shut();
  section.watched = false;
}

void RelayedCall::keep() {
  for (Section& section : sections_) {
    if (section.stream == nullptr) continue;
    if (!section.stream->connected()) {
      close(section);
      continue;
    }
    section.is_new = false;
    for (const Side side : {Side::Caller, Side::Callee})
      section.stream->keep_only(side, local(side).family);
  }
  established_ = true;
}

void RelayedCall::drop_new() {
  for (Section& section : sections_) {
    if (section.is_new) close(section);
  }
}

void RelayedCall::watch() {
  const bool wanted =
      relay_.options.timeout > Millis(0) &&
      std::any_of(sections_.begin(), sections_.end(), [](const Section& s) { return s.watched; });
  if (!wanted) return watch_.cancel();
  watched_since_ = relay_.dependencies.loop.now();
  relay_.dependencies.timers.start(watch_, watched_since_ + relay_.options.timeout);
}

// Or since when it is waited for.
Millis RelayedCall::last_packet(Side side) const {
  Millis last = watched_since_;
  for (const Section& section : sections_) {
    if (!section.watched) continue;
    const Millis heard = section.stream->reception(side).last_packet;
    if (heard != kNever) last = std::max(last, heard);
  }
  return last;
}

void RelayedCall::on_watch(Millis now) {
  const Millis timeout = relay_.options.timeout;
  if (timeout == Millis(0)) return;  // switched off meanwhile
  const Millis caller = last_packet(Side::Caller);
  const Millis callee = last_packet(Side::Callee);
  const Millis due = std::min(caller, callee) + timeout;
  if (now < due) return relay_.dependencies.timers.start(watch_, due);
  ++relay_.forwarding.counters.silent_calls;
  media_.observer_.on_silence(media_, caller <= callee ? Side::Caller : Side::Callee);
}

}  // namespace tipring::media
