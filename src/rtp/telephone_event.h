// Keys pressed during a call, as events in the stream of the sound: RFC 4733 2.3 and 2.5.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/result.h"

namespace tipring::rtp {

inline constexpr size_t kEventBytes = 4;

struct EventPayload {
  uint8_t event = 0;
  bool end = false;
  uint8_t volume = 0;     // dBm0 with the sign left out
  uint16_t duration = 0;  // in units of the timestamp
};

// Errors: Invalid (less than one event).
Result<EventPayload> parse_event(std::span<const uint8_t> payload);
void write_event(const EventPayload& event, std::span<char> out);

// "0123456789*#ABCD", either case; RFC 4733 3.2. Nothing for what is no key.
std::optional<uint8_t> event_of(char key);
std::optional<char> key_of(uint8_t event);

// The keys that wait to be sent, and the one that is.
class EventSender {
 public:
  static constexpr size_t kKeysMax = 64;
  static constexpr uint16_t kToneFrames = 5;   // 100 ms
  static constexpr uint16_t kPauseFrames = 5;  // of sound before the next key

  // Errors: Invalid (not a key), PoolExhausted (so many wait already).
  Result<void> push(char key);
  void clear() { *this = EventSender(); }
  bool idle() const { return count_ == 0 && frame_ == 0; }

  struct Due {
    EventPayload event;
    uint32_t timestamp = 0;
    bool marker = false;
  };
  // What takes the place of a frame of sound; nothing: the sound goes. The end of an event is sent
  // three times (2.5.1.4).
  std::optional<Due> next(uint32_t timestamp, uint16_t frame_samples);

 private:
  std::array<uint8_t, kKeysMax> events_{};
  size_t first_ = 0;
  size_t count_ = 0;
  uint16_t frame_ = 0;  // of the event that is sent, its pause included; 0: none
  uint8_t event_ = 0;
  uint32_t timestamp_ = 0;
};

// Tells each key once, however many packets carry it and however many are lost.
class EventReceiver {
 public:
  std::optional<char> on_packet(uint32_t ssrc, uint32_t timestamp,
                                std::span<const uint8_t> payload);

 private:
  bool heard_ = false;
  uint32_t ssrc_ = 0;
  uint32_t timestamp_ = 0;
};

}  // namespace tipring::rtp
