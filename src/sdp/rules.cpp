#include "sdp/rules.h"

#include <algorithm>
#include <array>

#include "core/text.h"
#include "sdp/attributes.h"
#include "sdp/codec.h"
#include "sdp/line.h"

namespace tipring::sdp {

namespace {

struct BreachPhrase {
  Breach breach;
  std::string_view phrase;
};
constexpr std::array kPhrases = {
    BreachPhrase{Breach::MediaCount, "wrong number of media"},
    BreachPhrase{Breach::MediaTypeChanged, "media type changed"},
    BreachPhrase{Breach::ProtocolChanged, "media protocol changed"},
    BreachPhrase{Breach::Revived, "removed media answered"},
    BreachPhrase{Breach::NoCommonFormat, "no common media format"},
    BreachPhrase{Breach::Multicast, "multicast group changed"},
    BreachPhrase{Breach::Direction, "direction not allowed"},
    BreachPhrase{Breach::Remapped, "payload type changed its codec"},
    BreachPhrase{Breach::SessionChanged, "another session in o="},
    BreachPhrase{Breach::VersionKept, "changed without a new version in o="},
    BreachPhrase{Breach::VersionJumped, "version in o= not the next"},
};

// The same codec, or the same number where one of the two does not say what it means.
bool is_common(const Format& a, const Format& b) {
  if (a.encoding.empty() || b.encoding.empty()) return a.payload_type == b.payload_type;
  return a.same_codec(b);
}

bool is_remapped(const Formats& before, const Formats& after) {
  const auto other = [&](const Format& format) {
    if (format.encoding.empty()) return false;
    const Format* const old = before.find(format.payload_type);
    return old != nullptr && !old->encoding.empty() && !old->same_codec(format);
  };
  const auto formats = after.all();
  return std::any_of(formats.begin(), formats.end(), other);
}

bool have_common(const Formats& offered, const Formats& answered) {
  for (const Format& answer : answered.all()) {
    for (const Format& offer : offered.all()) {
      if (is_common(offer, answer)) return true;
    }
  }
  return false;
}

// Groups are the same on both sides, address, port and direction (RFC 3264 6.2).
bool same_group(const Media& offer, const Media& answer) {
  const bool offered = offer.connection.kind == AddressKind::Multicast;
  const bool answered = answer.connection.kind == AddressKind::Multicast;
  if (!offered && !answered) return true;
  return offered && answered && offer.connection.host == answer.connection.host &&
         offer.number == answer.number && offer.direction == answer.direction;
}

void review_formats(const Media& offer, const Media& answer, BreachSet& breaches) {
  if (!offer.is_rtp() || !answer.is_rtp()) return;
  const Formats offered = read_formats(offer);
  const Formats answered = read_formats(answer);
  if (!have_common(offered, answered)) breaches.add(Breach::NoCommonFormat);
  if (is_remapped(offered, answered)) breaches.add(Breach::Remapped);
}

void review_answered(const Media& offer, const Media& answer, BreachSet& breaches) {
  if (answer.type != offer.type) breaches.add(Breach::MediaTypeChanged);
  if (!answer.is_active()) return;
  if (!offer.is_active()) return breaches.add(Breach::Revived);
  if (!iequals(answer.protocol, offer.protocol)) breaches.add(Breach::ProtocolChanged);
  const bool group = offer.connection.kind == AddressKind::Multicast;
  if (!group && !may_answer(offer.direction, answer.direction)) breaches.add(Breach::Direction);
  if (!same_group(offer, answer)) breaches.add(Breach::Multicast);
  review_formats(offer, answer, breaches);
}

// Each of `some` is among `others`, under the same number.
bool are_among(const Formats& some, const Formats& others) {
  const auto all = some.all();
  return std::all_of(all.begin(), all.end(), [&](const Format& format) {
    const Format* const same = others.find(format.payload_type);
    if (same == nullptr || !is_common(format, *same)) return false;
    // Parameters of a picture are part of what the codec is; of sound, and of events, they are hints.
    return format.fmtp == same->fmtp || format.clock_rate < 90000;
  });
}

bool has_keys(const Description& description) {
  constexpr AttributeGroup kKeys = AttributeGroup::Dtls | AttributeGroup::Sdes;
  if (has_group(description.session, kKeys)) return true;
  const auto media = description.media();
  return std::any_of(media.begin(), media.end(),
                     [](const Media& section) { return has_group(section.text, kKeys); });
}

bool can_stand_for(const Media& told, const Media& meant) {
  if (told.is_active() != meant.is_active()) return false;
  if (!told.is_active()) return true;
  if (told.type != meant.type || !iequals(told.protocol, meant.protocol)) return false;
  if (told.direction != meant.direction || told.rtcp_mux != meant.rtcp_mux) return false;
  if (told.number != meant.number || told.connection.host != meant.connection.host) return false;
  if (!told.is_rtp()) return told.formats == meant.formats;
  const Formats first = read_formats(told);
  const Formats second = read_formats(meant);
  return are_among(first, second) && are_among(second, first);
}

// All lines are the same, whatever their ends.
bool same_content(const Description& a, const Description& b) {
  LineReader first(a.text);
  LineReader second(b.text);
  Line one;
  Line other;
  while (true) {
    const bool has_one = first.next(one);
    const bool has_other = second.next(other);
    if (!has_one || !has_other) return has_one == has_other;
    if (one.text != other.text) return false;
  }
}

void review_origin(const Description& previous, const Description& offer, Review& review) {
  if (!previous.origin.same_session(offer.origin))
    return review.breaches.add(Breach::SessionChanged);
  const bool same_version = previous.origin.version_text == offer.origin.version_text;
  review.unchanged = same_version && same_content(previous, offer);
  if (same_version && !review.unchanged) review.breaches.add(Breach::VersionKept);
  const bool next = previous.origin.has_version && offer.origin.has_version &&
                    offer.origin.version == previous.origin.version + 1;
  if (!same_version && !next) review.breaches.add(Breach::VersionJumped);
}

bool moved(const Media& before, const Media& after) {
  return before.number != after.number || before.rtcp_number != after.rtcp_number ||
         before.rtcp_mux != after.rtcp_mux || before.connection.kind != after.connection.kind ||
         before.connection.host != after.connection.host;
}

}  // namespace

Review review_answer(const Description& offer, const Description& answer) {
  Review review;
  if (offer.media().size() != answer.media().size()) {
    review.breaches.add(Breach::MediaCount);
    review.media = std::min(offer.media_count, answer.media_count);
    return review;
  }
  for (size_t i = 0; i < offer.media().size(); ++i) {
    const bool before = review.breaches.fatal();
    review_answered(offer.sections[i], answer.sections[i], review.breaches);
    if (!before && review.breaches.fatal()) review.media = static_cast<uint8_t>(i);
  }
  return review;
}

Review review_offer(const Description& previous, const Description& offer) {
  Review review;
  if (offer.media_count < previous.media_count) {
    review.breaches.add(Breach::MediaCount);
    review.media = offer.media_count;
  }
  review_origin(previous, offer, review);
  if (review.unchanged) return review;
  for (size_t i = 0; i < std::min(previous.media_count, offer.media_count); ++i) {
    const Media& before = previous.sections[i];
    const Media& after = offer.sections[i];
    // A place that was free has a new stream in it (RFC 3264 8.1).
    if (!before.is_active() || !after.is_active() || before.type != after.type) continue;
    if (!before.is_rtp() || !after.is_rtp()) continue;
    if (is_remapped(read_formats(before), read_formats(after)))
      review.breaches.add(Breach::Remapped);
  }
  return review;
}

bool can_stand_for(const Description& told, const Description& meant) {
  if (told.media_count != meant.media_count || has_keys(told) || has_keys(meant)) return false;
  for (size_t i = 0; i < told.media().size(); ++i) {
    if (!can_stand_for(told.sections[i], meant.sections[i])) return false;
  }
  return true;
}

bool can_meet(const Description& one, const Description& other) {
  for (const Media& mine : one.media()) {
    for (const Media& theirs : other.media()) {
      const bool alike = mine.is_active() && theirs.is_active() && mine.type == theirs.type &&
                         iequals(mine.protocol, theirs.protocol);
      if (!alike) continue;
      if (!mine.is_rtp() || have_common(read_formats(mine), read_formats(theirs))) return true;
    }
  }
  return false;
}

std::string_view first_phrase(const BreachSet& breaches) {
  for (const BreachPhrase& entry : kPhrases) {
    if (breaches.has(entry.breach)) return entry.phrase;
  }
  return {};
}

bool is_held(const Media& media) {
  return media.is_active() && (!receives(media.direction) || media.connection.is_silent());
}

bool is_held(const Description& description) {
  bool any = false;
  for (const Media& media : description.media()) {
    if (!media.is_active()) continue;
    if (!is_held(media)) return false;
    any = true;
  }
  return any;
}

ChangeSet changes(const Description& before, const Description& after, size_t index) {
  ChangeSet set;
  const Media& now = after.sections[index];
  const bool was_active = index < before.media().size() && before.sections[index].is_active();
  if (!was_active) {
    if (now.is_active()) set.add(Change::Added);
    return set;
  }
  if (!now.is_active()) {
    set.add(Change::Removed);
    return set;
  }
  const Media& old = before.sections[index];
  if (moved(old, now)) set.add(Change::Moved);
  if (old.formats != now.formats || old.protocol != now.protocol || old.type != now.type)
    set.add(Change::Formats);
  if (old.direction != now.direction) set.add(Change::Direction);
  if (!is_held(old) && is_held(now)) set.add(Change::Held);
  if (is_held(old) && !is_held(now)) set.add(Change::Resumed);
  return set;
}

}  // namespace tipring::sdp
