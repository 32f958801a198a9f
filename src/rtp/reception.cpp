#include "rtp/reception.h"

#include <algorithm>

namespace tipring::rtp {

namespace {

constexpr uint16_t kDropoutMax = 3000;
constexpr uint16_t kMisorderMax = 100;
constexpr uint32_t kSequences = 1 << 16;
constexpr uint32_t kNoSequence = kSequences + 1;
constexpr uint32_t kJumpMaxS = 10;  // beyond this a timestamp has a new base, which is no jitter

}  // namespace

void Reception::on_packet(const Header& header, uint32_t clock_rate, Millis now) {
  if (!heard_ || header.ssrc != ssrc_) {
    begin(header.sequence);
    // A sender report may have come before the first packet.
    if (header.ssrc != ssrc_) report_ntp_ = 0;
    ssrc_ = header.ssrc;
    rate_ = 0;
    jitter_16_ = 0;
  }
  if (count_sequence(header.sequence)) ++received_;
  if (clock_rate != 0) measure_jitter(header.timestamp, clock_rate, now);
}

void Reception::begin(uint16_t sequence) {
  lost_before_ = lost();
  received_before_ += received_;
  received_ = received_reported_ = 0;
  expected_reported_ = 0;
  cycles_ = 0;
  first_ = highest_ = sequence;
  bad_ = kNoSequence;
  heard_ = true;
  // Expected is one packet now, which is about to be received.
}

// A.1, without probation: who is let through has been learnt already. False for a packet that is far
// off, which may be the first of a source that has begun anew.
bool Reception::count_sequence(uint16_t sequence) {
  const auto step = static_cast<uint16_t>(sequence - highest_);
  if (step < kDropoutMax) {
    if (sequence < highest_) cycles_ += kSequences;
    highest_ = sequence;
    return true;
  }
  if (step > kSequences - kMisorderMax) return true;  // late or repeated
  if (sequence != bad_) {
    bad_ = (uint32_t{sequence} + 1) & (kSequences - 1);
    return false;
  }
  // Two in a row: as if it were another source. The one before was of it too.
  begin(static_cast<uint16_t>(sequence - 1));
  highest_ = sequence;
  if (sequence == 0) cycles_ = kSequences;
  received_ = 1;
  return true;
}

// 6.4.1, by whole units so that no float is needed: A.8.
void Reception::measure_jitter(uint32_t timestamp, uint32_t clock_rate, Millis now) {
  const auto arrival =
      static_cast<uint32_t>(static_cast<uint64_t>(now.count()) * clock_rate / 1000);
  const uint32_t transit = arrival - timestamp;
  if (rate_ == clock_rate) {
    const auto difference = static_cast<int32_t>(transit - transit_);
    const auto distance =
        static_cast<uint32_t>(difference < 0 ? -int64_t{difference} : int64_t{difference});
    if (distance < uint64_t{clock_rate} * kJumpMaxS) {
      const uint64_t next = uint64_t{jitter_16_} + distance - ((uint64_t{jitter_16_} + 8) >> 4);
      jitter_16_ = static_cast<uint32_t>(std::min<uint64_t>(next, UINT32_MAX));
    }
  } else {
    rate_ = clock_rate;
    jitter_16_ = 0;
  }
  transit_ = transit;
}

uint32_t Reception::jitter_us() const {
  if (rate_ == 0) return 0;
  return static_cast<uint32_t>(
      std::min<uint64_t>(uint64_t{jitter()} * 1000000 / rate_, UINT32_MAX));
}

void Reception::on_sender_report(uint32_t ssrc, uint32_t ntp_middle, Millis now) {
  if (heard_ && ssrc != ssrc_) return;
  ssrc_ = ssrc;
  report_ntp_ = ntp_middle;
  report_at_ = now;
}

ReportBlock Reception::report(Millis now) {
  ReportBlock block;
  block.ssrc = ssrc_;
  const int64_t lost_of_it = expected() - static_cast<int64_t>(received_);
  block.lost = static_cast<uint32_t>(std::clamp<int64_t>(lost_of_it, 0, 0x7fffff));
  block.highest_sequence = cycles_ | highest_;
  block.jitter = jitter();
  const int64_t expected_now = expected() - expected_reported_;
  const int64_t lost_now = expected_now - static_cast<int64_t>(received_ - received_reported_);
  if (expected_now > 0 && lost_now > 0)
    block.fraction_lost =
        static_cast<uint8_t>(std::min<int64_t>(lost_now * 256 / expected_now, 255));
  expected_reported_ = expected();
  received_reported_ = received_;
  block.last_report = report_ntp_;
  if (report_ntp_ != 0) {
    block.since_last_report = static_cast<uint32_t>((now - report_at_).count() * 65536 / 1000);
  }
  return block;
}

}  // namespace tipring::rtp
