#include "sip/headers.h"

#include "core/text.h"
#include "sip/chars.h"

namespace tipring::sip {

namespace {

ParseError fault(ParseFault fault, size_t offset) {
  return {fault, HeaderId::Other, static_cast<uint32_t>(offset)};
}

}  // namespace

Result<CSeq, ParseError> HeaderTraits<HeaderId::CSeq>::parse(std::string_view text) {
  const std::string_view digits = text.substr(0, kDigit.skip(text));
  const Result<uint32_t> number = parse_u32(digits);
  if (!number || *number > INT32_MAX) return fault(ParseFault::BadNumber, 0);
  const std::string_view rest = text.substr(digits.size());
  const std::string_view method = trim_lws(rest);
  if (rest.size() == method.size() || method.empty() || !kTokenChar.all(method)) {
    return fault(ParseFault::BadMethod, digits.size());
  }
  return CSeq{*number, parse_method(method), method};
}

Result<uint8_t, ParseError> HeaderTraits<HeaderId::MaxForwards>::parse(std::string_view text) {
  const Result<uint8_t> number = parse_u8(text);
  if (!number) return fault(ParseFault::BadNumber, 0);
  return *number;
}

Result<uint32_t, ParseError> NumberTraits::parse(std::string_view text) {
  const size_t size = kDigit.skip(text);
  const Result<uint32_t> number = parse_u32(text.substr(0, size));
  if (!number) return fault(ParseFault::BadNumber, 0);
  const std::string_view rest = trim_lws(text.substr(size));
  if (!rest.empty() && rest.front() != ';' && rest.front() != '(')
    return fault(ParseFault::BadNumber, size);
  return *number;
}

Result<std::string_view, ParseError> TextTraits::parse(std::string_view text) {
  if (text.empty()) return fault(ParseFault::BadValue, 0);
  return text;
}

Result<std::string_view, ParseError> HeaderTraits<HeaderId::CallId>::parse(std::string_view text) {
  const size_t end = kGraphicChar.skip(text);
  if (text.empty() || end < text.size()) return fault(ParseFault::BadValue, end);
  return text;
}

bool contains_token(const ValueRange& values, std::string_view token) {
  for (const std::string_view value : values) {
    if (iequals(value, token)) return true;
  }
  return false;
}

}  // namespace tipring::sip
