// What one side of a stream has sent, as operators are shown it.
#pragma once

#include <array>
#include <cstdint>

#include "media/stream.h"
#include "rtp/reception.h"
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
  void on_other(Millis now) { figures_.last_packet = now; }

  const Reception& figures() const { return figures_; }

 private:
  Reception figures_;
  rtp::Reception reception_;
};

}  // namespace tipring::media
