#include "media/reception.h"

#include <algorithm>

#include "core/text.h"
#include "sdp/attributes.h"

namespace tipring::media {

namespace {

constexpr uint16_t kDropoutMax = 3000;
constexpr uint16_t kMisorderMax = 100;
constexpr uint32_t kSequences = 1 << 16;
constexpr uint32_t kNoSequence = kSequences + 1;
constexpr uint32_t kDefaultRate = 8000;

// RFC 3551 6: those that are not 8000.
uint32_t fixed_rate(uint8_t payload_type) {
  switch (payload_type) {
    case 6: return 16000;   // DVI4
    case 16: return 11025;  // DVI4
    case 17: return 22050;  // DVI4
    case 10:
    case 11: return 44100;  // L16
    case 14:                // MPA
    case 25:                // CelB
    case 26:                // JPEG
    case 28:                // nv
    case 31:                // H261
    case 32:                // MPV
    case 33:                // MP2T
    case 34: return 90000;  // H263
    default: return kDefaultRate;
  }
}

}  // namespace

void ClockRates::add(const sdp::Media& section) {
  sdp::AttributeReader attributes(section.text);
  sdp::Attribute attribute;
  while (count_ < entries_.size() && attributes.next("rtpmap", attribute)) {
    const auto map = sdp::parse_rtpmap(attribute.value);
    if (!map) continue;
    const bool is_event = iequals(map->encoding, "telephone-event");
    const uint32_t rate = is_event ? 0 : map->clock_rate;
    if (of(map->payload_type) != rate) entries_[count_++] = {rate, map->payload_type};
  }
}

uint32_t ClockRates::of(uint8_t payload_type) const {
  for (uint8_t i = 0; i < count_; ++i) {
    if (entries_[i].payload_type == payload_type) return entries_[i].rate;
  }
  return fixed_rate(payload_type);
}

void ReceptionMeter::on_rtp(const RtpHeader& header, size_t bytes, uint32_t clock_rate,
                            Millis now) {
  ++figures_.packets;
  figures_.bytes += bytes;
  figures_.last_packet = now;
  if (!begun_ || header.ssrc != figures_.ssrc) begin(header);
  if (count_sequence(header.sequence)) ++received_;
  if (clock_rate != 0) update_jitter(header, clock_rate, now);
  update_losses();
}

void ReceptionMeter::begin(const RtpHeader& header) {
  lost_before_ = figures_.lost;
  figures_.ssrc = header.ssrc;
  received_ = 0;
  cycles_ = 0;
  base_ = header.sequence;
  last_ = header.sequence;
  bad_ = kNoSequence;
  rate_ = 0;
  begun_ = true;
}

// RFC 3550 A.1, without probation: who is let through has been learnt already. False for a packet
// that is far off, which may be the first of a sender that has begun anew.
bool ReceptionMeter::count_sequence(uint16_t sequence) {
  const auto step = static_cast<uint16_t>(sequence - last_);
  if (step < kDropoutMax) {
    if (sequence < last_) cycles_ += kSequences;
    last_ = sequence;
    return true;
  }
  if (step > kSequences - kMisorderMax) return true;  // late or repeated
  if (sequence != bad_) {
    bad_ = (uint32_t{sequence} + 1) & (kSequences - 1);
    return false;
  }
  // Two in a row: as if it were another sender. The one before was of it too.
  lost_before_ = figures_.lost;
  cycles_ = 0;
  received_ = 1;
  base_ = uint16_t(sequence - 1);
  last_ = sequence;
  bad_ = kNoSequence;
  return true;
}

void ReceptionMeter::update_jitter(const RtpHeader& header, uint32_t clock_rate, Millis now) {
  const auto arrival =
      static_cast<uint32_t>(static_cast<uint64_t>(now.count()) * clock_rate / 1000);
  const uint32_t transit = arrival - header.timestamp;
  if (rate_ != clock_rate) {
    rate_ = clock_rate;
    transit_ = transit;
    jitter_ = 0;
  }
  const auto difference = static_cast<int32_t>(transit - transit_);
  transit_ = transit;
  const uint32_t distance =
      static_cast<uint32_t>(difference < 0 ? -int64_t{difference} : int64_t{difference});
  // In 64 bits: a sender may jump by half of all timestamps.
  const int64_t next = int64_t{jitter_} + distance - ((int64_t{jitter_} + 8) >> 4);
  jitter_ = static_cast<uint32_t>(std::min<int64_t>(next, UINT32_MAX));
  figures_.jitter_us = static_cast<uint32_t>(
      std::min<uint64_t>(uint64_t{jitter_ >> 4} * 1000000 / rate_, UINT32_MAX));
}

void ReceptionMeter::update_losses() {
  const int64_t expected = int64_t{cycles_} + last_ - base_ + 1;
  figures_.lost = lost_before_ + expected - static_cast<int64_t>(received_);
}

}  // namespace tipring::media
