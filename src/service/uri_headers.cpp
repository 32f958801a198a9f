#include "service/uri_headers.h"

#include <algorithm>
#include <array>

#include "core/text.h"
#include "sip/chars.h"

namespace tipring::service {

namespace {

constexpr size_t kValueMax = 1024;
constexpr size_t kNameMax = 32;

bool is_one_line(std::string_view value) {
  return std::none_of(value.begin(), value.end(),
                      [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; });
}

sip::HeaderId id_of(std::string_view name) {
  std::array<char, kNameMax> room;
  const auto plain = sip::unescape(name, room);
  return plain ? sip::find_header_id(*plain) : sip::HeaderId::Other;
}

}  // namespace

bool may_come_from_uri(sip::HeaderId id) {
  switch (id) {
    case sip::HeaderId::Subject:
    case sip::HeaderId::Priority:
    case sip::HeaderId::InReplyTo:
    case sip::HeaderId::CallInfo:
    case sip::HeaderId::AcceptContact:
    case sip::HeaderId::RejectContact:
    case sip::HeaderId::RequestDisposition:
    case sip::HeaderId::Replaces:
    case sip::HeaderId::Join:
    case sip::HeaderId::TargetDialog:
    case sip::HeaderId::UserToUser: return true;
    default: return false;  // 19.1.5 names many that would lie for us, and others are unknown
  }
}

std::string_view uri_header(const sip::Uri& uri, sip::HeaderId id, std::span<char> out) {
  std::string_view found;
  size_t count = 0;
  visit_uri_headers(uri.headers, [&](std::string_view name, std::string_view value) {
    if (id_of(name) != id) return;
    ++count;
    found = value;
  });
  if (count != 1) return {};
  const auto plain = sip::unescape(found, out);
  return plain && is_one_line(*plain) ? *plain : std::string_view();
}

bool names_header(const sip::Uri& uri, sip::HeaderId id) {
  bool found = false;
  visit_uri_headers(uri.headers,
                    [&](std::string_view name, std::string_view) { found |= id_of(name) == id; });
  return found;
}

Result<std::string_view> write_lines_of_uri(const sip::Uri& uri, sip::HeaderId without,
                                            std::span<char> out) {
  sip::Writer lines(out);
  std::array<bool, sip::kHeaderIdCount> seen{};
  visit_uri_headers(uri.headers, [&](std::string_view name, std::string_view value) {
    const sip::HeaderId id = id_of(name);
    if (id == without || !may_come_from_uri(id)) return;
    // 7.3.1: it may not stand there twice, and which of both was meant nobody knows.
    const bool single = sip::header_kind(id) == sip::HeaderKind::Single;
    std::array<char, kValueMax> room;
    const auto plain = sip::unescape(value, room);
    if (!plain || plain->empty() || !is_one_line(*plain)) return;
    if (single && seen[sip::to_index(id)]) return;
    seen[sip::to_index(id)] = true;
    lines.header(id, *plain);
  });
  if (lines.full()) return Error::BufferFull;
  return lines.view();
}

void write_uri_header_value(sip::Writer& out, std::string_view value) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  for (size_t at = 0; at < value.size();) {
    const size_t plain = sip::kUriHeaderChar.skip(value, at);
    out.text(between(value, at, plain));
    at = plain;
    if (at == value.size()) return;
    const auto byte = static_cast<uint8_t>(value[at++]);
    out.text("%").text(kHex.substr(byte >> 4, 1)).text(kHex.substr(byte & 15, 1));
  }
}

}  // namespace tipring::service
