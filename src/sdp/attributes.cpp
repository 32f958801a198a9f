#include "sdp/attributes.h"

#include <array>

#include "core/text.h"

namespace tipring::sdp {

namespace {

struct GroupName {
  std::string_view name;
  AttributeGroup group;
};

constexpr std::array kGroupNames = {
    GroupName{"sendrecv", AttributeGroup::Direction},
    GroupName{"sendonly", AttributeGroup::Direction},
    GroupName{"recvonly", AttributeGroup::Direction},
    GroupName{"inactive", AttributeGroup::Direction},
    GroupName{"rtcp", AttributeGroup::Rtcp},
    GroupName{"rtcp-mux", AttributeGroup::RtcpMux},
    GroupName{"rtcp-mux-only", AttributeGroup::RtcpMux},
    GroupName{"candidate", AttributeGroup::Ice},
    GroupName{"remote-candidates", AttributeGroup::Ice},
    GroupName{"end-of-candidates", AttributeGroup::Ice},
    GroupName{"fingerprint", AttributeGroup::Dtls},
    GroupName{"setup", AttributeGroup::Dtls},
    GroupName{"tls-id", AttributeGroup::Dtls},
    GroupName{"crypto", AttributeGroup::Sdes},
    GroupName{"key-mgmt", AttributeGroup::Sdes},
    GroupName{"group", AttributeGroup::Bundle},
    GroupName{"bundle-only", AttributeGroup::Bundle},
    GroupName{"label", AttributeGroup::Label},
    GroupName{"mid", AttributeGroup::Mid},
};

}  // namespace

Attribute split_attribute(const Line& line) {
  const auto [name, value] = split_once(line.value(), ':');
  return {trim_blanks(name), trim_blanks(value), line.whole};
}

bool AttributeReader::next(Attribute& attribute) {
  Line line;
  while (lines_.next(line)) {
    if (line.type() != 'a') continue;
    attribute = split_attribute(line);
    return true;
  }
  return false;
}

bool AttributeReader::next(std::string_view name, Attribute& attribute) {
  while (next(attribute)) {
    if (attribute.name == name) return true;
  }
  return false;
}

std::optional<Attribute> find_attribute(std::string_view section, std::string_view name) {
  AttributeReader reader(section);
  Attribute attribute;
  if (reader.next(name, attribute)) return attribute;
  return std::nullopt;
}

AttributeGroup group_of(std::string_view name) {
  if (name.starts_with("ice-")) return AttributeGroup::Ice;
  for (const GroupName& entry : kGroupNames) {
    if (entry.name == name) return entry.group;
  }
  return AttributeGroup::None;
}

bool has_group(std::string_view section, AttributeGroup groups) {
  AttributeReader reader(section);
  Attribute attribute;
  while (reader.next(attribute)) {
    if (overlap(group_of(attribute.name), groups)) return true;
  }
  return false;
}

Result<uint8_t> parse_payload_type(std::string_view text) {
  const auto number = parse_u8(text);
  if (number && *number > kPayloadTypeMax) return Error::OutOfRange;
  return number;
}

Result<RtpMap> parse_rtpmap(std::string_view value) {
  FieldReader fields(value);
  const auto payload_type = parse_payload_type(fields.next());
  if (!payload_type) return payload_type.error();
  const auto [encoding, numbers] = split_once(fields.next(), '/');
  const auto [clock, channels] = split_once(numbers, '/');
  const auto clock_rate = parse_u32(clock);
  if (encoding.empty() || !clock_rate || *clock_rate == 0) return Error::Invalid;
  RtpMap map{encoding, *clock_rate, *payload_type, 1};
  if (channels.empty()) return map;
  // Of video, a third field says something else, and is nothing to us (RFC 8866 6.6).
  const auto count = parse_u8(channels);
  if (count && *count != 0) map.channels = *count;
  return map;
}

Result<Fmtp> parse_fmtp(std::string_view value) {
  FieldReader fields(value);
  const std::string_view format = fields.next();
  if (format.empty()) return Error::Invalid;
  return Fmtp{format, fields.rest()};
}

Result<Rtcp> parse_rtcp(std::string_view value) {
  FieldReader fields(value);
  const auto number = parse_u16(fields.next());
  if (!number) return number.error();
  if (*number == 0) return Error::OutOfRange;
  Rtcp rtcp{*number, {}};
  if (fields.rest().empty()) return rtcp;
  const auto connection = parse_connection(fields.rest());
  if (!connection) return connection.error();
  rtcp.connection = *connection;
  return rtcp;
}

Result<uint32_t> parse_packet_time_us(std::string_view value) {
  constexpr uint32_t kMax = 60'000;
  const auto [whole, decimals] = split_once(value, '.');
  const auto milliseconds = parse_u32(whole);
  if (!milliseconds) return milliseconds.error();
  if (*milliseconds > kMax) return Error::OutOfRange;
  uint32_t micros = *milliseconds * 1000;
  uint32_t weight = 100;
  for (const char c : decimals) {
    if (!is_digit(c)) return Error::Invalid;
    micros += static_cast<uint32_t>(c - '0') * weight;
    weight /= 10;
  }
  if (micros == 0) return Error::OutOfRange;
  return micros;
}

Result<Group> parse_group(std::string_view value) {
  FieldReader fields(value);
  const std::string_view semantics = fields.next();
  if (semantics.empty()) return Error::Invalid;
  return Group{semantics, fields.rest()};
}

}  // namespace tipring::sdp
