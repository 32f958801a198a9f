#include "media/reception.h"

#include "core/text.h"
#include "sdp/attributes.h"

namespace tipring::media {

namespace {

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
  reception_.on_packet(header, clock_rate, now);
  ++figures_.packets;
  figures_.bytes += bytes;
  figures_.last_packet = now;
  figures_.ssrc = header.ssrc;
  figures_.lost = reception_.lost();
  figures_.jitter_us = reception_.jitter_us();
}

}  // namespace tipring::media
