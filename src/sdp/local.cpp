#include "sdp/local.h"

#include <algorithm>

#include "core/text.h"
#include "sdp/line.h"
#include "sdp/text_writer.h"

namespace tipring::sdp {

namespace {

const Codec* find_codec(std::span<const Codec> codecs, const Format& format) {
  for (const Codec& codec : codecs) {
    if (codec.matches(format)) return &codec;
  }
  return nullptr;
}

void write_session(TextWriter& out, const LocalSession& session, std::string_view time) {
  const OriginValues& origin = session.origin;
  out.text("v=0\r\no=").text(origin.user).text(" ").number(origin.session_id).text(" ");
  out.number(origin.version).text(" ").address(origin.address).crlf();
  out.text("s=").text(session.name.empty() ? "-" : session.name).crlf();
  out.connection_line(origin.address);
  out.text("t=").text(time.empty() ? "0 0" : time).crlf();
}

void write_codec(TextWriter& out, const Codec& codec, uint8_t payload_type) {
  out.text("a=rtpmap:").number(payload_type).text(" ").text(codec.name).text("/");
  out.number(codec.clock_rate);
  if (codec.channels != 1) out.text("/").number(codec.channels);
  out.crlf();
  if (codec.fmtp.empty()) return;
  out.text("a=fmtp:").number(payload_type).text(" ").text(codec.fmtp).crlf();
}

void write_stream_end(TextWriter& out, const LocalMedia& media, Direction direction, bool mux) {
  if (media.packet_time_ms != 0) out.text("a=ptime:").number(media.packet_time_ms).crlf();
  if (media.rtcp_number != 0 && media.rtcp_number != media.rtp.port + 1)
    out.text("a=rtcp:").number(media.rtcp_number).crlf();
  if (mux) out.text("a=rtcp-mux\r\n");
  out.text("a=").text(to_text(direction)).crlf().text(media.lines);
}

void write_m_line(TextWriter& out, const LocalMedia& media) {
  out.text("m=").text(media.type).text(" ").number(media.rtp.port).text(" ").text(media.protocol);
}

void write_own_connection(TextWriter& out, const LocalSession& session, const LocalMedia& media) {
  const port::IpAddress& ip = media.rtp.ip;
  if (ip.family != port::Family::None && ip != session.origin.address) out.connection_line(ip);
}

void write_offered(TextWriter& out, const LocalSession& session, const LocalMedia& media) {
  write_m_line(out, media);
  for (const Codec& codec : media.codecs) out.text(" ").number(codec.payload_type);
  if (media.codecs.empty()) out.text(" 0");
  out.crlf();
  if (media.rtp.port == 0) return;
  write_own_connection(out, session, media);
  for (const Codec& codec : media.codecs) write_codec(out, codec, codec.payload_type);
  write_stream_end(out, media, media.direction, media.rtcp_mux);
}

// The formats that both have, in the order of the offer: calls use(format, codec).
template <class Use>
void for_common(const Formats& formats, const LocalMedia& media, const Use& use) {
  bool has_codec = false;
  for (const Format& format : formats.all()) {
    const Codec* const codec = find_codec(media.codecs, format);
    if (codec == nullptr) continue;
    if (!codec->is_auxiliary()) {
      if (has_codec && media.single_codec) continue;
      has_codec = true;
    }
    use(format, *codec);
  }
}

void write_accepted(TextWriter& out, const LocalSession& session, const Media& offered,
                    const Agreed& agreed) {
  const LocalMedia& media = *agreed.local;
  const Formats formats = read_formats(offered);
  write_m_line(out, media);
  for_common(formats, media, [&](const Format& format, const Codec&) {
    out.text(" ").number(format.payload_type);
  });
  out.crlf();
  write_own_connection(out, session, media);
  for_common(formats, media, [&](const Format& format, const Codec& codec) {
    write_codec(out, codec, format.payload_type);
  });
  write_stream_end(out, media, agreed.direction, agreed.rtcp_mux);
}

// One format is enough for a stream that is not (RFC 3264 6).
void write_rejected(TextWriter& out, const Media& offered) {
  const std::string_view format = FieldReader(offered.formats).next();
  out.text("m=").text(offered.type).text(" 0 ").text(offered.protocol).text(" ");
  out.text(format.empty() ? "0" : format).crlf();
}

// The first of our streams that fits and that no section before has taken.
Agreed take_local(const Media& offered, const LocalSession& session,
                  std::span<const Agreed> before) {
  for (const LocalMedia& local : session.media) {
    const bool taken = std::any_of(before.begin(), before.end(),
                                   [&](const Agreed& other) { return other.local == &local; });
    if (taken) continue;
    const Agreed agreed = agree(offered, local);
    if (agreed.local != nullptr) return agreed;
  }
  return {};
}

}  // namespace

Result<size_t> write_offer(const LocalSession& session, std::span<char> out) {
  TextWriter writer(out);
  write_session(writer, session, {});
  for (const LocalMedia& media : session.media) write_offered(writer, session, media);
  return writer.finish();
}

Agreed agree(const Media& remote, const LocalMedia& local) {
  Agreed agreed;
  const bool fits = remote.is_active() && local.rtp.port != 0 && remote.port_count == 1 &&
                    remote.type == local.type && iequals(remote.protocol, local.protocol) &&
                    remote.connection.kind != AddressKind::Multicast;
  if (!fits) return agreed;
  const Formats formats = read_formats(remote);
  for_common(formats, local, [&](const Format& format, const Codec& codec) {
    if (codec.is_auxiliary() || agreed.codec != nullptr) return;
    agreed.codec = &codec;
    agreed.payload_type = format.payload_type;
  });
  if (agreed.codec == nullptr) return {};
  // Events keep the time of the codec that they stand in for (RFC 4733 2.1).
  for_common(formats, local, [&](const Format& format, const Codec& codec) {
    const bool fits_codec = codec.is_event() && codec.clock_rate == agreed.codec->clock_rate;
    if (fits_codec && agreed.event_payload_type == kNoPayloadType)
      agreed.event_payload_type = format.payload_type;
  });
  agreed.local = &local;
  agreed.direction = answer_direction(remote.direction, local.direction);
  agreed.rtcp_mux = remote.rtcp_mux && local.rtcp_mux;
  return agreed;
}

Result<Answer> write_answer(const Description& offer, const LocalSession& session,
                            std::span<char> out) {
  TextWriter writer(out);
  write_session(writer, session, offer.time);
  Answer answer;
  for (size_t i = 0; i < offer.media().size(); ++i) {
    const Media& offered = offer.media()[i];
    const Agreed agreed = take_local(offered, session, std::span(answer.media).first(i));
    answer.media[i] = agreed;
    if (agreed.local == nullptr) {
      write_rejected(writer, offered);
    } else {
      ++answer.accepted;
      write_accepted(writer, session, offered, agreed);
    }
  }
  const auto size = writer.finish();
  if (!size) return size.error();
  answer.size = *size;
  return answer;
}

}  // namespace tipring::sdp
