// What a datagram on a media port is. Views and values; nothing is changed, nothing is kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/result.h"
#include "rtp/packet.h"

namespace tipring::media {

// By the first bytes: RFC 7983 7, and RFC 5761 4 for RTP and RTCP on one port.
enum class PacketKind : uint8_t {
  Rtp,
  Rtcp,
  Stun,   // RFC 8489: keepalives of RTP ports, and ICE
  Dtls,   // RFC 5764: the keys of SRTP
  Zrtp,   // RFC 6189
  Other,  // nothing that media ports carry
};
inline constexpr size_t kPacketKinds = 6;

// SRTP and SRTCP have the same headers in the clear, and are Rtp and Rtcp.
PacketKind kind_of(std::span<const char> datagram);

using RtpHeader = rtp::ReceivedHeader;

struct RtcpHeader {
  uint32_t ssrc = 0;  // of who sent it
  uint8_t type = 0;   // 200 is a sender report, 201 a receiver report …
};

// Of the first packet of a datagram that is Rtcp. Errors: Invalid (it runs over the end).
Result<RtcpHeader> parse_rtcp(std::span<const char> datagram);

}  // namespace tipring::media
