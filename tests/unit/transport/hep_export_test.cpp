// What a collector is sent: HEPv3, chunk by chunk.
#include "transport/hep_export.h"

#include <doctest/doctest.h>

#include <map>
#include <vector>

namespace tipring::transport {
namespace {

constexpr size_t kHead = 6;

unsigned u16(std::string_view bytes, size_t at) {
  return static_cast<uint8_t>(bytes[at]) * 256u + static_cast<uint8_t>(bytes[at + 1]);
}

// By their types; each once, all of the generic vendor, and as long as the packet says.
std::map<unsigned, std::string> chunks_of(const TraceEntry& entry, size_t room) {
  std::vector<char> out(room);
  const std::string packet(HepExport::write(entry, out));
  REQUIRE(packet.size() > kHead);
  CHECK(packet.substr(0, 4) == "HEP3");
  CHECK(u16(packet, 4) == packet.size());
  std::map<unsigned, std::string> chunks;
  for (size_t at = kHead; at < packet.size();) {
    const size_t size = u16(packet, at + 4);
    REQUIRE(size >= kHead);
    REQUIRE(at + size <= packet.size());
    CHECK(u16(packet, at) == 0);
    CHECK(chunks.emplace(u16(packet, at + 2), packet.substr(at + kHead, size - kHead)).second);
    at += size;
  }
  return chunks;
}

port::SocketAddress address(std::string_view ip, uint16_t port) {
  return {*port::parse_ip(ip), port};
}

TraceEntry entry(TraceKind kind, const port::SocketAddress& local,
                 const port::SocketAddress& remote) {
  TraceEntry made;
  made.kind = kind;
  made.wall = Millis(0x01020304LL * 1000 + 7);
  made.local = local;
  made.remote = remote;
  made.text = "OPTIONS sip:a@b SIP/2.0\r\n\r\n";
  return made;
}

TEST_CASE("hep: a message that was sent by UDP over IPv4") {
  const auto chunks =
      chunks_of(entry(TraceKind::Sent, address("192.0.2.9", 5060), address("192.0.2.1", 0x1234)),
                HepExport::kDatagramMax);
  const std::map<unsigned, std::string> wanted = {
      {1, "\x02"},
      {2, "\x11"},
      {3, std::string("\xc0\x00\x02\x09", 4)},
      {4, std::string("\xc0\x00\x02\x01", 4)},
      {7, "\x13\xc4"},
      {8, "\x12\x34"},
      {9, "\x01\x02\x03\x04"},
      {10, std::string("\x00\x00\x1b\x58", 4)},
      {11, "\x01"},
      {12, std::string("\x00\x00\x07\xd1", 4)},
      {15, "OPTIONS sip:a@b SIP/2.0\r\n\r\n"},
  };
  CHECK(chunks == wanted);
}

TEST_CASE("hep: a message that came by TCP over IPv6 is from the peer") {
  TraceEntry came =
      entry(TraceKind::Received, address("2001:db8::9", 5060), address("2001:db8::1", 0x1234));
  came.transport = sip::Transport::Tcp;
  auto chunks = chunks_of(came, HepExport::kDatagramMax);
  CHECK(chunks[1] == "\x0a");
  CHECK(chunks[2] == "\x06");
  CHECK(chunks.count(3) + chunks.count(4) == 0);
  CHECK(chunks[5].back() == 1);
  CHECK(chunks[6].back() == 9);
  CHECK(chunks[7] == "\x12\x34");
}

TEST_CASE(
    "hep: a socket without an address has the peer's family, a long message is cut to its room") {
  TraceEntry sent = entry(TraceKind::Sent, {}, address("2001:db8::1", 5060));
  const std::string text(20'000, 'x');
  sent.text = text;
  auto chunks = chunks_of(sent, HepExport::kDatagramMax);
  CHECK(chunks[5] == std::string(16, '\0'));
  CHECK(chunks[15].size() > 16'384);
  CHECK(chunks[15].size() < HepExport::kDatagramMax);
}

}  // namespace
}  // namespace tipring::transport
