// What is received of one sender: RFC 3550 A.1 (sequence numbers), A.3 (losses), A.8 (jitter).
#pragma once

#include <array>
#include <cstdint>

#include "media/stream.h"
#include "sdp/description.h"

namespace tipring::media {

// How fast the timestamps of payload types run: from rtpmap, else as RFC 3551 6 has them fixed.
class ClockRates {
 public:
  // Adds what the section says; what does not fit has the default.
  void add(const sdp::Media& section);
  void clear() { count_ = 0; }

  // 0: the timestamps say nothing of when it was sent (telephone events: RFC 4733 2.2.1, 2.5.1.2).
  uint32_t of(uint8_t payload_type) const;

 private:
  struct Entry {
    uint32_t rate;
    uint8_t payload_type;
  };
  std::array<Entry, 8> entries_{};
  uint8_t count_ = 0;
};

class ReceptionMeter {
 public:
  void on_rtp(const RtpHeader& header, size_t bytes, uint32_t clock_rate, Millis now);
  void on_rtcp(Millis now) { figures_.last_packet = now; }

  const Reception& figures() const { return figures_; }

 private:
  void begin(const RtpHeader& header);
  bool count_sequence(uint16_t sequence);
  void update_jitter(const RtpHeader& header, uint32_t clock_rate, Millis now);
  void update_losses();

  Reception figures_;
  int64_t lost_before_ = 0;  // by senders before this one, under other SSRCs
  uint64_t received_ = 0;    // of this one, all below too
  uint32_t cycles_ = 0;
  uint32_t base_ = 0;
  uint32_t bad_ = 0;  // the next number, if the sender has begun anew
  uint32_t transit_ = 0;
  uint32_t jitter_ = 0;  // in sixteenths of a timestamp unit
  uint32_t rate_ = 0;    // of transit_ and jitter_
  uint16_t last_ = 0;
  bool begun_ = false;
};

}  // namespace tipring::media
