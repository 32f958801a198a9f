// Where the packets of one side come from, and so where packets to it go: symmetric RTP (RFC 4961)
// for phones behind NATs, without giving a call away to who sends first.
//
// An address is known by how it fits what signalling has said of the peer: it is the described one
// (SDP), of the same host as that or as the signalling, or elsewhere. While learning is open the
// better fit wins at once, and five packets in a row from one address and SSRC close it; from then
// on only that address counts, until its SSRC changes; when it has fallen silent, the same stream
// may go on from another port of its host (a NAT that has forgotten it). An address from elsewhere is learnt only where the description
// cannot be right anyhow (its host is not the one that signals), from five packets in a row, when
// nothing better has been heard for half a second. So who sprays packets at our ports hears nothing
// of a call whose peer sends, and nothing ever of one whose peer is not behind a NAT.
//
// One latch is for one socket's packets from one side: RTP, or RTCP.
#pragma once

#include <cstdint>

#include "port/address.h"
#include "port/time.h"

namespace tipring::media {

// What signalling says of the peer.
struct ExpectedPeer {
  port::SocketAddress described;   // port 0: the description has no address to send to
  port::SocketAddress signalling;  // where its signalling comes from
  bool elsewhere = false;          // a third address may be learnt

  friend bool operator==(const ExpectedPeer&, const ExpectedPeer&) = default;
};

// By what a packet is known to belong with the one before it.
struct PacketMark {
  uint32_t ssrc = 0;
  uint16_t sequence = 0;
  bool has_ssrc = false;      // not in STUN, DTLS and ZRTP
  bool has_sequence = false;  // not in RTCP
};

class Latch {
 public:
  static constexpr uint8_t kRun = 5;      // equal packets that close learning
  static constexpr Millis kSilence{500};  // after it another address may take over

  // A peer, whose packets are let through. Learning begins anew when it is another one than before;
  // when only the port of its signalling has changed, as by a NAT, it opens again; else nothing
  // happens.
  void expect(const ExpectedPeer& peer, Millis now);
  // Nobody: no packet is let through, and none has a place to go.
  void shut();
  bool is_open() const { return open_; }

  // A packet has come; whether it is the peer's. `rtp_host`: for RTCP, where RTP comes from, which
  // is the same host; else null.
  bool admit(const port::SocketAddress& source, const PacketMark& mark, Millis now,
             const port::IpAddress* rtp_host = nullptr);

  // Where packets to the peer go; port 0: nowhere yet.
  const port::SocketAddress& target() const { return known() ? source_ : peer_.described; }

  const port::SocketAddress& described() const { return peer_.described; }

  // Where the peer's packets come from; port 0: none has come.
  const port::SocketAddress& source() const { return source_; }
  bool known() const { return source_.port != 0; }
  bool is_learning() const { return learning_; }

 private:
  enum class Fit : uint8_t { Stranger, Elsewhere, SameHost, Described };

  // A row of packets from one address that is not the one we know.
  struct Candidate {
    port::SocketAddress source;
    uint32_t ssrc = 0;
    uint16_t sequence = 0;
    uint8_t run = 0;
  };

  Fit fit_of(const port::SocketAddress& source, const port::IpAddress* rtp_host) const;
  void go_on(const PacketMark& mark, Millis now);
  bool is_rebound(const port::SocketAddress& source, Fit fit, const PacketMark& mark) const;
  bool fills_row(const port::SocketAddress& source, const PacketMark& mark);
  void adopt(const port::SocketAddress& source, Fit fit, const PacketMark& mark, uint8_t run,
             Millis now);

  ExpectedPeer peer_;
  port::SocketAddress source_;  // port 0: none yet
  Candidate candidate_;
  Millis opened_{0};
  Millis heard_{0};  // from source_
  uint32_t ssrc_ = 0;
  uint16_t sequence_ = 0;
  uint8_t run_ = 0;
  Fit fit_ = Fit::Stranger;
  bool has_ssrc_ = false;
  bool open_ = false;
  bool learning_ = false;
};

}  // namespace tipring::media
