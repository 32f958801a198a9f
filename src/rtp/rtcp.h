// RTCP as an endpoint with one stream needs it: RFC 3550 6. Writes compound packets of a report, the
// source's CNAME and, at the end, BYE; of what comes it reads the reports and BYE.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/result.h"
#include "port/time.h"
#include "rtp/reception.h"

namespace tipring::rtp {

// What we have sent; written as a sender report.
struct SenderInfo {
  Millis wall{0};  // since 1970
  uint32_t timestamp = 0;
  uint32_t packets = 0;
  uint32_t octets = 0;  // of payloads
};

struct RtcpReport {
  uint32_t ssrc = 0;
  std::optional<SenderInfo> sender;      // without: a receiver report
  std::optional<ReportBlock> reception;  // of whom we hear
  std::string_view cname;                // at most 255 bytes
  bool bye = false;
};

inline constexpr size_t kRtcpBytesMax = 28 + 24 + 8 + 264 + 8;

// REQUIRES: `out` has kRtcpBytesMax. The bytes written.
size_t write_rtcp(const RtcpReport& report, std::span<char> out);

// The middle 32 bits of an NTP time, as LSR has them.
uint32_t ntp_middle(Millis wall);

struct RtcpNews {
  std::optional<uint32_t> sender_ssrc;  // there was a sender report, of
  uint32_t ntp_middle = 0;              // this time
  std::optional<ReportBlock> about_us;  // the block about `own_ssrc`
  bool bye = false;
};

// Errors: Invalid (no compound packet as RFC 3550 A.2 wants it).
Result<RtcpNews> parse_rtcp(std::span<const char> datagram, uint32_t own_ssrc);

}  // namespace tipring::rtp
