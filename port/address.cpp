#include "port/address.h"

#include <algorithm>
#include <charconv>

#include "port/octet_text.h"

namespace tipring::port {
namespace {

constexpr size_t kGroups = 8;  // 16-bit groups of an IPv6 address

// One decimal number without sign and leading zeros, at most `value_max`. Leading zeros are refused
// because some readers take them for octal, and two readings of one address are a hole.
bool parse_decimal(std::string_view text, uint32_t value_max, uint32_t& value) {
  if (text.empty() || text.size() > 10 || (text.size() > 1 && text[0] == '0')) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value <= value_max;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A dotted quad in one walk, since nearly every packet brings several: each octet by the rules of
// parse_decimal(), so that nothing follows a zero.
bool parse_v4(std::string_view text, std::array<uint8_t, 16>& out) {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (size_t i = 0; i < 4; ++i) {
    if (i > 0 && (at == end || *at++ != '.')) return false;
    if (at == end || !is_digit(*at)) return false;
    int octet = *at++ - '0';
    for (; octet != 0 && at != end && is_digit(*at); ++at) {
      octet = octet * 10 + (*at - '0');
      if (octet > 255) return false;
    }
    out[i] = static_cast<uint8_t>(octet);
  }
  return at == end;
}

bool parse_group(std::string_view text, uint16_t& group) {
  if (text.empty() || text.size() > 4) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), group, 16);
  return error == std::errc() && end == text.data() + text.size();
}

// The groups on one side of "::", or the whole address. An IPv4 address may stand at the very end.
struct GroupList {
  std::array<uint16_t, kGroups> values{};
  size_t count = 0;
};

bool parse_groups(std::string_view text, bool v4_may_end, GroupList& out) {
  while (!text.empty()) {
    const size_t colon = text.find(':');
    const std::string_view piece = text.substr(0, colon);
    const bool last = colon == std::string_view::npos;
    if (last && v4_may_end && piece.find('.') != std::string_view::npos) {
      std::array<uint8_t, 16> v4{};
      if (out.count + 2 > kGroups || !parse_v4(piece, v4)) return false;
      out.values[out.count++] = static_cast<uint16_t>(v4[0] << 8 | v4[1]);
      out.values[out.count++] = static_cast<uint16_t>(v4[2] << 8 | v4[3]);
      return true;
    }
    if (out.count == kGroups || !parse_group(piece, out.values[out.count])) return false;
    ++out.count;
    if (last) return true;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;  // a single colon at the end
  }
  return true;
}

bool parse_v6(std::string_view text, std::array<uint8_t, 16>& out) {
  const size_t gap = text.find("::");
  GroupList head;
  GroupList tail;
  if (gap == std::string_view::npos) {
    if (!parse_groups(text, true, head) || head.count != kGroups) return false;
  } else {
    // "::" stands for at least one group (RFC 4291 2.2 allows "one or more").
    if (!parse_groups(text.substr(0, gap), false, head)) return false;
    std::string_view behind = text.substr(gap + 2);
    // RFC 3261's grammar can be read to want a third colon before an IPv4 address: RFC 5118 4.10.
    const bool extra_colon = behind.starts_with(':') && behind.find(':', 1) == behind.npos &&
                             behind.find('.') != behind.npos;
    if (extra_colon) behind.remove_prefix(1);
    if (!parse_groups(behind, true, tail)) return false;
    if (head.count + tail.count >= kGroups) return false;
  }
  for (size_t i = 0; i < tail.count; ++i) head.values[kGroups - tail.count + i] = tail.values[i];
  for (size_t i = 0; i < kGroups; ++i) {
    out[2 * i] = static_cast<uint8_t>(head.values[i] >> 8);
    out[2 * i + 1] = static_cast<uint8_t>(head.values[i]);
  }
  return true;
}

bool is_v4_mapped(const std::array<uint8_t, 16>& bytes) {
  return std::all_of(bytes.begin(), bytes.begin() + 10, [](uint8_t b) { return b == 0; }) &&
         bytes[10] == 0xff && bytes[11] == 0xff;
}

// fe80::/10, and multicast of interface or link scope: addresses that need to name their interface.
bool takes_scope(const std::array<uint8_t, 16>& bytes) {
  if (bytes[0] == 0xfe) return (bytes[1] & 0xc0) == 0x80;
  return bytes[0] == 0xff && ((bytes[1] & 0x0f) == 1 || (bytes[1] & 0x0f) == 2);
}

// Appends to a caller's buffer, which is known to be large enough.
class Text {
 public:
  explicit Text(std::span<char> out) : out_(out) {}

  void put(char c) {
    if (size_ < out_.size()) out_[size_++] = c;
  }
  void put_octet(uint8_t value) {
    if (out_.size() - size_ < kOctetTextMax) return;
    size_ += write_octet(value, out_.subspan(size_).first<kOctetTextMax>());
  }
  void put_number(uint32_t value, int base) {
    char* const end = out_.data() + out_.size();
    const auto result = std::to_chars(out_.data() + size_, end, value, base);
    if (result.ec == std::errc()) size_ = static_cast<size_t>(result.ptr - out_.data());
  }
  std::string_view view() const { return {out_.data(), size_}; }

 private:
  std::span<char> out_;
  size_t size_ = 0;
};

struct Run {
  size_t start = kGroups;
  size_t length = 0;
};

// The longest run of two or more zero groups, the first of equals: RFC 5952 4.2.
Run longest_zero_run(const std::array<uint16_t, kGroups>& groups) {
  Run best;
  for (size_t i = 0; i < kGroups; ++i) {
    size_t length = 0;
    while (i + length < kGroups && groups[i + length] == 0) ++length;
    if (length >= 2 && length > best.length) best = {i, length};
    i += length;
  }
  return best;
}

void put_v6(const IpAddress& ip, Text& text) {
  std::array<uint16_t, kGroups> groups{};
  for (size_t i = 0; i < kGroups; ++i) {
    groups[i] = static_cast<uint16_t>(ip.bytes[2 * i] << 8 | ip.bytes[2 * i + 1]);
  }
  const Run zeros = longest_zero_run(groups);
  for (size_t i = 0; i < kGroups; ++i) {
    if (i == zeros.start) {
      text.put(':');
      text.put(':');
      i += zeros.length - 1;
      continue;
    }
    if (i != 0 && i != zeros.start + zeros.length) text.put(':');
    text.put_number(groups[i], 16);
  }
  if (ip.scope != 0) {
    text.put('%');
    text.put_number(ip.scope, 10);
  }
}

void put_ip(const IpAddress& ip, bool brackets, Text& text) {
  if (ip.family == Family::V4) {
    for (size_t i = 0; i < 4; ++i) {
      if (i != 0) text.put('.');
      text.put_octet(ip.bytes[i]);
    }
  } else if (ip.family == Family::V6) {
    if (brackets) text.put('[');
    put_v6(ip, text);
    if (brackets) text.put(']');
  }
}

}  // namespace

bool IpAddress::is_unspecified() const {
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b == 0; });
}

bool IpAddress::is_loopback() const {
  if (family == Family::V4) return bytes[0] == 127;
  return family == Family::V6 && bytes[15] == 1 &&
         std::all_of(bytes.begin(), bytes.end() - 1, [](uint8_t b) { return b == 0; });
}

bool IpAddress::is_multicast() const {
  if (family == Family::V4) return (bytes[0] & 0xf0) == 0xe0;
  return family == Family::V6 && bytes[0] == 0xff;
}

bool IpAddress::is_broadcast() const {
  return family == Family::V4 &&
         std::all_of(bytes.begin(), bytes.begin() + 4, [](uint8_t b) { return b == 0xff; });
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  IpAddress ip;
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
    if (text.find(':') == std::string_view::npos) return std::nullopt;  // brackets are for IPv6
  }
  if (parse_v4(text, ip.bytes)) {
    ip.family = Family::V4;
    return ip;
  }
  ip.bytes = {};
  if (text.find(':') == std::string_view::npos) return std::nullopt;
  const size_t percent = text.find('%');
  if (!parse_v6(text.substr(0, percent), ip.bytes)) return std::nullopt;
  if (percent != std::string_view::npos) {
    if (!takes_scope(ip.bytes)) return std::nullopt;
    if (!parse_decimal(text.substr(percent + 1), UINT32_MAX, ip.scope)) return std::nullopt;
  }
  ip.family = Family::V6;
  return unmapped(ip);
}

IpAddress unmapped(const IpAddress& ip) {
  if (ip.family != Family::V6 || !is_v4_mapped(ip.bytes)) return ip;
  IpAddress v4;
  v4.family = Family::V4;
  std::copy_n(ip.bytes.begin() + 12, 4, v4.bytes.begin());
  return v4;
}

std::string_view write_ip(const IpAddress& ip, std::span<char> out) {
  Text text(out);
  put_ip(ip, false, text);
  return text.view();
}

std::string_view write_host(const IpAddress& ip, std::span<char> out) {
  Text text(out);
  put_ip(ip, true, text);
  return text.view();
}

std::string_view write_address(const SocketAddress& address, std::span<char> out) {
  Text text(out);
  put_ip(address.ip, true, text);
  text.put(':');
  text.put_number(address.port, 10);
  return text.view();
}

}  // namespace tipring::port
