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

class Reception {
 public:
  // A packet of a source; another source than before, or a jump, begins anew.
  void on_packet(const Header& header, Millis now);
  // Its sender report.
  void on_sender_report(uint32_t ssrc, uint32_t ntp_middle, Millis now);

  bool heard() const { return received_ != 0; }
  uint32_t ssrc() const { return ssrc_; }
  uint32_t received() const { return received_; }
  uint32_t lost() const;
  uint32_t jitter() const { return static_cast<uint32_t>(jitter_16_ >> 4); }

  // What is to be reported now; the next fraction counts from here.
  ReportBlock report(Millis now);

 private:
  static constexpr uint16_t kJumpMax = 3000;  // MAX_DROPOUT of A.1
  static constexpr uint16_t kLateMax = 100;   // MAX_MISORDER

  void begin(const Header& header);
  uint32_t expected() const { return cycles_ + highest_ - first_ + 1; }
  void measure_jitter(const Header& header, Millis now);

  uint32_t ssrc_ = 0;
  uint32_t received_ = 0;
  uint32_t received_before_ = 0;  // at the last report
  uint32_t expected_before_ = 0;
  uint32_t cycles_ = 0;
  uint32_t transit_ = 0;
  uint64_t jitter_16_ = 0;  // sixteen times the jitter
  uint32_t report_ntp_ = 0;
  uint16_t first_ = 0;
  uint16_t highest_ = 0;
  bool has_transit_ = false;
  Millis report_at_{0};
};

}  // namespace tipring::rtp
