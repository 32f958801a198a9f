// What a relay asks of a media section: where its packets are to go, or why that cannot be said.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/result.h"
#include "port/address.h"
#include "sdp/description.h"

namespace tipring::sdp {

struct MediaTarget {
  port::SocketAddress rtp;   // or UDPTL
  port::SocketAddress rtcp;  // port 0 where RTCP has no place to go
};

// Why a section has no target.
enum class NoTarget : uint8_t {
  Rejected,       // port 0
  OtherProtocol,  // neither RTP nor UDPTL: BFCP, MSRP …
  SeveralPorts,   // layers (RFC 8866 5.14)
  Silent,         // on hold by 0.0.0.0 or its like: nothing is to be sent there now
  Name,           // a host name: looked up by nobody in the loop
  Multicast,      // or broadcast: not one peer
  OtherNetwork,
};

// One short English phrase.
std::string_view to_text(NoTarget reason);

// Where RTP and RTCP of an active section go, or UDPTL (T.38), which has no RTCP. RTCP goes where a=rtcp says (RFC 3605), with `mux`,
// when both sides have agreed on it (RFC 5761 5.1.1), to the same port, else to the next one.
Result<MediaTarget, NoTarget> media_target(const Media& media, bool mux = false);

}  // namespace tipring::sdp
