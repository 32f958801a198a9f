// One relayed stream: its ports toward both sides, and what goes through them. Packets pass as they
// are: RTP whatever its payload, RTCP, STUN, DTLS and ZRTP, or anything where it is UDPTL.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/arena.h"
#include "core/result.h"
#include "media/latch.h"
#include "media/ports.h"
#include "media/reception.h"
#include "media/relay.h"
#include "media/stream.h"
#include "sdp/description.h"

namespace tipring::media {

// What all streams of a relay share: the batch that is being received, and the counters.
struct Forwarding {
  // No packet of media that comes through the networks of phones is larger.
  static constexpr size_t kDatagramMax = 2048;

  static void plan(const Limits& limits, MemoryPlan& plan);
  Forwarding(Arena& arena, const Limits& limits, port::Loop& its_loop);

  port::Loop& loop;
  std::span<port::DatagramSlot> slots;
  // Those that go out, which are never more than have come in.
  std::array<port::OutgoingDatagram, port::DatagramSocket::kBatchMax> outgoing;
  RelayCounters counters;
};

// One side of a stream, as the last exchange has left it.
struct StreamPeer {
  ExpectedPeer rtp;
  ExpectedPeer rtcp;
  port::IpAddress local;  // ours, that packets to it leave from
  bool mux = false;       // RTCP goes to and comes from its port of RTP
  bool listens = true;    // false: nothing is to be sent to it (0.0.0.0)
};

class RelayedStream final : private PairHandler {
 public:
  static constexpr size_t kSinksMax = 4;
  // Streams that one packet may go through here, where calls lead through the server again.
  static constexpr int kPassesMax = 8;
  // The packets of a call that has ended are known for this long.
  static constexpr Millis kLateTime{10'000};

  RelayedStream(Forwarding& forwarding, PortPool& ports);
  ~RelayedStream();
  RelayedStream(const RelayedStream&) = delete;
  RelayedStream& operator=(const RelayedStream&) = delete;

  // Opens the ports toward a side for the family of `bind`, unless they are. Errors: PoolExhausted.
  Result<void> open(Side side, const port::IpAddress& bind);
  bool is_open(Side side, port::Family family) const;
  // Closes those of the other family.
  void keep_only(Side side, port::Family family);
  // REQUIRES: open() toward that side.
  uint16_t rtp_number(Side side) const { return at(side).pair->rtp_number(); }
  uint16_t rtcp_number(Side side) const { return at(side).pair->rtcp_number(); }

  // Lets packets through between the two. REQUIRES: open() for the families of both local
  // addresses. `rtp`: it is that, and not UDPTL.
  void connect(const StreamPeer& caller, const StreamPeer& callee, bool rtp);
  // Lets nothing through.
  void shut();
  bool connected() const { return at(Side::Caller).rtp.is_open(); }

  ClockRates& rates() { return rates_; }
  const Reception& reception(Side side) const { return at(side).meter.figures(); }

  Result<void> add_sink(PacketSink& sink);  // Errors: PoolExhausted
  void remove_sink(PacketSink& sink);

 private:
  struct End {
    PortPair* pair = nullptr;
    Latch rtp;
    Latch rtcp;
    ReceptionMeter meter;
    port::IpAddress local;
    bool mux = false;
    bool listens = true;
  };
  struct Batch;

  End& at(Side side) { return ends_[index_of(side)]; }
  const End& at(Side side) const { return ends_[index_of(side)]; }

  void on_media(uint8_t tag, Part part, port::DatagramSocket& socket) override;
  bool classify(Part part, StreamPacket& packet, PacketMark& mark) const;
  bool read(Side from, Part part, const port::DatagramSlot& slot, StreamPacket& packet);
  bool is_late(const End& end, const port::DatagramSlot& slot, const PacketMark& mark, Millis now);
  bool admit(End& end, Part part, const StreamPacket& packet, const PacketMark& mark,
             const port::SocketAddress& source);
  void note(End& end, const StreamPacket& packet);
  static Part part_toward(const End& end, Part came_by, bool is_rtcp);
  bool leads_back(Side into, Part part, bool is_rtcp) const;
  void forward(Side to, Part part, const StreamPacket& packet, Batch& batch);

  Forwarding& forwarding_;
  PortPool& ports_;
  std::array<End, 2> ends_;
  ClockRates rates_;
  std::array<PacketSink*, kSinksMax> sinks_{};
  uint8_t sink_count_ = 0;
  bool rtp_ = true;
};

}  // namespace tipring::media
