// What can be said about one relayed stream, and who is told of its packets.
#pragma once

#include <cstdint>
#include <span>

#include "media/rtp.h"
#include "port/time.h"

namespace tipring::media {

// The two sides of an anchored call. After a transfer a side has another phone behind it and is
// still the same side.
enum class Side : uint8_t { Caller, Callee };
constexpr Side other(Side side) { return side == Side::Caller ? Side::Callee : Side::Caller; }
constexpr size_t index_of(Side side) { return static_cast<size_t>(side); }

// One packet of RTP or RTCP that has been let through. Good during the call that gives it.
struct StreamPacket {
  Side from = Side::Caller;
  PacketKind kind = PacketKind::Rtp;
  std::span<const char> bytes;
  RtpHeader rtp;  // of kind Rtp
  Millis at{0};
};

// Hears every packet of a stream, before it is sent on. Statistics are one, a recorder is another.
class PacketSink {
 public:
  // On the loop, for each packet: copies what it keeps, and never blocks.
  virtual void on_packet(const StreamPacket& packet) = 0;

 protected:
  ~PacketSink() = default;
};

// What one side of a stream has sent: RFC 3550 6.4.1, A.3 and A.8.
struct Reception {
  uint64_t packets = 0;  // of RTP
  uint64_t bytes = 0;    // of these, headers included
  int64_t lost = 0;      // expected less received: duplicates count against losses
  uint32_t jitter_us = 0;
  uint32_t ssrc = 0;            // the last one
  Millis last_packet = kNever;  // of media or RTCP; kNever: none yet
};

}  // namespace tipring::media
