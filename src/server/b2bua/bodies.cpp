// Descriptions and other content from one side to the other.
#include "sdp/edit.h"
#include "server/b2bua/b2bua.h"
#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::b2bua {

B2bua::Written B2bua::write_offer(CallLeg& from, std::string_view text, CallLeg& to) {
  const auto description = sdp::parse_description(text);
  if (!description) return {sdp::status_for(description.error().fault), {}};
  const auto size = from.call.media.write_offer(from.media, *description, to.media, body_);
  if (!size) {
    const std::string_view key = media::key_of(size.error());
    if (!key.empty()) environment_.overload.note(key, environment_.now());
    return {media::status_for(size.error()), {}};
  }
  return {0, {body_.data(), *size}};
}

B2bua::Written B2bua::write_answer(CallLeg& from, std::string_view text, CallLeg& to) {
  const auto description = sdp::parse_description(text);
  if (!description) return {sip::status::kNotAcceptableHere, {}};
  const auto size = from.call.media.write_answer(from.media, *description, to.media, body_);
  if (!size) return {media::status_for(size.error()), {}};
  return {0, {body_.data(), *size}};
}

// An answer that takes every stream that we could relay, and sends and wants nothing in it yet. One with
// keys would need some of ours, and is rejected.
B2bua::Written B2bua::write_hold(CallLeg& to, std::string_view offer) {
  constexpr uint16_t kDiscard = 9;
  const auto description = sdp::parse_description(offer);
  if (!description) return {sdp::status_for(description.error().fault), {}};
  sdp::Edit edit = sdp::relay_edit(to.media.local);
  for (size_t i = 0; i < description->media().size(); ++i) {
    const sdp::Media& section = description->sections[i];
    sdp::MediaEdit& change = edit.media[i];
    change.reject = !section.is_active() || !section.is_rtp() || section.is_secure();
    if (change.reject) continue;
    change = sdp::relayed(section, {to.media.local, kDiscard}, 0);
    change.direction = sdp::Direction::Inactive;
  }
  const auto size = to.media.origin.write(body_, [&](uint64_t version) {
    const sdp::OriginValues values{"-", to.media.origin.session_id(), version, to.media.local};
    edit.origin = &values;
    return sdp::write_edited(*description, edit, body_);
  });
  if (!size) return {sip::status::kServerInternalError, {}};
  return {0, {body_.data(), *size}};
}

// RFC 3264 6: an answer that wants none of the streams.
B2bua::Written B2bua::write_rejection(CallLeg& to, std::string_view offer) {
  const auto description = sdp::parse_description(offer);
  if (!description) return {sdp::status_for(description.error().fault), {}};
  sdp::Edit edit;
  for (size_t i = 0; i < description->media().size(); ++i) edit.media[i].reject = true;
  const auto size = to.media.origin.write(body_, [&](uint64_t version) {
    const sdp::OriginValues values{"-", to.media.origin.session_id(), version, to.media.local};
    edit.origin = &values;
    return sdp::write_edited(*description, edit, body_);
  });
  if (!size) return {sip::status::kServerInternalError, {}};
  return {0, {body_.data(), *size}};
}

// What of a message goes across, with this description in place of its own. A body that is about
// something else goes as it came.
service::LegContent B2bua::content_of(const sip::MessageView& message, Passage passage,
                                      std::string_view description) {
  service::LegContent content;
  // More lines than there is room for stay behind; a description without them is worth more than
  // they without it.
  const Result<size_t> carried = write_carried(message, passage, lines_);
  size_t size = carried ? *carried : 0;
  const bool has_session = sip::find_session_body(message).status != sip::SessionBodyStatus::None;
  if (!description.empty()) {
    content.content_type = kSdpType;
    content.body = description;
  } else if (!message.body().empty() && !has_session) {
    const Result<size_t> more = write_body_lines(message, lines_.subspan(size));
    if (more) size += *more;
    content.content_type = message.header(sip::HeaderId::ContentType).value_or("");
    content.body = message.body();
  }
  content.lines = {lines_.data(), size};
  return content;
}

}  // namespace tipring::b2bua
