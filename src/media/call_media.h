// The media of one anchored call, for a back-to-back user agent: takes the description of one side
// and writes the one that the other side gets (RFC 3264), and has what is relayed relayed.
//
//     offer of a leg ──► write_offer ──► offer to one or several legs of the other side
//     answer of a leg ──► write_answer ──► answer to the leg that made the offer
//     2xx and ACK: settle()            refused, cancelled, timed out: abandon()
//
// Provisional answers (183, PRACK) are written by write_answer too, and as often as they come, from
// one leg after the other: the last one counts. What was agreed before an offer stands until it is
// answered, and for ever when it is abandoned (RFC 3261 14.1, RFC 6141 3.4).
//
// Relayed, the ports toward a side are the same for all legs of that side and for the whole call.
// Which message may carry an offer, and when, is not asked here (sdp/offer_answer.h).
//
// What is changed in a description:
// - o= is ours, one session for each leg (sdp/origin.h).
// - Direct: nothing else.
// - Relayed: addresses and ports of RTP and UDPTL (T.38) streams are ours. ICE goes (RFC 8839 5.4: an address that
//   is no candidate makes peers give ICE up anyway, and with candidates they would go around us),
//   and so does BUNDLE; both are then negotiated down as RFC 8839 4.2 and RFC 8843 7.3 say. Keys
//   and fingerprints pass: SRTP is relayed without being read. Other streams (MSRP,
//   BFCP, multicast) keep their addresses.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/message_slabs.h"
#include "core/result.h"
#include "media/stream.h"
#include "port/address.h"
#include "sdp/description.h"
#include "sdp/edit.h"
#include "sdp/origin.h"

namespace tipring::media {

class CallMedia;
class Relay;
class RelayedCall;
class RelayedStream;
struct RelayParts;

enum class Mode : uint8_t {
  // Relayed when a side is behind a NAT or the families differ, as far as is known when the call's
  // first offer is written, else direct. A later offer can make a direct call a relayed one; a
  // relayed one stays so.
  Auto,
  Relay,
  Direct,
};

// What a leg of the call is to its media. A member of the leg, with which it may be copied.
struct MediaLeg {
  Side side = Side::Caller;
  // Our address toward the peer: `Flow::local.ip` of its signalling.
  port::IpAddress local;
  // Where its signalling comes from or goes to: `Flow::remote`. When it changes, the next exchange
  // lets the peer's media come from elsewhere too.
  port::SocketAddress signalling;
  // What is known beforehand, such as of its registration: the Contact is not where it came from.
  bool behind_nat = false;
  // Set by write_offer(): the leg was told to send to us. Of the legs that ring with one offer some
  // may be relayed and others not, and who answers decides.
  bool relayed = false;
  // Of what this leg is sent. Set it from Relay::new_origin() when the leg begins. Its version()
  // tells whether a description that was just written says something new (RFC 3264 8): write on a
  // copy of the leg to know it beforehand.
  sdp::LocalOrigin origin;
};

enum class MediaFault : uint8_t {
  CallsFull,       // 503: capacity.relayed_calls
  StreamsFull,     // 503: too many calls have more than one stream
  PortsFull,       // 503: no pair of media.ports can be opened
  NoBuffer,        // 503: the offer cannot be kept
  BufferFull,      // 500: `out` is too small
  TooManyStreams,  // 488: more than a call may have relayed
  NoAddress,       // 488: the leg has no address of ours
  SectionsGone,    // 488: fewer m= lines than the description before it: RFC 3264 8
  NotAnAnswer,     // 488: it does not fit the offer (sdp/rules.h), and the exchange has failed
  NoOffer,         // 500: an answer, and no offer is open
};
uint16_t status_for(MediaFault fault);
// Of a 503: the key of the configuration that would have to be larger. Else empty.
std::string_view key_of(MediaFault fault);
// One short English phrase, for a Warning or the log.
std::string_view to_text(MediaFault fault);

class CallMediaObserver {
 public:
  // For as long as media.timeout no packet has come from `side`, which ought to send and is not on
  // hold. Told once. May end the call, and destroy `media`.
  virtual void on_silence(CallMedia& media, Side side) = 0;

 protected:
  ~CallMediaObserver() = default;
};

// A member of the call; direct calls take nothing from any pool but the slab of an open offer. Its
// destructor gives everything back.
class CallMedia {
 public:
  // Borrows both for its lifetime.
  CallMedia(Relay& relay, CallMediaObserver& observer);
  ~CallMedia();
  CallMedia(const CallMedia&) = delete;
  CallMedia& operator=(const CallMedia&) = delete;

  // A call for help: it may have what is kept back. Before the first offer.
  void open_reserve() { for_help_ = true; }

  // Writes `offer`, which the peer of `from` has made, for the peer of `to`; the number of bytes.
  // Takes ports for streams that are new. The same offer may be written for any number of legs, at
  // one time or later; another offer takes the place of one that is still open.
  // REQUIRES: the legs are of different sides, `out` does not overlap the offer.
  // Errors: CallsFull, StreamsFull, PortsFull, NoBuffer, BufferFull, TooManyStreams, NoAddress,
  // SectionsGone. Then all is as it was before, and an offer stays open that was written already.
  Result<size_t, MediaFault> write_offer(const MediaLeg& from, const sdp::Description& offer,
                                         MediaLeg& to, std::span<char> out);

  // Writes `answer` of the peer of `from` to the open offer, for the leg whose offer it was, and
  // has media flow as the two have agreed.
  // Errors: NotAnAnswer, NoOffer, BufferFull, NoAddress, PortsFull. Then nothing has changed.
  Result<size_t, MediaFault> write_answer(const MediaLeg& from, const sdp::Description& answer,
                                          MediaLeg& to, std::span<char> out);

  // The exchange is complete: a 2xx with the answer, or the ACK or PRACK that brought it. What the
  // answer has rejected is closed. Nothing when no offer is open or it has no answer.
  void settle();

  // The open offer has been refused, or its call attempt has ended: what stood before it stands.
  // An answer that was written already is what stands. Nothing when no offer is open.
  void abandon();

  bool relayed() const { return call_ != nullptr && !direct_answer_; }
  bool offer_open() const { return static_cast<bool>(offer_); }

  // What a side has sent in the stream of that m= line; nothing for one that is not relayed.
  const Reception* reception(size_t section, Side side) const;
  size_t sections() const { return section_count_; }

  // `sink` hears the packets of the stream of that m= line until remove_sink() or the end of the
  // stream. Errors: NotFound (not relayed), PoolExhausted (it has as many as it may have).
  Result<void> add_sink(size_t section, PacketSink& sink);
  void remove_sink(size_t section, PacketSink& sink);

 private:
  friend class RelayedCall;
  uint32_t kept_back() const;
  using Locals = std::array<port::IpAddress, 2>;  // our address toward each side

  Result<size_t, MediaFault> write_new_offer(const MediaLeg& from, const sdp::Description& offer,
                                             MediaLeg& to, bool same, std::span<char> out);
  Result<void, MediaFault> open_streams(const sdp::Description& offer, const Locals& local);
  port::IpAddress local_toward(const MediaLeg& leg, const sdp::Description& description);
  port::IpAddress local_as_before(const MediaLeg& leg) const;
  bool flows(size_t section, const sdp::Description& answer) const;
  void connect(const MediaLeg& from, const sdp::Description& answer, const MediaLeg& to,
               const sdp::Description& offer, const Locals& local);
  void note_answer(const sdp::Description& answer, bool direct);
  Result<size_t, MediaFault> write_direct(const sdp::Description& description, MediaLeg& to,
                                          std::span<char> out);
  Result<size_t, MediaFault> write_relayed(const sdp::Description& description, MediaLeg& to,
                                           const port::IpAddress& local, std::span<char> out);
  sdp::Edit relayed_edit(const sdp::Description& description, Side to,
                         const port::IpAddress& told) const;
  RelayedStream* stream_of(size_t section) const;
  void drop_new();
  void give_up_relay();

  RelayParts& relay_;
  CallMediaObserver& observer_;
  RelayedCall* call_ = nullptr;  // null while direct
  MessageRef offer_;             // the text of the open offer
  Side offerer_ = Side::Caller;
  uint8_t section_count_ = 0;  // of the last description that was answered
  bool for_help_ = false;
  bool answered_ = false;       // the open offer has an answer
  bool direct_answer_ = false;  // of a leg that was not told to send to us
};

}  // namespace tipring::media
