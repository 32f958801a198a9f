#include "transport/hep_export.h"

#include <algorithm>
#include <array>

namespace tipring::transport {
namespace {

// Chunks of the vendor 0, "generic": https://github.com/sipcapture/HEP/blob/master/docs/HEP3NetworkProtocolSpecification_REV36.pdf
enum Chunk : uint16_t {
  kFamily = 1,
  kProtocol = 2,
  kSource4 = 3,
  kTarget4 = 4,
  kSource6 = 5,
  kTarget6 = 6,
  kSourcePort = 7,
  kTargetPort = 8,
  kSeconds = 9,
  kMicroseconds = 10,
  kKind = 11,
  kAgent = 12,
  kPayload = 15,
};
constexpr uint8_t kSip = 1;
constexpr uint32_t kAgentNumber = 2001;
constexpr size_t kHead = 6;

class Packet {
 public:
  explicit Packet(std::span<char> out) : out_(out) {
    text("HEP3");
    u16(0);  // the length
  }

  void number(Chunk chunk, uint32_t value, size_t bytes) {
    head(chunk, bytes);
    for (size_t i = bytes; i-- > 0;) u8(static_cast<uint8_t>(value >> 8 * i));
  }
  void address(const port::IpAddress& ip, Chunk four, Chunk six) {
    const bool is_four = ip.family == port::Family::V4;
    const size_t bytes = is_four ? 4 : 16;
    head(is_four ? four : six, bytes);
    for (size_t i = 0; i < bytes; ++i) u8(ip.bytes[i]);
  }
  void payload(std::string_view bytes) {
    bytes = bytes.substr(0, std::min(bytes.size(), out_.size() - size_ - kHead));
    head(kPayload, bytes.size());
    text(bytes);
  }
  std::string_view finish() {
    out_[4] = static_cast<char>(size_ >> 8);
    out_[5] = static_cast<char>(size_ & 0xff);
    return {out_.data(), size_};
  }

 private:
  void head(Chunk chunk, size_t bytes) {
    u16(0);
    u16(chunk);
    u16(static_cast<unsigned>(bytes + kHead));
  }
  void u8(uint8_t value) { out_[size_++] = static_cast<char>(value); }
  void u16(unsigned value) {
    u8(static_cast<uint8_t>(value >> 8));
    u8(static_cast<uint8_t>(value & 0xff));
  }
  void text(std::string_view bytes) {
    std::copy(bytes.begin(), bytes.end(), out_.begin() + static_cast<ptrdiff_t>(size_));
    size_ += bytes.size();
  }

  std::span<char> out_;
  size_t size_ = 0;
};

}  // namespace

int HepExport::open(port::Network& network, const port::SocketAddress& collector) {
  port::DatagramOptions options;
  options.bind.ip.family = collector.ip.family;
  options.receive_buffer_bytes = 4096;  // a collector answers nothing
  int error = 0;
  socket_ = network.open_datagram(options, *this, error);
  if (socket_ == nullptr) return error;
  collector_ = collector;
  room_.resize(kDatagramMax);
  return 0;
}

std::string_view HepExport::write(const TraceEntry& entry, std::span<char> out) {
  const bool sent = entry.kind == TraceKind::Sent;
  const port::SocketAddress& from = sent ? entry.local : entry.remote;
  const port::SocketAddress& to = sent ? entry.remote : entry.local;
  // A socket that left it to the kernel had no address yet.
  port::IpAddress source = from.ip;
  port::IpAddress target = to.ip;
  source.family = target.family = entry.remote.ip.family;
  const bool is_udp = entry.transport == sip::Transport::Udp;
  const auto wall = static_cast<uint64_t>(entry.wall.count());
  Packet packet(out);
  packet.number(kFamily, source.family == port::Family::V4 ? 2 : 10, 1);
  packet.number(kProtocol, is_udp ? 17 : 6, 1);
  packet.address(source, kSource4, kSource6);
  packet.address(target, kTarget4, kTarget6);
  packet.number(kSourcePort, from.port, 2);
  packet.number(kTargetPort, to.port, 2);
  packet.number(kSeconds, static_cast<uint32_t>(wall / 1000), 4);
  packet.number(kMicroseconds, static_cast<uint32_t>(wall % 1000 * 1000), 4);
  packet.number(kKind, kSip, 1);
  packet.number(kAgent, kAgentNumber, 4);
  packet.payload(entry.text);
  return packet.finish();
}

void HepExport::on_traced(const TraceEntry& entry) {
  const std::string_view packet = write(entry, room_);
  const port::OutgoingDatagram datagram{{packet.data(), packet.size()}, collector_, {}};
  ++(socket_->send({&datagram, 1}) == 1 ? sent_ : lost_);
}

void HepExport::on_readable(port::DatagramSocket& socket) {
  std::array<char, 64> ignored;
  port::DatagramSlot slot;
  slot.buffer = ignored;
  socket.receive({&slot, 1});
}

}  // namespace tipring::transport
