#include "sip/multipart.h"

#include <algorithm>

#include "core/text.h"
#include "sip/chars.h"

namespace tipring::sip {

namespace {

constexpr size_t kBoundaryMax = 70;  // RFC 2046 5.1.1
constexpr auto kNone = std::string_view::npos;

// Size of the line end at the front of `text`: CR LF, or the bare LF of some peers.
size_t line_end_size(std::string_view text) {
  if (text.starts_with("\r\n")) return 2;
  return text.starts_with('\n') ? 1 : 0;
}

// The empty line parts head and body; without one before its end, a part is all body, and with one
// at its front it has no head.
BodyPart split_part(std::string_view text) {
  if (const size_t size = line_end_size(text); size != 0) return {{}, text.substr(size)};
  for (size_t at = text.find('\n'); at != kNone; at = text.find('\n', at + 1)) {
    const size_t size = line_end_size(text.substr(at + 1));
    if (size != 0) return {text.substr(0, at + 1), text.substr(at + 1 + size)};
  }
  return {{}, text};
}

}  // namespace

std::optional<std::string_view> BodyPart::header(std::string_view name) const {
  std::string_view rest = head;
  while (!rest.empty()) {
    size_t end = std::min(rest.find('\n'), rest.size());
    // A line that begins with a blank goes on with the one before.
    while (end + 1 < rest.size() && (rest[end + 1] == ' ' || rest[end + 1] == '\t'))
      end = std::min(rest.find('\n', end + 1), rest.size());
    const auto [given, value] = split_once(rest.substr(0, end), ':');
    if (iequals(trim(given), name)) return trim_lws(value);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return std::nullopt;
}

Result<Multipart, ParseError> Multipart::open(const MediaType& type, std::string_view body) {
  const auto boundary = type.param("boundary");
  const bool good = iequals(type.type, "multipart") && boundary && !boundary->value.empty() &&
                    boundary->value.size() <= kBoundaryMax;
  if (!good) return ParseError{ParseFault::BadValue, HeaderId::ContentType, 0};
  return Multipart(boundary->value, body);
}

// Whether "--boundary" stands at `line`, alone but for blanks (5.1.1 transport-padding).
bool Multipart::read_delimiter(size_t line, Delimiter& found) const {
  std::string_view text = rest_.substr(line);
  if (!text.starts_with("--") || !text.substr(2).starts_with(boundary_)) return false;
  size_t at = 2 + boundary_.size();
  found.last = text.substr(at).starts_with("--");
  if (found.last) at += 2;
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  const size_t end = line_end_size(text.substr(at));
  if (end == 0 && at < text.size()) return false;  // a longer boundary, which is another one
  found.end = line + at + end;
  return true;
}

Multipart::Delimiter Multipart::find_delimiter() const {
  Delimiter found;
  if (read_delimiter(0, found)) {
    found.begin = 0;
    return found;
  }
  for (size_t at = rest_.find('\n'); at != kNone; at = rest_.find('\n', at + 1)) {
    if (!read_delimiter(at + 1, found)) continue;
    found.begin = at > 0 && rest_[at - 1] == '\r' ? at - 1 : at;
    return found;
  }
  return found;
}

PartStatus Multipart::next(BodyPart& part) {
  while (place_ == Place::Preamble || place_ == Place::Parts) {
    const Delimiter found = find_delimiter();
    if (found.begin == kNone) {
      place_ = Place::Broken;
      break;
    }
    const bool has_part = place_ == Place::Parts;
    if (has_part) part = split_part(rest_.substr(0, found.begin));
    rest_.remove_prefix(found.end);
    place_ = found.last ? Place::End : Place::Parts;
    if (has_part) return PartStatus::Found;
  }
  return place_ == Place::End ? PartStatus::End : PartStatus::Malformed;
}

}  // namespace tipring::sip
