#include "media/call_media.h"

#include <algorithm>

#include "media/relay_parts.h"
#include "sdp/edit.h"
#include "sdp/relay.h"
#include "sdp/rules.h"

namespace tipring::media {

namespace {

using sdp::Description;
using sdp::NoTarget;

// RTP or UDPTL to one host, or to none while it is on hold, or to one that only its packets will show.
bool can_relay(const sdp::Media& section) {
  const auto target = sdp::media_target(section);
  return target || target.error() == NoTarget::Silent || target.error() == NoTarget::Name;
}

bool can_relay_any(const Description& description) {
  return std::any_of(description.media().begin(), description.media().end(), can_relay);
}

// As far as one offer tells: RFC 3264 has no later moment to change one's mind.
bool needs_relay(const MediaLeg& from, const Description& offer, const MediaLeg& to) {
  if (from.behind_nat || to.behind_nat) return true;
  return std::any_of(offer.media().begin(), offer.media().end(), [&](const sdp::Media& section) {
    const auto target = sdp::media_target(section);
    if (!target) return false;
    const port::IpAddress& host = target->rtp.ip;
    const bool behind_nat = host.family == from.signalling.ip.family && host != from.signalling.ip;
    return behind_nat || host.family != to.signalling.ip.family;
  });
}

// Under an o= of our own.
Result<size_t, MediaFault> write_as_ours(const Description& description, sdp::Edit edit,
                                         MediaLeg& to, const port::IpAddress& address,
                                         std::span<char> out) {
  const auto size = to.origin.write(out, [&](uint64_t version) {
    const sdp::OriginValues values{"-", to.origin.session_id(), version, address};
    edit.origin = &values;
    return sdp::write_edited(description, edit, out);
  });
  if (!size) return MediaFault::BufferFull;
  return *size;
}

// The family that a peer wants its media in, which need not be that of its signalling.
port::IpAddress media_host(const Description& description) {
  for (const sdp::Media& section : description.media()) {
    const auto target = sdp::media_target(section);
    if (target) return target->rtp.ip;
  }
  return {};
}

}  // namespace

uint16_t status_for(MediaFault fault) {
  switch (fault) {
    case MediaFault::CallsFull:
    case MediaFault::StreamsFull:
    case MediaFault::PortsFull:
    case MediaFault::NoBuffer: return 503;
    case MediaFault::BufferFull:
    case MediaFault::NoOffer: return 500;
    case MediaFault::TooManyStreams:
    case MediaFault::NoAddress:
    case MediaFault::SectionsGone:
    case MediaFault::NotAnAnswer: return 488;
  }
  return 500;
}

std::string_view key_of(MediaFault fault) {
  if (status_for(fault) != 503) return {};
  return fault == MediaFault::NoBuffer ? "capacity.messages" : "capacity.relayed_calls";
}

std::string_view to_text(MediaFault fault) {
  switch (fault) {
    case MediaFault::CallsFull: return "all relayed calls are in use";
    case MediaFault::StreamsFull: return "all relayed streams are in use";
    case MediaFault::PortsFull: return "no media ports are left";
    case MediaFault::NoBuffer: return "no buffer is left for the offer";
    case MediaFault::BufferFull: return "the description is too large";
    case MediaFault::NoOffer: return "no offer is open";
    case MediaFault::TooManyStreams: return "too many streams to relay";
    case MediaFault::NoAddress: return "no local address to relay from";
    case MediaFault::SectionsGone: return "fewer m= lines than before";
    case MediaFault::NotAnAnswer: return "the answer does not fit the offer";
  }
  return "unknown";
}

CallMedia::CallMedia(Relay& relay, CallMediaObserver& observer)
    : relay_(*relay.parts_), observer_(observer) {}

CallMedia::~CallMedia() { give_up_relay(); }

uint32_t CallMedia::kept_back() const { return for_help_ ? 0 : relay_.kept_back; }

void CallMedia::give_up_relay() {
  if (call_ != nullptr) relay_.calls.release(*call_);
  call_ = nullptr;
}

// What is new has not been agreed on.
void CallMedia::drop_new() {
  if (call_ == nullptr) return;
  call_->drop_new();
  if (!call_->established()) give_up_relay();
}

Result<size_t, MediaFault> CallMedia::write_offer(const MediaLeg& from, const Description& offer,
                                                  MediaLeg& to, std::span<char> out) {
  const bool same = offer_ && offerer_ == from.side && offer_.view() == offer.text;
  if (!same) abandon();
  if (offer.media_count < section_count_) return MediaFault::SectionsGone;
  const auto size = write_new_offer(from, offer, to, same, out);
  if (!size && !same) drop_new();
  if (!size || same) return size;
  offer_ = relay_.dependencies.slabs.copy(offer.text);
  offerer_ = from.side;
  if (offer_) return size;
  drop_new();
  return MediaFault::NoBuffer;
}

Result<size_t, MediaFault> CallMedia::write_new_offer(const MediaLeg& from,
                                                      const Description& offer, MediaLeg& to,
                                                      bool same, std::span<char> out) {
  const Mode mode = relay_.options.mode;
  const bool wanted = mode == Mode::Relay || (mode == Mode::Auto && needs_relay(from, offer, to));
  if (call_ == nullptr && wanted && can_relay_any(offer)) {
    call_ = relay_.calls.acquire_leaving(kept_back(), *this, relay_);
    if (call_ == nullptr) return MediaFault::CallsFull;
  }
  // Who was told of our ports in an early answer is told of no others.
  const bool told = same && answered_ && !direct_answer_;
  to.relayed = call_ != nullptr && (wanted || told || call_->established());
  if (!to.relayed) return write_direct(offer, to, out);
  Locals local;
  local[index_of(from.side)] = local_toward(from, offer);
  local[index_of(to.side)] = local_as_before(to);
  const auto opened = open_streams(offer, local);
  if (!opened) return opened.error();
  return write_relayed(offer, to, local[index_of(to.side)], out);
}

Result<void, MediaFault> CallMedia::open_streams(const Description& offer, const Locals& local) {
  for (size_t i = 0; i < offer.media().size(); ++i) {
    if (!can_relay(offer.sections[i])) continue;
    const auto opened = call_->open(i, local);
    if (!opened) return opened;
  }
  return {};
}

// Our address toward a peer, of the family that its description has.
port::IpAddress CallMedia::local_toward(const MediaLeg& leg, const Description& description) {
  const port::IpAddress host = media_host(description);
  if (host.family == port::Family::None || host.family == leg.local.family) return leg.local;
  const port::IpAddress source = relay_.dependencies.network.source_for(host);
  return source.family == port::Family::None || source.is_unspecified() ? leg.local : source;
}

// Toward a peer that is yet to answer: of the family that it has had so far.
port::IpAddress CallMedia::local_as_before(const MediaLeg& leg) const {
  const port::IpAddress& before = call_->local(leg.side);
  return before.family == port::Family::None || before.family == leg.local.family ? leg.local
                                                                                  : before;
}

Result<size_t, MediaFault> CallMedia::write_answer(const MediaLeg& from, const Description& answer,
                                                   MediaLeg& to, std::span<char> out) {
  if (!offer_ || offerer_ != to.side || from.side == to.side) return MediaFault::NoOffer;
  const auto offer = sdp::parse_description(offer_.view());
  if (sdp::review_answer(*offer, answer).breaches.fatal()) return MediaFault::NotAnAnswer;
  if (call_ == nullptr || !from.relayed) {
    const auto size = write_direct(answer, to, out);
    if (size) note_answer(answer, true);
    return size;
  }
  Locals local;
  local[index_of(from.side)] = local_toward(from, answer);
  local[index_of(to.side)] = local_toward(to, *offer);
  for (size_t i = 0; i < answer.media().size(); ++i) {
    if (!flows(i, answer)) continue;
    const auto opened = call_->open(i, local);
    if (!opened) return opened.error();
  }
  const auto size = write_relayed(answer, to, local[index_of(to.side)], out);
  if (!size) return size;
  connect(from, answer, to, *offer, local);
  note_answer(answer, false);
  return size;
}

bool CallMedia::flows(size_t section, const Description& answer) const {
  return call_->stream(section) != nullptr && can_relay(answer.sections[section]);
}

void CallMedia::connect(const MediaLeg& from, const Description& answer, const MediaLeg& to,
                        const Description& offer, const Locals& local) {
  for (size_t i = 0; i < answer.media().size(); ++i) {
    if (!flows(i, answer)) {
      call_->shut(i);
      continue;
    }
    const SectionSide answerer{from, answer.sections[i]};
    const SectionSide offerer{to, offer.sections[i]};
    const bool caller_answers = from.side == Side::Caller;
    call_->connect(i, caller_answers ? answerer : offerer, caller_answers ? offerer : answerer,
                   local);
  }
  call_->watch();
}

void CallMedia::note_answer(const Description& answer, bool direct) {
  answered_ = true;
  direct_answer_ = direct;
  section_count_ = answer.media_count;
}

Result<size_t, MediaFault> CallMedia::write_direct(const Description& description, MediaLeg& to,
                                                   std::span<char> out) {
  return write_as_ours(description, sdp::Edit(), to, to.local, out);
}

Result<size_t, MediaFault> CallMedia::write_relayed(const Description& description, MediaLeg& to,
                                                    const port::IpAddress& local,
                                                    std::span<char> out) {
  const port::IpAddress told = relay_.advertised_for(local);
  return write_as_ours(description, relayed_edit(description, to.side, told), to, told, out);
}

sdp::Edit CallMedia::relayed_edit(const Description& description, Side to,
                                  const port::IpAddress& told) const {
  sdp::Edit edit = sdp::relay_edit(told);
  for (size_t i = 0; i < description.media().size(); ++i) {
    const sdp::Media& section = description.sections[i];
    if (!section.is_active()) {
      edit.media[i].reject = true;
    } else if (flows(i, description)) {
      const RelayedStream& stream = *call_->stream(i);
      const uint16_t rtcp = section.is_rtp() ? stream.rtcp_number(to) : uint16_t{0};
      edit.media[i] = sdp::relayed(section, {told, stream.rtp_number(to)}, rtcp);
    } else if (!section.own_connection) {
      edit.address = {};  // it keeps its address, which is the session's
    }
  }
  return edit;
}

void CallMedia::settle() {
  if (!offer_ || !answered_) return;
  if (direct_answer_) {
    drop_new();  // what was kept for other legs
  } else if (call_ != nullptr) {
    call_->keep();
  }
  offer_.reset();
  answered_ = direct_answer_ = false;
}

void CallMedia::abandon() {
  if (!offer_) return;
  if (answered_) return settle();
  offer_.reset();
  drop_new();
}

const Reception* CallMedia::reception(size_t section, Side side) const {
  const RelayedStream* const stream = stream_of(section);
  return stream == nullptr ? nullptr : &stream->reception(side);
}

RelayedStream* CallMedia::stream_of(size_t section) const {
  return call_ == nullptr || section >= sdp::kMediaMax ? nullptr : call_->stream(section);
}

Result<void> CallMedia::add_sink(size_t section, PacketSink& sink) {
  RelayedStream* const stream = stream_of(section);
  if (stream == nullptr) return Error::NotFound;
  return stream->add_sink(sink);
}

void CallMedia::remove_sink(size_t section, PacketSink& sink) {
  if (RelayedStream* const stream = stream_of(section)) stream->remove_sink(sink);
}

}  // namespace tipring::media
