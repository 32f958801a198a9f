#include "rtp/reception.h"

#include <algorithm>

#include "rtp/g711.h"

namespace tipring::rtp {

void Reception::begin(const Header& header) {
  const uint32_t ntp = header.ssrc == ssrc_ ? report_ntp_ : 0;
  const Millis at = report_at_;
  *this = Reception();
  ssrc_ = header.ssrc;
  first_ = highest_ = header.sequence;
  received_ = 1;
  report_ntp_ = ntp;
  report_at_ = at;
}

void Reception::on_packet(const Header& header, Millis now) {
  if (!heard() || header.ssrc != ssrc_) {
    begin(header);
  } else {
    const auto ahead = static_cast<uint16_t>(header.sequence - highest_);
    if (ahead != 0 && ahead < kJumpMax) {
      if (header.sequence < highest_) cycles_ += 0x10000;
      highest_ = header.sequence;
    } else if (ahead != 0 && ahead <= 0xffff - kLateMax) {
      return begin(header);  // the source has begun anew
    }
    ++received_;
  }
  measure_jitter(header, now);
}

// 6.4.1, by whole units so that no float is needed: A.8.
void Reception::measure_jitter(const Header& header, Millis now) {
  const auto arrival = static_cast<uint32_t>(now.count() * (kSampleRate / 1000));
  const uint32_t transit = arrival - header.timestamp;
  if (has_transit_) {
    const auto difference = static_cast<int32_t>(transit - transit_);
    const auto distance = static_cast<uint32_t>(difference < 0 ? -int64_t{difference} : difference);
    // A new timestamp base of the same source is no jitter.
    if (distance < kSampleRate * 10) jitter_16_ += distance - ((jitter_16_ + 8) >> 4);
  }
  transit_ = transit;
  has_transit_ = true;
}

void Reception::on_sender_report(uint32_t ssrc, uint32_t ntp_middle, Millis now) {
  if (heard() && ssrc != ssrc_) return;
  if (!heard()) ssrc_ = ssrc;
  report_ntp_ = ntp_middle;
  report_at_ = now;
}

// Packets that came twice may make it less than nothing.
uint32_t Reception::lost() const {
  if (!heard()) return 0;
  return expected() > received_ ? expected() - received_ : 0;
}

ReportBlock Reception::report(Millis now) {
  ReportBlock block;
  block.ssrc = ssrc_;
  block.lost = std::min(lost(), 0x7fffffU);
  block.highest_sequence = cycles_ | highest_;
  block.jitter = jitter();
  const uint32_t expected_now = expected() - expected_before_;
  const uint32_t received_now = received_ - received_before_;
  if (expected_now > received_now && expected_now != 0) {
    const uint64_t share = (uint64_t{expected_now - received_now} << 8) / expected_now;
    block.fraction_lost = static_cast<uint8_t>(std::min<uint64_t>(share, 255));
  }
  expected_before_ = expected();
  received_before_ = received_;
  block.last_report = report_ntp_;
  if (report_ntp_ != 0) {
    block.since_last_report = static_cast<uint32_t>((now - report_at_).count() * 65536 / 1000);
  }
  return block;
}

}  // namespace tipring::rtp
