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

Result<Packet> parse_packet(std::span<const char> datagram) {
  const std::span<const uint8_t> bytes = bytes_of(datagram);
  if (bytes.size() < kHeaderBytes || (bytes[0] & 0xc0) != kVersionBits) return Error::Invalid;
  Packet packet;
  packet.header = {static_cast<uint8_t>(bytes[1] & 0x7f), (bytes[1] & 0x80) != 0,
                   static_cast<uint16_t>(read_u16(&bytes[2])), read_u32(&bytes[4]),
                   read_u32(&bytes[8])};
  size_t begin = kHeaderBytes + 4 * static_cast<size_t>(bytes[0] & 0xf);
  if ((bytes[0] & kExtension) != 0) {
    if (bytes.size() < begin + 4) return Error::Invalid;
    begin += 4 + 4 * size_t{read_u16(&bytes[begin + 2])};
  }
  if (bytes.size() < begin) return Error::Invalid;
  size_t size = bytes.size() - begin;
  if ((bytes[0] & kPadding) != 0) {
    const size_t padding = bytes.back();
    if (padding == 0 || padding > size) return Error::Invalid;
    size -= padding;
  }
  packet.payload = bytes.subspan(begin, size);
  return packet;
}

void write_header(const Header& header, std::span<char> out) {
  TIPRING_ASSERT(out.size() >= kHeaderBytes);
  out[0] = static_cast<char>(kVersionBits);
  out[1] = static_cast<char>(header.payload_type | (header.marker ? 0x80 : 0));
  put_u16(&out[2], header.sequence);
  put_u32(&out[4], header.timestamp);
  put_u32(&out[8], header.ssrc);
}

bool is_rtcp(std::span<const char> datagram) {
  if (datagram.size() < 2) return false;
  const auto type = static_cast<uint8_t>(datagram[1]);
  return type >= 192 && type <= 223;
}

}  // namespace tipring::rtp
