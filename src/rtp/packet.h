// RTP packets: RFC 3550 5.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/result.h"

namespace tipring::rtp {

struct Header {
  uint8_t payload_type = 0;  // 7 bits
  bool marker = false;
  uint16_t sequence = 0;
  uint32_t timestamp = 0;
  uint32_t ssrc = 0;
};

// As it came.
struct ReceivedHeader : Header {
  uint16_t size = 0;  // with contributing sources and extension
};

struct Packet {
  Header header;
  std::span<const uint8_t> payload;  // into the datagram, without padding
};

inline constexpr size_t kHeaderBytes = 12;

// What follows it is not looked at: of SRTP it is encrypted, padding included. Errors: Invalid (another
// version, or contributing sources or extension run over the end).
Result<ReceivedHeader> read_header(std::span<const char> datagram);

// Errors: those of read_header(), and Invalid for more padding than there is.
Result<Packet> parse_packet(std::span<const char> datagram);

// A header without contributing sources or extension. REQUIRES: `out` has kHeaderBytes.
void write_header(const Header& header, std::span<char> out);

// On a port that carries both (RFC 5761 4): whether it is an RTCP packet.
bool is_rtcp(std::span<const char> datagram);

// Big-endian numbers.
inline uint32_t read_u16(const uint8_t* at) { return static_cast<uint32_t>(at[0] << 8 | at[1]); }
inline uint32_t read_u32(const uint8_t* at) { return read_u16(at) << 16 | read_u16(at + 2); }
inline void put_u16(char* at, uint32_t value) {
  at[0] = static_cast<char>(value >> 8);
  at[1] = static_cast<char>(value);
}
inline void put_u32(char* at, uint32_t value) {
  put_u16(at, value >> 16);
  put_u16(at + 2, value);
}

}  // namespace tipring::rtp
