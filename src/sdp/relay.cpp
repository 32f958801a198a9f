#include "sdp/relay.h"

#include "sdp/attributes.h"

namespace tipring::sdp {

namespace {

port::SocketAddress rtcp_target(const Media& media, const port::SocketAddress& rtp) {
  port::SocketAddress rtcp = rtp;
  if (media.rtcp_number == 0) {
    rtcp.port = static_cast<uint16_t>(rtp.port + 1);  // 0 behind the last one
    return rtcp;
  }
  rtcp.port = media.rtcp_number;
  const auto attribute = find_attribute(media.text, "rtcp");
  const auto given = parse_rtcp(attribute->value);
  if (given->connection.kind == AddressKind::None) return rtcp;
  // An address that cannot be sent to is none, rather than that of the media.
  const bool usable = given->connection.kind == AddressKind::Ip && !given->connection.is_silent() &&
                      !given->connection.ip.is_broadcast();
  if (!usable) return {};
  rtcp.ip = given->connection.ip;
  return rtcp;
}

}  // namespace

std::string_view to_text(NoTarget reason) {
  switch (reason) {
    case NoTarget::Rejected: return "rejected";
    case NoTarget::OtherProtocol: return "neither RTP nor UDPTL";
    case NoTarget::SeveralPorts: return "several ports";
    case NoTarget::Silent: return "on hold";
    case NoTarget::Name: return "a host name";
    case NoTarget::Multicast: return "multicast";
    case NoTarget::OtherNetwork: return "another network";
  }
  return "unknown";
}

Result<MediaTarget, NoTarget> media_target(const Media& media, bool mux) {
  if (!media.is_active()) return NoTarget::Rejected;
  if (!media.is_rtp() && !media.is_udptl()) return NoTarget::OtherProtocol;
  if (media.port_count != 1) return NoTarget::SeveralPorts;
  if (media.connection.is_silent()) return NoTarget::Silent;
  switch (media.connection.kind) {
    case AddressKind::Name: return NoTarget::Name;
    case AddressKind::Multicast: return NoTarget::Multicast;
    case AddressKind::None:
    case AddressKind::Other: return NoTarget::OtherNetwork;
    case AddressKind::Ip: break;
  }
  if (media.connection.ip.is_broadcast()) return NoTarget::Multicast;
  const port::SocketAddress rtp{media.connection.ip, media.number};
  if (media.is_udptl()) return MediaTarget{rtp, {}};
  return MediaTarget{rtp, mux ? rtp : rtcp_target(media, rtp)};
}

}  // namespace tipring::sdp
