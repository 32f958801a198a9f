#include "rtp/rtcp.h"

#include <cstring>

#include "core/assert.h"
#include "rtp/packet.h"

namespace tipring::rtp {

namespace {

constexpr uint8_t kSenderReport = 200;
constexpr uint8_t kReceiverReport = 201;
constexpr uint8_t kSourceDescription = 202;
constexpr uint8_t kBye = 203;
constexpr uint8_t kCname = 1;

constexpr size_t kBlockBytes = 24;
constexpr size_t kSenderBytes = 20;
constexpr uint64_t kNtpEpoch_s = 2208988800U;  // 1970 counted from 1900

// Of any RTCP packet: its length is in words, without the first.
void put_head(char* at, uint8_t count, uint8_t type, size_t bytes) {
  at[0] = static_cast<char>(0x80 | count);
  at[1] = static_cast<char>(type);
  put_u16(at + 2, static_cast<uint32_t>(bytes / 4 - 1));
}

uint64_t ntp_of(Millis wall) {
  const auto millis = static_cast<uint64_t>(wall.count());
  return ((millis / 1000 + kNtpEpoch_s) << 32) | (((millis % 1000) << 32) / 1000);
}

char* put_sender(char* at, const SenderInfo& info) {
  const uint64_t ntp = ntp_of(info.wall);
  put_u32(at, static_cast<uint32_t>(ntp >> 32));
  put_u32(at + 4, static_cast<uint32_t>(ntp));
  put_u32(at + 8, info.timestamp);
  put_u32(at + 12, info.packets);
  put_u32(at + 16, info.octets);
  return at + kSenderBytes;
}

char* put_block(char* at, const ReportBlock& block) {
  put_u32(at, block.ssrc);
  put_u32(at + 4, uint32_t{block.fraction_lost} << 24 | (block.lost & 0xffffff));
  put_u32(at + 8, block.highest_sequence);
  put_u32(at + 12, block.jitter);
  put_u32(at + 16, block.last_report);
  put_u32(at + 20, block.since_last_report);
  return at + kBlockBytes;
}

// One chunk with one item, ended by at least one zero byte.
char* put_description(char* at, uint32_t ssrc, std::string_view cname) {
  const size_t text = cname.size() < 255 ? cname.size() : 255;
  const size_t bytes = (8 + 2 + text + 1 + 3) / 4 * 4;
  std::memset(at, 0, bytes);
  put_head(at, 1, kSourceDescription, bytes);
  put_u32(at + 4, ssrc);
  at[8] = static_cast<char>(kCname);
  at[9] = static_cast<char>(text);
  std::memcpy(at + 10, cname.data(), text);
  return at + bytes;
}

ReportBlock read_block(const uint8_t* at) {
  return {read_u32(at),
          at[4],
          read_u32(at + 4) & 0xffffff,
          read_u32(at + 8),
          read_u32(at + 12),
          read_u32(at + 16),
          read_u32(at + 20)};
}

void read_report(std::span<const uint8_t> packet, uint32_t own_ssrc, RtcpNews& news) {
  if (packet.size() < 8) return;
  size_t at = 8;
  if (packet[1] == kSenderReport) {
    if (packet.size() < 8 + kSenderBytes) return;
    news.sender_ssrc = read_u32(&packet[4]);
    news.ntp_middle = read_u32(&packet[10]);
    at += kSenderBytes;
  }
  for (int left = packet[0] & 0x1f; left > 0 && packet.size() >= at + kBlockBytes; --left) {
    if (read_u32(&packet[at]) == own_ssrc) news.about_us = read_block(&packet[at]);
    at += kBlockBytes;
  }
}

}  // namespace

uint32_t ntp_middle(Millis wall) { return static_cast<uint32_t>(ntp_of(wall) >> 16); }

size_t write_rtcp(const RtcpReport& report, std::span<char> out) {
  TIPRING_ASSERT(out.size() >= kRtcpBytesMax);
  char* at = out.data() + 4;
  put_u32(at, report.ssrc);
  at += 4;
  if (report.sender) at = put_sender(at, *report.sender);
  if (report.reception) at = put_block(at, *report.reception);
  put_head(out.data(), report.reception ? 1 : 0, report.sender ? kSenderReport : kReceiverReport,
           static_cast<size_t>(at - out.data()));
  at = put_description(at, report.ssrc, report.cname);
  if (report.bye) {
    put_head(at, 1, kBye, 8);
    put_u32(at + 4, report.ssrc);
    at += 8;
  }
  return static_cast<size_t>(at - out.data());
}

Result<RtcpNews> parse_rtcp(std::span<const char> datagram, uint32_t own_ssrc) {
  std::span<const uint8_t> rest(reinterpret_cast<const uint8_t*>(datagram.data()), datagram.size());
  if (rest.size() < 8 || (rest[1] != kSenderReport && rest[1] != kReceiverReport)) {
    return Error::Invalid;
  }
  RtcpNews news;
  while (!rest.empty()) {
    if (rest.size() < 4 || (rest[0] & 0xc0) != 0x80) return Error::Invalid;
    const size_t bytes = 4 * (size_t{read_u16(&rest[2])} + 1);
    if (bytes > rest.size()) return Error::Invalid;
    const std::span<const uint8_t> packet = rest.first(bytes);
    const uint8_t type = packet[1];
    if (type == kSenderReport || type == kReceiverReport) read_report(packet, own_ssrc, news);
    if (type == kBye) news.bye = true;
    rest = rest.subspan(bytes);
  }
  return news;
}

}  // namespace tipring::rtp
