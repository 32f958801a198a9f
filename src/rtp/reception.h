// What is known of one source that we hear: RFC 3550 6.4.1 and appendix A.1, A.3, A.8.
#pragma once

#include <cstdint>

#include "port/time.h"
#include "rtp/packet.h"

namespace tipring::rtp {

// Of a report block.
struct ReportBlock {
  uint32_t ssrc = 0;
  uint8_t fraction_lost = 0;       // of 256, since the last report
  uint32_t lost = 0;               // in all; never below 0 here
  uint32_t highest_sequence = 0;   // with the cycles above the lower 16 bits
  uint32_t jitter = 0;             // in units of the timestamp
  uint32_t last_report = 0;        // middle 32 bits of the NTP time of the last SR; 0: none
  uint32_t since_last_report = 0;  // in 1/65536 s
};

// Figures of all sources that were heard, one after the other; the report is about the last one.
class Reception {
 public:
  // `clock_rate`: of its timestamp; 0: that says nothing of when it was sent (telephone events: RFC
  // 4733 2.2.1, 2.5.1.2). A packet of another source begins anew, and so do two in a row of the same
  // one that are far off.
  void on_packet(const Header& header, uint32_t clock_rate, Millis now);
  // Its sender report.
  void on_sender_report(uint32_t ssrc, uint32_t ntp_middle, Millis now);

  bool heard() const { return heard_; }
  uint32_t ssrc() const { return ssrc_; }
  uint64_t received() const { return received_before_ + received_; }
  // Expected less received: packets that came twice count against losses.
  int64_t lost() const { return lost_before_ + expected() - static_cast<int64_t>(received_); }
  uint32_t jitter() const { return jitter_16_ >> 4; }  // in units of the timestamp
  uint32_t jitter_us() const;

  // What is to be reported now; the next fraction counts from here.
  ReportBlock report(Millis now);

 private:
  void begin(uint16_t sequence);
  bool count_sequence(uint16_t sequence);
  int64_t expected() const { return heard_ ? int64_t{cycles_} + highest_ - first_ + 1 : 0; }
  void measure_jitter(uint32_t timestamp, uint32_t clock_rate, Millis now);

  uint64_t received_before_ = 0;  // before the source began, by it or by others
  int64_t lost_before_ = 0;
  uint64_t received_ = 0;  // since then, all below too
  uint64_t received_reported_ = 0;
  int64_t expected_reported_ = 0;
  uint32_t ssrc_ = 0;
  uint32_t cycles_ = 0;
  uint32_t bad_ = 0;  // the next number, if the source has begun anew
  uint32_t transit_ = 0;
  uint32_t jitter_16_ = 0;  // sixteen times the jitter
  uint32_t rate_ = 0;       // of these two; 0: there was none
  uint32_t report_ntp_ = 0;
  Millis report_at_{0};
  uint16_t first_ = 0;
  uint16_t highest_ = 0;
  bool heard_ = false;
};

}  // namespace tipring::rtp
