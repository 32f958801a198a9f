// The typed views of all other headers that are read: one HeaderTraits each, a few lines for the
// next one. Also brings Via and the address headers.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/result.h"
#include "sip/message.h"
#include "sip/method.h"
#include "sip/name_addr.h"
#include "sip/parse_error.h"
#include "sip/via.h"

namespace tipring::sip {

// 20.16. The number is below 2**31 (8.1.1.5).
struct CSeq {
  uint32_t number = 0;
  Method method = Method::Other;
  std::string_view method_text;
};

template <>
struct HeaderTraits<HeaderId::CSeq> {
  using Type = CSeq;
  static Result<CSeq, ParseError> parse(std::string_view text);
};

// 20.22: 0 to 255.
template <>
struct HeaderTraits<HeaderId::MaxForwards> {
  using Type = uint8_t;
  static Result<uint8_t, ParseError> parse(std::string_view text);
};

// Headers that are one number of seconds or bytes, maybe with parameters behind it.
struct NumberTraits {
  using Type = uint32_t;
  static Result<uint32_t, ParseError> parse(std::string_view text);
};

template <>
struct HeaderTraits<HeaderId::ContentLength> : NumberTraits {};
template <>
struct HeaderTraits<HeaderId::Expires> : NumberTraits {};
template <>
struct HeaderTraits<HeaderId::MinExpires> : NumberTraits {};
template <>
struct HeaderTraits<HeaderId::SessionExpires> : NumberTraits {};  // RFC 4028 4
template <>
struct HeaderTraits<HeaderId::MinSe> : NumberTraits {};  // RFC 4028 5
template <>
struct HeaderTraits<HeaderId::MaxBreadth> : NumberTraits {};  // RFC 5393 5.2
template <>
struct HeaderTraits<HeaderId::RetryAfter> : NumberTraits {};
template <>
struct HeaderTraits<HeaderId::Rseq> : NumberTraits {};

// Headers whose value is used as it is. Empty is a fault.
struct TextTraits {
  using Type = std::string_view;
  static Result<std::string_view, ParseError> parse(std::string_view text);
};

// 20.8: compared byte by byte. White space inside is a fault; more than `word` is let through.
template <>
struct HeaderTraits<HeaderId::CallId> {
  using Type = std::string_view;
  static Result<std::string_view, ParseError> parse(std::string_view text);
};

template <>
struct HeaderTraits<HeaderId::ContentType> : TextTraits {};
template <>
struct HeaderTraits<HeaderId::UserAgent> : TextTraits {};

// True when the list holds this token, case-insensitive: option tags, methods.
bool contains_token(const ValueRange& values, std::string_view token);

}  // namespace tipring::sip
