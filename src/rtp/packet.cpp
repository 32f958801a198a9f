#include "rtp/packet.h"

#include "core/assert.h"

namespace tipring::rtp {

namespace {

constexpr uint8_t kVersionBits = 0x80;  // version 2 in the upper two bits
constexpr uint8_t kPadding = 0x20;
constexpr uint8_t kExtension = 0x10;

std::span<const uint8_t> bytes_of(std::span<const char> datagram) {
  return {reinterpret_cast<const uint8_t*>(datagram.data()), datagram.size()};
}

}  // namespace

Result<ReceivedHeader> read_header(std::span<const char> datagram) {
  const std::span<const uint8_t> bytes = bytes_of(datagram);
  if (bytes.size() < kHeaderBytes || (bytes[0] & 0xc0) != kVersionBits) return Error::Invalid;
  size_t size = kHeaderBytes + 4 * static_cast<size_t>(bytes[0] & 0xf);
  if ((bytes[0] & kExtension) != 0) {
    if (bytes.size() < size + 4) return Error::Invalid;
    size += 4 + 4 * size_t{read_u16(&bytes[size + 2])};
  }
  if (bytes.size() < size) return Error::Invalid;
  ReceivedHeader header;
  header.payload_type = bytes[1] & 0x7f;
  header.marker = (bytes[1] & 0x80) != 0;
  header.sequence = static_cast<uint16_t>(read_u16(&bytes[2]));
  header.timestamp = read_u32(&bytes[4]);
  header.ssrc = read_u32(&bytes[8]);
  header.size = static_cast<uint16_t>(size);  // below 64 KiB, as the datagram is
  return header;
}

Result<Packet> parse_packet(std::span<const char> datagram) {
  const auto header = read_header(datagram);
  if (!header) return header.error();
  const std::span<const uint8_t> bytes = bytes_of(datagram);
  size_t size = bytes.size() - header->size;
  if ((bytes[0] & kPadding) != 0) {
    const size_t padding = bytes.back();
    if (padding == 0 || padding > size) return Error::Invalid;
    size -= padding;
  }
  return Packet{*header, bytes.subspan(header->size, size)};
}

void write_header(const Header& header, std::span<char> out) {
  TIPRING_ASSERT(out.size() >= kHeaderBytes);
  out[0] = static_cast<char>(kVersionBits);
  out[1] = static_cast<char>(header.payload_type | (header.marker ? 0x80 : 0));
  put_u16(&out[2], header.sequence);
  put_u32(&out[4], header.timestamp);
  put_u32(&out[8], header.ssrc);
}

// Its types are those that as RTP would be the marker and payload types that no session uses.
bool is_rtcp(std::span<const char> datagram) {
  if (datagram.size() < 2) return false;
  const auto type = static_cast<uint8_t>(datagram[1]);
  return type >= 192 && type <= 223;
}

}  // namespace tipring::rtp
