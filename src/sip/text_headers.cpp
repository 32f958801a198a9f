#include "sip/text_headers.h"

#include "core/text.h"
#include "sip/scan.h"

namespace tipring::sip {

namespace {

Result<std::string_view, ParseError> check_text(std::string_view text, bool quoted_pairs) {
  bool escaped = false;
  for (size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<uint8_t>(text[at]);
    const bool control = (byte < 0x20 && !kLwsChar(text[at])) || byte == 0x7f;
    if (control && !escaped)
      return ParseError{ParseFault::BadValue, HeaderId::Other, static_cast<uint32_t>(at)};
    escaped = quoted_pairs && !escaped && text[at] == '\\';
  }
  if (text.empty() || !is_utf8(text)) return Scan::fault_at_start(ParseFault::BadValue);
  return text;
}

}  // namespace

Result<std::string_view, ParseError> TextTraits::parse(std::string_view text) {
  return check_text(text, false);
}

Result<std::string_view, ParseError> ProductsTraits::parse(std::string_view text) {
  return check_text(text, true);
}

bool MediaType::is(std::string_view other_type, std::string_view other_subtype) const {
  return iequals(type, other_type) && iequals(subtype, other_subtype);
}

Result<MediaType, ParseError> MediaTypeTraits::parse(std::string_view text) {
  Scan scan(text);
  MediaType media;
  media.type = scan.token();
  if (media.type.empty() || !scan.accept('/')) return scan.fault(ParseFault::BadValue);
  media.subtype = scan.token();
  if (media.subtype.empty()) return scan.fault(ParseFault::BadValue);
  const auto params = scan.params();
  if (!params) return params.error();
  media.params = *params;
  return media;
}

}  // namespace tipring::sip
