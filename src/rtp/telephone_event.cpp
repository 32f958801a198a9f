#include "rtp/telephone_event.h"

#include <string_view>

#include "core/assert.h"
#include "core/text.h"
#include "rtp/packet.h"

namespace tipring::rtp {

namespace {

constexpr std::string_view kKeys = "0123456789*#ABCD";
constexpr uint8_t kVolume = 10;
constexpr uint16_t kEndCopies = 3;

}  // namespace

Result<EventPayload> parse_event(std::span<const uint8_t> payload) {
  if (payload.size() < kEventBytes) return Error::Invalid;
  return EventPayload{payload[0], (payload[1] & 0x80) != 0, static_cast<uint8_t>(payload[1] & 0x3f),
                      static_cast<uint16_t>(read_u16(&payload[2]))};
}

void write_event(const EventPayload& event, std::span<char> out) {
  TIPRING_ASSERT(out.size() >= kEventBytes);
  out[0] = static_cast<char>(event.event);
  out[1] = static_cast<char>((event.end ? 0x80 : 0) | event.volume);
  put_u16(&out[2], event.duration);
}

std::optional<uint8_t> event_of(char key) {
  const char upper = key >= 'a' && key <= 'd' ? static_cast<char>(key - 'a' + 'A') : key;
  const size_t place = kKeys.find(upper);
  if (place == std::string_view::npos) return std::nullopt;
  return static_cast<uint8_t>(place);
}

std::optional<char> key_of(uint8_t event) {
  if (event >= kKeys.size()) return std::nullopt;
  return kKeys[event];
}

Result<void> EventSender::push(char key) {
  const std::optional<uint8_t> event = event_of(key);
  if (!event) return Error::Invalid;
  if (count_ == kKeysMax) return Error::PoolExhausted;
  events_[(first_ + count_) % kKeysMax] = *event;
  ++count_;
  return {};
}

std::optional<EventSender::Due> EventSender::next(uint32_t timestamp, uint16_t frame_samples) {
  if (frame_ == 0) {
    if (count_ == 0) return std::nullopt;
    event_ = events_[first_];
    first_ = (first_ + 1) % kKeysMax;
    --count_;
    timestamp_ = timestamp;
  }
  ++frame_;
  constexpr uint16_t kLastSent = kToneFrames + kEndCopies - 1;
  if (frame_ > kLastSent) {
    if (frame_ == kLastSent + kPauseFrames) frame_ = 0;
    return std::nullopt;
  }
  Due due;
  const uint16_t frames = frame_ < kToneFrames ? frame_ : kToneFrames;
  due.event = {event_, frame_ >= kToneFrames, kVolume,
               static_cast<uint16_t>(frames * frame_samples)};
  due.timestamp = timestamp_;
  due.marker = frame_ == 1;
  return due;
}

// All packets of one event have the timestamp of its beginning (2.2.1); one that is older than the
// last is late.
std::optional<char> EventReceiver::on_packet(uint32_t ssrc, uint32_t timestamp,
                                             std::span<const uint8_t> payload) {
  const Result<EventPayload> event = parse_event(payload);
  if (!event) return std::nullopt;
  const std::optional<char> key = key_of(event->event);
  if (!key) return std::nullopt;
  if (heard_ && ssrc == ssrc_ && static_cast<int32_t>(timestamp - timestamp_) <= 0) {
    return std::nullopt;
  }
  heard_ = true;
  ssrc_ = ssrc;
  timestamp_ = timestamp;
  return key;
}

}  // namespace tipring::rtp
