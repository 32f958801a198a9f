// A session description (RFC 8866) read in one pass: what calls and relays need to know of each
// media section at once, all else as views to be walked again (attributes.h). Everything is a view
// into the text given to parse_description and lives no longer than that.
//
// Strict where two readers could see different things: bytes that cut lines for some (NUL, bare
// CR), an unknown type letter, a second description or c= line, an address that is not of the type
// it says. Lenient where phones are sloppy and only one reading makes sense; each such leniency is
// a Laxity and is reported.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/result.h"
#include "sdp/connection.h"
#include "sdp/direction.h"
#include "sdp/origin.h"
#include "sdp/parse_error.h"

namespace tipring::sdp {

inline constexpr size_t kMediaMax = 16;               // media sections
inline constexpr size_t kDescriptionSizeMax = 65535;  // no SIP message is larger

// What was forgiven. write_edited() (edit.h) mends those marked with *.
enum class Laxity : uint16_t {
  BareLineFeed = 1 << 0,     // * a line ends in LF alone
  NoFinalLineEnd = 1 << 1,   // * the last line has no end
  EmptyLastLines = 1 << 2,   // * empty lines behind the last one
  TrailingBlank = 1 << 3,    // blanks at the end of another line than s= and i=
  ExtraBlank = 1 << 4,       // more than one space between fields, or a tab
  OutOfOrder = 1 << 5,       // lines not in the order of RFC 8866 5
  NoSessionName = 1 << 6,    // * s= missing, or empty as in the examples of RFC 3264
  NoTime = 1 << 7,           // * t= missing
  OddOrigin = 1 << 8,        // o= with no user name or one with spaces, or ids that are no numbers
  LowerCaseNet = 1 << 9,     // "in ip4"
  UnicastTtl = 1 << 10,      // a time to live behind a unicast address
  NoFormat = 1 << 11,        // a rejected stream without any format
  NoConnection = 1 << 12,    // a rejected stream without any address
  TwoDirections = 1 << 13,   // what both of them allow holds
  EmptyAttribute = 1 << 14,  // "a=" and nothing else
};

class LaxitySet {
 public:
  constexpr LaxitySet() = default;
  constexpr LaxitySet(Laxity laxity) : bits_(static_cast<uint16_t>(laxity)) {}  // NOLINT
  constexpr bool has(Laxity laxity) const { return (bits_ & static_cast<uint16_t>(laxity)) != 0; }
  constexpr void add(Laxity laxity) { bits_ |= static_cast<uint16_t>(laxity); }
  constexpr bool none() const { return bits_ == 0; }
  friend constexpr bool operator==(LaxitySet, LaxitySet) = default;

 private:
  uint16_t bits_ = 0;
};

enum class MediaType : uint8_t { Audio, Video, Text, Image, Application, Message, Other };

// One m= section.
struct Media {
  std::string_view text;      // all its lines, the m= line first
  std::string_view type;      // "audio"
  std::string_view protocol;  // "RTP/AVP"
  std::string_view formats;   // "0 8 101", for a FieldReader
  Connection connection;      // its own c=, else the session's
  uint16_t number = 0;        // the port; 0: rejected, removed or not wanted
  uint16_t port_count = 1;
  uint16_t rtcp_number = 0;  // of the first a=rtcp; 0 where there is none or it is bad
  MediaType media_type = MediaType::Other;
  Direction direction = Direction::SendRecv;  // its own, else the session's
  bool own_connection = false;
  bool own_direction = false;
  bool rtcp_mux = false;

  bool is_audio() const { return media_type == MediaType::Audio; }
  // The stream exists. One that is `bundle-only` (RFC 8843) has port 0 too, and is not active
  // where groups are taken out.
  bool is_active() const { return number != 0; }
  bool is_rtp() const;     // over UDP, by the profiles RTP/AVP, AVPF, SAVP, SAVPF and those of DTLS
  bool is_udptl() const;   // T.38 over UDP, also over DTLS: RFC 7345
  bool is_secure() const;  // SRTP: RTP/SAVP…, UDP/TLS/RTP/SAVP…
};

struct Description {
  std::string_view text;
  std::string_view session;       // the lines before the first m=
  std::string_view session_name;  // s=
  std::string_view time;          // value of the first t=
  Origin origin;
  Connection connection;  // of the session
  Direction direction = Direction::SendRecv;
  LaxitySet laxities;
  uint8_t media_count = 0;
  std::array<Media, kMediaMax> sections;

  std::span<const Media> media() const { return {sections.data(), media_count}; }
};

// Errors: the Fault, and the line it is in.
Result<Description, ParseError> parse_description(std::string_view text);

}  // namespace tipring::sdp
