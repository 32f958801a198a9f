// Datagrams on a media port: what they are, their headers, and what the latch and the meter make of
// them. The first two bytes choose where one comes from and when.
#include <memory>

#include "fuzz/fuzz.h"
#include "media/latch.h"
#include "media/reception.h"
#include "media/rtp.h"

namespace {

using namespace tipring;
using media::PacketKind;

// Goes on from one input to the next, as a stream does.
struct Peer {
  Peer() { latch.expect({address(1, 4000), address(2, 5060), true}, now); }

  static port::SocketAddress address(uint8_t host, uint16_t number) {
    port::SocketAddress made{{{192, 0, 2, host}, 0, port::Family::V4}, number};
    return made;
  }

  media::Latch latch;
  media::ReceptionMeter meter;
  Millis now{0};
};

void check_rtp(std::string_view bytes, const port::SocketAddress& source, Peer& peer) {
  const auto header = rtp::read_header(bytes);
  if (!header) return;
  fuzz::check(header->size >= rtp::kHeaderBytes && header->size <= bytes.size(),
              "the header lies in its packet");
  fuzz::check(header->payload_type < 128, "a payload type has seven bits");
  const bool known = peer.latch.known() && source == peer.latch.source();
  const bool admitted =
      peer.latch.admit(source, {header->ssrc, header->sequence, true, true}, peer.now);
  fuzz::check(!known || admitted, "who is known stays");
  fuzz::check(!admitted || peer.latch.target() == source, "packets go where they come from");
  const uint64_t before = peer.meter.figures().packets;
  peer.meter.on_rtp(*header, bytes.size(), header->marker ? 8000 : 90000, peer.now);
  fuzz::check(peer.meter.figures().packets == before + 1, "a packet counts once");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto peer = std::make_unique<Peer>();
  if (size < 2) return 0;
  const port::SocketAddress source = Peer::address(data[0] & 3, 4000 + (data[0] >> 6));
  peer->now += Millis(data[1]);
  const fuzz::Input input(data + 2, size - 2);
  const PacketKind kind = media::kind_of(input.view());
  if (kind == PacketKind::Rtp) check_rtp(input.view(), source, *peer);
  if (kind == PacketKind::Rtcp) {
    const auto header = media::parse_rtcp(input.view());
    fuzz::check(!header || (header->type >= 192 && header->type <= 223), "a type of RTCP");
  }
  return 0;
}
