// Whether an answer fits its offer and a new offer the description before it (RFC 3264 6, 8), and
// what has changed for a stream. Both look at two descriptions and keep nothing: who owns the
// dialog keeps the last description of each side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sdp/description.h"

namespace tipring::sdp {

enum class Breach : uint16_t {
  // After these nobody knows which stream is which, or there is nothing to send.
  MediaCount = 1 << 0,        // an answer with more or fewer m= lines, a new offer with fewer
  MediaTypeChanged = 1 << 1,  // the answer to audio is video
  ProtocolChanged = 1 << 2,   // the answer to RTP/AVP is RTP/SAVP
  Revived = 1 << 3,           // the answer takes a stream whose port was 0
  NoCommonFormat = 1 << 4,    // an RTP stream is taken with formats that were not offered
  Multicast = 1 << 5,         // a group in the answer that is not that of the offer
  // With these phones and other B2BUAs are seen, and calls go on.
  Direction = 1 << 6,       // sends what was not to be received: RFC 3264 6.1
  Remapped = 1 << 7,        // a payload type has become another codec: RFC 3264 8.3.2
  SessionChanged = 1 << 8,  // o= differs in more than the version: RFC 3264 8
  VersionKept = 1 << 9,     // something has changed, the version has not
  VersionJumped = 1 << 10,  // the version is another one, but not the next
};

class BreachSet {
 public:
  constexpr void add(Breach breach) { bits_ |= static_cast<uint16_t>(breach); }
  constexpr bool has(Breach breach) const { return (bits_ & static_cast<uint16_t>(breach)) != 0; }
  constexpr bool none() const { return bits_ == 0; }
  // Something that a call cannot go on with.
  constexpr bool fatal() const { return (bits_ & kFatal) != 0; }

 private:
  static constexpr uint16_t kFatal = 0x3f;
  uint16_t bits_ = 0;
};

struct Review {
  BreachSet breaches;
  uint8_t media = 0;       // the first section with a fatal breach
  bool unchanged = false;  // of an offer: the same description as before, under the same version
};

// A fatal breach: the call is ended, or the answer treated as a refusal (RFC 6337 2.3).
Review review_answer(const Description& offer, const Description& answer);

// `previous` is the last description from the same side, whether offer or answer. A fatal breach:
// 488.
Review review_offer(const Description& previous, const Description& offer);

// Whether the peer that has been given `told` as the answer to its offer can go on with it where
// `meant` is what the other side has answered: the same streams, at the same places, with the same
// formats. Never where keys are in it, which are one phone's alone.
bool can_stand_for(const Description& told, const Description& meant);

// Whether two peers that offer these could talk to each other: by some stream of the same kind and
// protocol with a format that both have.
bool can_meet(const Description& one, const Description& other);

// The first of a set, as a short English phrase for a Warning; empty when there is none.
std::string_view first_phrase(const BreachSet& breaches);

// The owner of the description does not want to hear us: sendonly, inactive, 0.0.0.0 (RFC 3264
// 8.4). False for a stream that is not active.
bool is_held(const Media& media);
// Every active stream is held, and there is one.
bool is_held(const Description& description);

enum class Change : uint8_t {
  Added = 1 << 0,      // in a new place, or in one whose port was 0
  Removed = 1 << 1,    // port 0 now
  Moved = 1 << 2,      // address, port, or port of RTCP
  Formats = 1 << 3,    // formats, protocol or media type
  Direction = 1 << 4,  // any change of it
  Held = 1 << 5,
  Resumed = 1 << 6,
};

class ChangeSet {
 public:
  constexpr void add(Change change) { bits_ |= static_cast<uint8_t>(change); }
  constexpr bool has(Change change) const { return (bits_ & static_cast<uint8_t>(change)) != 0; }
  constexpr bool none() const { return bits_ == 0; }

 private:
  uint8_t bits_ = 0;
};

// What has changed in one section from the one description of a side to its next.
// REQUIRES: index < after.media().size().
ChangeSet changes(const Description& before, const Description& after, size_t index);

}  // namespace tipring::sdp
