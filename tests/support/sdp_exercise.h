// Everything that reads a description, over any bytes: what is true of all inputs. Used by the unit
// tests' damaged samples and by the fuzz target.
#pragma once

#include <array>
#include <string_view>

#include "sdp/attributes.h"
#include "sdp/codec.h"
#include "sdp/edit.h"
#include "sdp/local.h"
#include "sdp/relay.h"
#include "sdp/rules.h"

namespace tipring::test {

inline bool lies_inside(std::string_view piece, std::string_view text) {
  return piece.empty() ||
         (piece.data() >= text.data() && piece.data() + piece.size() <= text.data() + text.size());
}

// Calls check(condition, what it is). `Check` aborts or counts.
template <class Check>
class SdpExercise {
 public:
  explicit SdpExercise(const Check& check) : check_(check) {}

  void run(std::string_view text) {
    const auto description = sdp::parse_description(text);
    if (!description) return refused(description.error(), text);
    check_(text.size() <= sdp::kDescriptionSizeMax, "the size is bounded");
    check_(!description->origin.session_id.empty(), "there is an o= line");
    std::string_view rest = text.substr(description->session.size());
    for (const sdp::Media& media : description->media()) {
      check_(rest.starts_with(media.text), "sections follow one another");
      rest.remove_prefix(media.text.size());
      section(media, text);
    }
    check_(rest.empty(), "session and sections are the text");
    written(*description);
    answered(*description);
    reviewed(*description);
  }

 private:
  void refused(const sdp::ParseError& error, std::string_view text) {
    std::array<char, sdp::kErrorReasonMax> out;
    check_(!sdp::write_error_reason(error, out).empty(), "a refusal has a reason");
    size_t lines = 1;
    for (const char c : text) lines += c == '\n';
    check_(error.line <= lines, "a fault is in a line");
  }

  void section(const sdp::Media& media, std::string_view text) {
    for (const std::string_view piece :
         {media.type, media.protocol, media.formats, media.connection.host})
      check_(lies_inside(piece, text), "views lie in the text");
    check_(!media.is_active() || media.connection.kind != sdp::AddressKind::None,
           "an active stream has an address");
    const sdp::Formats formats = sdp::read_formats(media);
    for (const sdp::Format& format : formats.all()) {
      check_(formats.find(format.payload_type) == &format, "a payload type is there once");
      check_(lies_inside(format.fmtp, text), "parameters lie in the text");
    }
    for (const bool mux : {false, true}) {
      const auto target = sdp::media_target(media, mux);
      if (!target) continue;
      check_(target->rtp.port == media.number && !target->rtp.ip.is_unspecified() &&
                 !target->rtp.ip.is_multicast(),
             "a target is one host");
      check_(target->rtcp.port == 0 || !target->rtcp.ip.is_unspecified(),
             "a target of RTCP is one too");
    }
    sdp::AttributeReader attributes(media.text);
    sdp::Attribute attribute;
    while (attributes.next(attribute)) {
      check_(lies_inside(attribute.line, media.text), "attributes lie in their section");
      (void)sdp::parse_packet_time_us(attribute.value);
      (void)sdp::parse_group(attribute.value);
    }
  }

  // What is written is read again without any leniency that the writer mends.
  void written(const sdp::Description& description) {
    const port::SocketAddress own{*port::parse_ip("203.0.113.1"), 20000};
    sdp::Edit edit = sdp::relay_edit(own.ip);
    const sdp::OriginValues origin{"-", 1, 2, own.ip};
    edit.origin = &origin;
    for (size_t i = 0; i < description.media().size(); ++i)
      edit.media[i] = sdp::relayed(description.sections[i], own, 20005);
    const auto size = sdp::write_edited(description, edit, out_);
    check_(size.has_value(), "there is room enough");
    const auto again = sdp::parse_description({out_.data(), *size});
    check_(again.has_value(), "what was written can be read");
    for (const sdp::Laxity mended :
         {sdp::Laxity::BareLineFeed, sdp::Laxity::NoFinalLineEnd, sdp::Laxity::EmptyLastLines,
          sdp::Laxity::NoSessionName, sdp::Laxity::NoTime, sdp::Laxity::OddOrigin})
      check_(!again->laxities.has(mended), "what can be mended is");
    check_(again->media_count == description.media_count, "no section is lost");
    for (size_t i = 0; i < again->media().size(); ++i) {
      const sdp::Media& media = again->sections[i];
      check_(media.is_active() == description.sections[i].is_active(), "streams live on");
      check_(!media.is_active() || (media.number == 20000 && media.connection.ip == own.ip),
             "active streams come to us");
      check_(!sdp::has_group(media.text, sdp::AttributeGroup::Ice), "nothing leads around us");
    }
    // Written once more it is the same.
    const auto twice = sdp::write_edited(*again, {}, twice_);
    check_(twice.has_value() &&
               std::string_view(twice_.data(), *twice) == std::string_view(out_.data(), *size),
           "the second writing changes nothing");
  }

  void answered(const sdp::Description& offer) {
    constexpr std::array kCodecs = {sdp::kPcmu, sdp::kPcma, sdp::kTelephoneEvent};
    sdp::LocalMedia media;
    media.codecs = kCodecs;
    media.rtp = {*port::parse_ip("203.0.113.1"), 20000};
    sdp::LocalSession session;
    session.origin.address = media.rtp.ip;
    session.media = {&media, 1};
    const auto answer = sdp::write_answer(offer, session, out_);
    check_(answer.has_value(), "there is room for an answer");
    const auto read = sdp::parse_description({out_.data(), answer->size});
    check_(read.has_value(), "an answer can be read");
    check_(!sdp::review_answer(offer, *read).breaches.fatal(), "an answer fits its offer");
  }

  void reviewed(const sdp::Description& description) {
    check_(sdp::review_offer(description, description).unchanged, "a description equals itself");
    for (size_t i = 0; i < description.media().size(); ++i)
      check_(sdp::changes(description, description, i).none(), "nothing changes by itself");
    (void)sdp::is_held(description);
  }

  const Check& check_;
  std::array<char, 80000> out_;
  std::array<char, 80000> twice_;
};

}  // namespace tipring::test
