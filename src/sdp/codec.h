// Media formats of RTP: what a peer lists in an m= line, with the meaning of each number, and what
// we speak ourselves.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "sdp/description.h"

namespace tipring::sdp {

// Formats of one section that are looked at; those behind them are as if they were not there.
inline constexpr size_t kFormatsMax = 32;

struct Format {
  std::string_view encoding;  // empty where nothing says what the number means
  std::string_view fmtp;
  uint32_t clock_rate = 0;
  uint8_t payload_type = 0;
  uint8_t channels = 1;

  // The same codec, under whatever number.
  bool same_codec(const Format& other) const;
};

struct Formats {
  std::array<Format, kFormatsMax> formats;
  uint8_t count = 0;

  std::span<const Format> all() const { return {formats.data(), count}; }
  const Format* find(uint8_t payload_type) const;
};

// The formats of an RTP section in the order of its m= line, the meaning of each by a=rtpmap or by
// RFC 3551 6. What is no number of a payload type is skipped.
Formats read_formats(const Media& media);

// One that we can send and receive.
struct Codec {
  std::string_view name;
  uint32_t clock_rate = 8000;
  uint8_t channels = 1;
  uint8_t payload_type = 0;  // in offers of ours
  std::string_view fmtp;
  bool exact_fmtp = false;  // the parameters are part of what the codec is (RFC 3264 6.1)

  // Comes beside a codec and is none to speak with: telephone-event, CN.
  bool is_auxiliary() const;
  bool is_event() const;  // telephone-event (RFC 4733)
  bool matches(const Format& format) const;
};

inline constexpr Codec kPcmu{"PCMU", 8000, 1, 0, {}, false};
inline constexpr Codec kPcma{"PCMA", 8000, 1, 8, {}, false};
inline constexpr Codec kTelephoneEvent{"telephone-event", 8000, 1, 101, "0-16", false};

}  // namespace tipring::sdp
