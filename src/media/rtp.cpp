#include "media/rtp.h"

namespace tipring::media {

namespace {

constexpr size_t kRtpFixed = 12;
constexpr size_t kRtcpFixed = 8;  // the common header and the sender's SSRC
constexpr size_t kStunHeader = 20;
constexpr size_t kDtlsHeader = 13;
constexpr size_t kZrtpHeader = 12;
constexpr uint32_t kStunCookie = 0x2112a442;
constexpr uint32_t kZrtpCookie = 0x5a525450;  // "ZRTP"

uint8_t byte_at(std::span<const char> bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

uint16_t u16_at(std::span<const char> bytes, size_t at) {
  return static_cast<uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}

uint32_t u32_at(std::span<const char> bytes, size_t at) {
  return uint32_t{u16_at(bytes, at)} << 16 | u16_at(bytes, at + 2);
}

// Packets of RTCP have types from 192 to 223, which as RTP would be the marker and payload types
// that no session uses (RFC 5761 4).
bool is_rtcp_type(uint8_t second) { return second >= 192 && second <= 223; }

PacketKind kind_of_v2(std::span<const char> datagram) {
  if (is_rtcp_type(byte_at(datagram, 1)))
    return datagram.size() >= kRtcpFixed ? PacketKind::Rtcp : PacketKind::Other;
  return datagram.size() >= kRtpFixed ? PacketKind::Rtp : PacketKind::Other;
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

Result<RtpHeader> parse_rtp(std::span<const char> datagram) {
  if (datagram.size() < kRtpFixed) return Error::Invalid;
  const uint8_t first = byte_at(datagram, 0);
  size_t size = kRtpFixed + size_t{first & 0x0fu} * 4;
  if ((first & 0x10) != 0) {
    if (datagram.size() < size + 4) return Error::Invalid;
    size += 4 + size_t{u16_at(datagram, size + 2)} * 4;
  }
  if (datagram.size() < size) return Error::Invalid;
  RtpHeader header;
  header.marker = (byte_at(datagram, 1) & 0x80) != 0;
  header.payload_type = byte_at(datagram, 1) & 0x7f;
  header.sequence = u16_at(datagram, 2);
  header.timestamp = u32_at(datagram, 4);
  header.ssrc = u32_at(datagram, 8);
  // Below 64 KiB, as the datagram is.
  header.header_size = static_cast<uint16_t>(size);
  return header;
}

Result<RtcpHeader> parse_rtcp(std::span<const char> datagram) {
  if (datagram.size() < kRtcpFixed) return Error::Invalid;
  const size_t length = (size_t{u16_at(datagram, 2)} + 1) * 4;
  // The smallest, an empty receiver report, has two words.
  if (length < kRtcpFixed || length > datagram.size()) return Error::Invalid;
  return RtcpHeader{u32_at(datagram, 4), byte_at(datagram, 1)};
}

}  // namespace tipring::media
