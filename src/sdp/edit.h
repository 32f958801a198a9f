// Writing a received description again with changes: what a B2BUA sends to the other leg. Lines
// that nothing changes are copied once, in one piece with their neighbours.
//
// What the writer mends in any case: lines end in CR LF, s= and t= are there, k= is not (RFC 8866
// 5.12 forbids it), and no empty line stands at the end.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/result.h"
#include "port/address.h"
#include "sdp/attributes.h"
#include "sdp/description.h"
#include "sdp/origin.h"

namespace tipring::sdp {

// Changes of one media section. As it is made, it changes nothing.
struct MediaEdit {
  // Where we want the packets: the port of m=, the address of c=. With port 0 nothing changes, with
  // an address of no family the address stays.
  port::SocketAddress rtp;
  // Port for RTCP, looked at when `rtp` has a port: a=rtcp is written where it is not the next one,
  // and left out when 0. The received a=rtcp goes in any case.
  uint16_t rtcp_number = 0;
  std::optional<Direction> direction;
  // Port 0, and nothing else of the section but its c= where the session has none, and a=mid, which
  // groups refer to (RFC 3264 6, 8.2).
  bool reject = false;
  AttributeGroup drop = AttributeGroup::None;
  std::string_view lines;  // whole lines to add, each with its CR LF
};

// Decides about attributes one by one, after the groups.
class AttributeFilter {
 public:
  virtual bool keep(const Attribute& attribute) const = 0;

 protected:
  ~AttributeFilter() = default;
};

struct Edit {
  const OriginValues* origin = nullptr;        // null: as received
  port::IpAddress address;                     // for the c= of the session, where there is one
  AttributeGroup drop = AttributeGroup::None;  // from the session and from each section
  std::string_view lines;                      // whole lines to add to the session
  const AttributeFilter* filter = nullptr;
  std::array<MediaEdit, kMediaMax> media;  // by the section's place
};

// Writes `description` with these changes; the number of bytes. `out` does not overlap its text.
// Errors: BufferFull.
Result<size_t> write_edited(const Description& description, const Edit& edit, std::span<char> out);

// The changes for a call whose packets we relay. Of the session: `address`, and nothing left that
// would lead around us (ICE), or put several sections on one port (BUNDLE), in no section either.
Edit relay_edit(const port::IpAddress& address);

// Of one of its sections: our address and ports. Keys, fingerprints, codecs, direction and rtcp-mux
// pass. The old hold by 0.0.0.0, which our address covers up, becomes the sendonly or inactive that
// it stands for (RFC 3264 8.4). A section that is not active is rejected.
MediaEdit relayed(const Media& media, const port::SocketAddress& rtp, uint16_t rtcp_number);

}  // namespace tipring::sdp
