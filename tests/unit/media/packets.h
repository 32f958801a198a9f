// Packets of media, written by hand.
#pragma once

#include <cstdint>
#include <string>

namespace tipring::media::test {

inline void put_u16(std::string& out, uint32_t value) {
  out += static_cast<char>(value >> 8 & 0xff);
  out += static_cast<char>(value & 0xff);
}
inline void put_u32(std::string& out, uint32_t value) {
  put_u16(out, value >> 16);
  put_u16(out, value & 0xffff);
}

struct RtpFields {
  uint32_t ssrc = 0x11111111;
  uint16_t sequence = 1;
  uint32_t timestamp = 0;
  uint8_t payload_type = 0;
  bool marker = false;
};

inline std::string rtp(const RtpFields& fields,
                       const std::string& payload = std::string(160, 'x')) {
  std::string out = "\x80";
  out += static_cast<char>((fields.marker ? 0x80 : 0) | fields.payload_type);
  put_u16(out, fields.sequence);
  put_u32(out, fields.timestamp);
  put_u32(out, fields.ssrc);
  return out + payload;
}

// An empty receiver report.
inline std::string rtcp(uint32_t ssrc, uint8_t type = 201) {
  std::string out = "\x80";
  out += static_cast<char>(type);
  put_u16(out, 1);
  put_u32(out, ssrc);
  return out;
}

// A binding request without attributes.
inline std::string stun() {
  std::string out;
  put_u16(out, 1);
  put_u16(out, 0);
  put_u32(out, 0x2112a442);
  return out + std::string(12, 't');
}

inline std::string dtls() {
  return std::string("\x16\xfe\xfd", 3) + std::string(10, '\0') + "hello";
}

inline std::string zrtp() {
  std::string out(4, '\x10');
  put_u32(out, 0x5a525450);
  put_u32(out, 7);
  return out + "hello";
}

}  // namespace tipring::media::test
