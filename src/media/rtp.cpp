#include "media/rtp.h"

namespace tipring::media {

namespace {

constexpr size_t kRtcpFixed = 8;  // the common header and the sender's SSRC
constexpr size_t kStunHeader = 20;
constexpr size_t kDtlsHeader = 13;
constexpr size_t kZrtpHeader = 12;
constexpr uint32_t kStunCookie = 0x2112a442;
constexpr uint32_t kZrtpCookie = 0x5a525450;  // "ZRTP"

uint8_t byte_at(std::span<const char> bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

uint32_t u32_at(std::span<const char> bytes, size_t at) {
  return rtp::read_u32(reinterpret_cast<const uint8_t*>(&bytes[at]));
}

PacketKind kind_of_v2(std::span<const char> datagram) {
  if (rtp::is_rtcp(datagram))
    return datagram.size() >= kRtcpFixed ? PacketKind::Rtcp : PacketKind::Other;
  return datagram.size() >= rtp::kHeaderBytes ? PacketKind::Rtp : PacketKind::Other;
}

}  // namespace

PacketKind kind_of(std::span<const char> datagram) {
  if (datagram.size() < 2) return PacketKind::Other;
  const uint8_t first = byte_at(datagram, 0);
  if (first >= 128 && first <= 191) return kind_of_v2(datagram);
  const size_t size = datagram.size();
  if (first <= 3 && size >= kStunHeader && u32_at(datagram, 4) == kStunCookie)
    return PacketKind::Stun;
  if (first >= 16 && first <= 19 && size >= kZrtpHeader && u32_at(datagram, 4) == kZrtpCookie)
    return PacketKind::Zrtp;
  if (first >= 20 && first <= 63 && size >= kDtlsHeader) return PacketKind::Dtls;
  return PacketKind::Other;
}

Result<RtcpHeader> parse_rtcp(std::span<const char> datagram) {
  if (datagram.size() < kRtcpFixed) return Error::Invalid;
  const size_t length = (size_t{u32_at(datagram, 0) & 0xffff} + 1) * 4;
  // The smallest, an empty receiver report, has two words.
  if (length < kRtcpFixed || length > datagram.size()) return Error::Invalid;
  return RtcpHeader{u32_at(datagram, 4), byte_at(datagram, 1)};
}

}  // namespace tipring::media
