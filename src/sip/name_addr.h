// name-addr and addr-spec with their parameters: From, To, Contact, Route, Record-Route, Path (RFC
// 3261 20.10, 25.1).
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "core/result.h"
#include "sip/message.h"
#include "sip/params.h"
#include "sip/parse_error.h"

namespace tipring::sip {

struct NameAddr {
  std::string_view display;  // as written, quotes included
  std::string_view uri;      // of any scheme, not looked into
  std::string_view
      params;  // of the header, from the first ";"; without <> all parameters are the header's
  bool in_brackets = false;

  std::optional<Param> param(std::string_view name) const { return find_param(params, name); }
  std::string_view tag() const {
    const std::optional<Param> tag = param("tag");
    return tag ? tag->value : std::string_view();
  }
};

// Errors: BadNameAddr, BadParameter, TooManyParameters.
Result<NameAddr, ParseError> parse_name_addr(std::string_view text);

// The display name without quotes and escapes, as a person reads it; nothing when `out` is too
// small.
std::optional<std::string_view> unquote(std::string_view display, std::span<char> out);

struct NameAddrTraits {
  using Type = NameAddr;
  static Result<NameAddr, ParseError> parse(std::string_view text) { return parse_name_addr(text); }
};

template <>
struct HeaderTraits<HeaderId::From> : NameAddrTraits {};
template <>
struct HeaderTraits<HeaderId::To> : NameAddrTraits {};
template <>
struct HeaderTraits<HeaderId::Contact> : NameAddrTraits {};  // "*" is its registrar's business
template <>
struct HeaderTraits<HeaderId::Route> : NameAddrTraits {};
template <>
struct HeaderTraits<HeaderId::RecordRoute> : NameAddrTraits {};
template <>
struct HeaderTraits<HeaderId::Path> : NameAddrTraits {};
template <>
struct HeaderTraits<HeaderId::ReferTo> : NameAddrTraits {};
template <>
struct HeaderTraits<HeaderId::ReferredBy> : NameAddrTraits {};
template <>
struct HeaderTraits<HeaderId::PAssertedIdentity> : NameAddrTraits {};
template <>
struct HeaderTraits<HeaderId::PPreferredIdentity> : NameAddrTraits {};

}  // namespace tipring::sip
