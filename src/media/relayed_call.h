// The streams of one relayed call, by the places of their m= lines, and the watch over its silence.
#pragma once

#include <array>
#include <cstdint>

#include "core/result.h"
#include "core/timer_wheel.h"
#include "media/call_media.h"
#include "media/relay.h"
#include "media/relayed_stream.h"
#include "sdp/description.h"
#include "sdp/relay.h"

namespace tipring::media {

// Our address toward each side.
using Locals = std::array<port::IpAddress, 2>;

// What one side says of one section, and for whom.
struct SectionSide {
  const MediaLeg& leg;
  const sdp::Media& section;
};

class RelayedCall {
 public:
  // Of one call: sound, pictures, a second screen, text.
  static constexpr uint32_t kStreamsMax = 4;

  RelayedCall(CallMedia& media, RelayParts& relay);
  ~RelayedCall();
  RelayedCall(const RelayedCall&) = delete;
  RelayedCall& operator=(const RelayedCall&) = delete;

  // Null where nothing is relayed.
  RelayedStream* stream(size_t section) const { return sections_[section].stream; }

  // Has a stream with open ports toward both sides. Those made since the last keep() are new.
  // Errors: TooManyStreams, StreamsFull, PortsFull, NoAddress.
  Result<void, MediaFault> open(size_t section, const Locals& local);

  // Lets the stream flow as two descriptions have it. REQUIRES: open().
  void connect(size_t section, const SectionSide& caller, const SectionSide& callee,
               const Locals& local);
  void shut(size_t section);
  // After connect() and shut() of all sections.
  void watch();

  // Closes streams that are not connected, and ports of a family that is not used.
  void keep();
  // Closes streams that are new.
  void drop_new();
  // Something has been kept: the call is relayed for good.
  bool established() const { return established_; }

  // As connected last; no family before.
  const port::IpAddress& local(Side side) const { return local_[index_of(side)]; }

 private:
  struct Section {
    RelayedStream* stream = nullptr;
    bool is_new = false;
    bool watched = false;  // both send and receive
  };

  void close(Section& section);
  Millis last_packet(Side side) const;
  void on_watch(Millis now);

  CallMedia& media_;
  RelayParts& relay_;
  std::array<Section, sdp::kMediaMax> sections_;
  Locals local_;
  uint8_t stream_count_ = 0;
  bool established_ = false;
  Millis watched_since_{0};
  MemberTimer<RelayedCall, &RelayedCall::on_watch> watch_{*this};
};

}  // namespace tipring::media
