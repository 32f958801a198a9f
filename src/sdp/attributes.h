// Attributes, "a=name" and "a=name:value" (RFC 8866 5.13), of a session or of one media section.
// They are not stored: a section is walked again for each question, so that there may be any
// number. Views into the section.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/result.h"
#include "sdp/connection.h"
#include "sdp/line.h"

namespace tipring::sdp {

struct Attribute {
  std::string_view name;
  std::string_view value;  // behind ":", without blanks at its ends
  std::string_view line;   // whole, with its line end
};

// What stands behind "a=".
Attribute split_attribute(const Line& line);

// The attributes among the lines of a section, in their order.
class AttributeReader {
 public:
  explicit AttributeReader(std::string_view section) : lines_(section) {}
  bool next(Attribute& attribute);
  // The next with this name.
  bool next(std::string_view name, Attribute& attribute);

 private:
  LineReader lines_;
};

// The first with this name.
std::optional<Attribute> find_attribute(std::string_view section, std::string_view name);
inline bool has_attribute(std::string_view section, std::string_view name) {
  return find_attribute(section, name).has_value();
}

// Groups of attributes that a relay passes or takes out together.
enum class AttributeGroup : uint16_t {
  None = 0,
  Direction = 1 << 0,
  Rtcp = 1 << 1,     // RFC 3605
  RtcpMux = 1 << 2,  // RFC 5761, with rtcp-mux-only of RFC 8858
  Ice = 1 << 3,      // RFC 8839: candidate and all of ICE's others
  Dtls = 1 << 4,     // RFC 5763: fingerprint, setup, tls-id
  Sdes = 1 << 5,     // RFC 4568: crypto; and key-mgmt of RFC 4567
  Bundle = 1 << 6,   // group and bundle-only: several sections on one port
  Label = 1 << 7,    // RFC 4574
  Mid = 1 << 8,      // RFC 5888
};

constexpr AttributeGroup operator|(AttributeGroup a, AttributeGroup b) {
  return static_cast<AttributeGroup>(static_cast<uint16_t>(a) | static_cast<uint16_t>(b));
}
constexpr bool overlap(AttributeGroup a, AttributeGroup b) {
  return (static_cast<uint16_t>(a) & static_cast<uint16_t>(b)) != 0;
}

AttributeGroup group_of(std::string_view name);

// Whether one of these groups is in the section.
bool has_group(std::string_view section, AttributeGroup groups);

// RFC 8866 6.6: "0 PCMU/8000" or "111 opus/48000/2".
struct RtpMap {
  std::string_view encoding;  // compares without case
  uint32_t clock_rate = 0;
  uint8_t payload_type = 0;
  uint8_t channels = 1;
};
inline constexpr uint8_t kPayloadTypeMax = 127;
Result<uint8_t> parse_payload_type(std::string_view text);  // Errors: Invalid, OutOfRange
Result<RtpMap> parse_rtpmap(std::string_view value);        // Errors: Invalid, OutOfRange

// RFC 8866 6.15: "101 0-16".
struct Fmtp {
  std::string_view format;
  std::string_view params;
};
Result<Fmtp> parse_fmtp(std::string_view value);  // Errors: Invalid

// RFC 3605: "53020" or "53020 IN IP4 126.16.64.4".
struct Rtcp {
  uint16_t number = 0;    // the port, never 0
  Connection connection;  // kind None: the address of the media
};
Result<Rtcp> parse_rtcp(std::string_view value);  // Errors: Invalid, OutOfRange

// ptime and maxptime (RFC 8866 6.4, 6.5): milliseconds, which may have decimals. Above 0.
// Errors: Invalid, OutOfRange (0, or more than a minute).
Result<uint32_t> parse_packet_time_us(std::string_view value);

// RFC 5888: "BUNDLE audio video": what the group is for, and its identification tags.
struct Group {
  std::string_view semantics;
  std::string_view mids;  // for a FieldReader
};
Result<Group> parse_group(std::string_view value);  // Errors: Invalid

}  // namespace tipring::sdp
