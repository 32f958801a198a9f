// Descriptions of our own: offers and answers of a user agent that sends and receives media itself
// (RFC 3264 5, 6; RFC 6337 5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/result.h"
#include "port/address.h"
#include "sdp/codec.h"
#include "sdp/description.h"
#include "sdp/edit.h"

namespace tipring::sdp {

// A stream that we offer or take.
struct LocalMedia {
  std::string_view type = "audio";
  std::string_view protocol = "RTP/AVP";
  std::span<const Codec> codecs;  // the best first
  port::SocketAddress rtp;        // port 0: in an offer, a stream that is not wanted any more
  uint16_t rtcp_number = 0;       // written where it is neither 0 nor the next one
  uint16_t packet_time_ms = 0;    // a=ptime, where not 0
  Direction direction = Direction::SendRecv;  // what we want; SendOnly holds the peer
  std::string_view lines;  // whole lines to add, such as a=label, each with its CR LF
  bool rtcp_mux = false;
  bool single_codec = false;  // an answer has one codec (with events), so that none changes later
};

struct LocalSession {
  OriginValues origin;
  std::string_view name = "-";
  std::span<const LocalMedia> media;
};

// Errors: BufferFull.
Result<size_t> write_offer(const LocalSession& session, std::span<char> out);

inline constexpr uint8_t kNoPayloadType = 0xff;

// What both sides know of a stream once the answer is there.
struct Agreed {
  const LocalMedia* local = nullptr;            // null: the stream is rejected
  const Codec* codec = nullptr;                 // the one to send
  uint8_t payload_type = kNoPayloadType;        // in the packets to send: the peer's number for it
  uint8_t event_payload_type = kNoPayloadType;  // the same for telephone events
  Direction direction = Direction::Inactive;    // ours
  bool rtcp_mux = false;
};

// What we and the description of the peer, whether offer or answer, have in common in one section:
// its first format that we speak. `local` is null where it is rejected, or nothing fits.
Agreed agree(const Media& remote, const LocalMedia& local);

struct Answer {
  size_t size = 0;       // bytes written
  uint8_t accepted = 0;  // streams; 0 of a call that offers some: answer 488 instead (RFC 3264 6)
  std::array<Agreed, kMediaMax> media;  // by the section's place
};

// The answer to `offer`: each of its sections takes the first stream of ours that fits and is still
// free; the others are rejected. Numbers and order of the formats are the offer's.
// Errors: BufferFull.
Result<Answer> write_answer(const Description& offer, const LocalSession& session,
                            std::span<char> out);

}  // namespace tipring::sdp
