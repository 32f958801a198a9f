// name-addr and addr-spec with their parameters: From, To, Contact, Route, Record-Route, Path and
// others (RFC 3261 20.10, 25.1).
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "core/result.h"
#include "sip/params.h"
#include "sip/parse_error.h"

namespace tipring::sip {

struct NameAddr {
  std::string_view display;  // as written, quotes included
  std::string_view uri;      // of any scheme, not looked into
  std::string_view
      params;  // of the header, from the first ";"; without <> all parameters are the header's
  std::string_view first_tag;  // value of the first tag parameter
  ParamInitials initials;      // of the parameters
  uint8_t tags = 0;            // how many of them are tags
  bool in_brackets = false;

  std::optional<Param> param(std::string_view name) const {
    return initials.may_have(name) ? find_param(params, name) : std::nullopt;
  }
  std::string_view tag() const { return first_tag; }  // of a From or To; empty when there is none
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

// A URI in brackets without a name before it, and parameters: Alert-Info, Call-Info, Error-Info
// (20.4, 20.9, 20.18). Errors: also BadNameAddr for a name, or for no brackets.
struct UriParamsTraits {
  using Type = NameAddr;
  static Result<NameAddr, ParseError> parse(std::string_view text);
};

}  // namespace tipring::sip
