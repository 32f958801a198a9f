// Traced messages as a capture file: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html
#include <algorithm>
#include <map>
#include <span>

#include "admin/trace_messages.h"
#include "core/text.h"
#include "port/address.h"

namespace tipring::admin {
namespace {

constexpr uint32_t kLinkRaw = 101;  // begins with the IP header
constexpr size_t kPayloadMax = 65535 - 60;
constexpr uint8_t kTcp = 6;
constexpr uint8_t kUdp = 17;

class Bytes {
 public:
  void u8(unsigned value) { out.push_back(static_cast<char>(value)); }
  void u16(unsigned value) { u8(value >> 8), u8(value & 0xff); }
  void u32(uint32_t value) { u16(value >> 16), u16(value & 0xffff); }
  void little32(uint32_t value) {
    for (int i = 0; i < 4; ++i) u8(value >> 8 * i & 0xff);
  }
  void little16(unsigned value) { u8(value & 0xff), u8(value >> 8); }
  void address(const port::IpAddress& ip) {
    const size_t size = ip.family == port::Family::V4 ? 4 : 16;
    for (size_t i = 0; i < size; ++i) u8(ip.bytes[i]);
  }

  std::string out;
};

port::SocketAddress address_of(std::string_view text) {
  port::SocketAddress address;
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return address;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (const auto ip = port::parse_ip(host)) address.ip = *ip;
  if (const auto number = parse_u64(text.substr(colon + 1))) {
    address.port = static_cast<uint16_t>(*number);
  }
  return address;
}

// RFC 1071.
unsigned checksum(std::string_view bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<uint8_t>(bytes[i]);
    sum += i % 2 == 0 ? uint32_t{byte} << 8 : byte;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

void put16(std::string& bytes, size_t at, unsigned value) {
  bytes[at] = static_cast<char>(value >> 8);
  bytes[at + 1] = static_cast<char>(value & 0xff);
}

class Capture {
 public:
  Capture() {
    out_.little32(0xa1b2c3d4);
    out_.little16(2), out_.little16(4);
    out_.little32(0), out_.little32(0);
    out_.little32(65535);
    out_.little32(kLinkRaw);
  }

  void add(const TracedMessage& message) {
    port::SocketAddress local = address_of(message.local);
    const port::SocketAddress remote = address_of(message.remote);
    // What left by a socket that had no address of its own yet.
    if (local.ip.family != remote.ip.family) {
      local.ip = {};
      local.ip.family = remote.ip.family;
    }
    if (remote.ip.family == port::Family::None) return;
    const auto& [from, to] = message.sent ? std::pair(local, remote) : std::pair(remote, local);
    const std::string_view payload = std::string_view(message.text).substr(0, kPayloadMax);
    const bool is_udp = message.transport == "udp";
    Bytes segment;
    if (is_udp) {
      write_udp(segment, from, to, payload);
    } else {
      write_tcp(segment, from, to, payload);
    }
    put16(segment.out, is_udp ? 6 : 16,
          segment_checksum(from, to, is_udp ? kUdp : kTcp, segment.out));
    write_packet(message.time_ms, from, to, is_udp ? kUdp : kTcp, segment.out);
  }

  std::string take() { return std::move(out_.out); }

 private:
  static void write_udp(Bytes& out, const port::SocketAddress& from, const port::SocketAddress& to,
                        std::string_view payload) {
    out.u16(from.port), out.u16(to.port);
    out.u16(static_cast<unsigned>(8 + payload.size()));
    out.u16(0);
    out.out += payload;
  }

  // Both directions count what was seen of them, from 1 on.
  void write_tcp(Bytes& out, const port::SocketAddress& from, const port::SocketAddress& to,
                 std::string_view payload) {
    uint32_t& sequence = sequences_.try_emplace(key_of(from, to), 1).first->second;
    const uint32_t acknowledged = sequences_.try_emplace(key_of(to, from), 1).first->second;
    out.u16(from.port), out.u16(to.port);
    out.u32(sequence), out.u32(acknowledged);
    out.u8(5 << 4), out.u8(0x18);  // PSH, ACK
    out.u16(65535);
    out.u16(0), out.u16(0);
    out.out += payload;
    sequence += static_cast<uint32_t>(payload.size());
  }

  static std::string key_of(const port::SocketAddress& from, const port::SocketAddress& to) {
    std::array<char, port::kAddressTextMax> room;
    std::string key(port::write_address(from, room));
    return key + " " + std::string(port::write_address(to, room));
  }

  static unsigned segment_checksum(const port::SocketAddress& from, const port::SocketAddress& to,
                                   uint8_t protocol, const std::string& segment) {
    Bytes pseudo;
    pseudo.address(from.ip), pseudo.address(to.ip);
    pseudo.u32(static_cast<uint32_t>(segment.size()));
    pseudo.u32(protocol);
    const unsigned sum = checksum(pseudo.out + segment);
    return sum == 0 ? 0xffff : sum;
  }

  void write_packet(uint64_t time_ms, const port::SocketAddress& from,
                    const port::SocketAddress& to, uint8_t protocol, const std::string& segment) {
    Bytes ip;
    if (from.ip.family == port::Family::V4) {
      ip.u8(0x45), ip.u8(0);
      ip.u16(static_cast<unsigned>(20 + segment.size()));
      ip.u32(0);
      ip.u8(64), ip.u8(protocol), ip.u16(0);
      ip.address(from.ip), ip.address(to.ip);
      put16(ip.out, 10, checksum(ip.out));
    } else {
      ip.u32(6u << 28);
      ip.u16(static_cast<unsigned>(segment.size()));
      ip.u8(protocol), ip.u8(64);
      ip.address(from.ip), ip.address(to.ip);
    }
    const auto size = static_cast<uint32_t>(ip.out.size() + segment.size());
    out_.little32(static_cast<uint32_t>(time_ms / 1000));
    out_.little32(static_cast<uint32_t>(time_ms % 1000 * 1000));
    out_.little32(size), out_.little32(size);
    out_.out += ip.out + segment;
  }

  Bytes out_;
  std::map<std::string, uint32_t> sequences_;
};

}  // namespace

std::string pcap_bytes(const TracedMessages& messages) {
  Capture capture;
  for (const TracedMessage& message : messages) capture.add(message);
  return capture.take();
}

}  // namespace tipring::admin
