// Telephone numbers as URIs: RFC 3966. Views into the text they were read from.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "core/result.h"
#include "sip/params.h"
#include "sip/parse_error.h"

namespace tipring::sip {

struct TelUri {
  bool is_global = false;   // begins with "+"; else it means something in its phone-context only
  std::string_view number;  // as written, with "+" and visual separators
  std::string_view params;  // from the first ";"

  std::optional<Param> param(std::string_view name) const { return find_param(params, name); }
};

// Errors: UnknownScheme (not tel:), BadUri (no number, or a character that it may not hold),
// NoPhoneContext (a local number without one), BadParameter (as one that stands twice),
// TooManyParameters.
Result<TelUri, ParseError> parse_tel_uri(std::string_view text);

// What stands behind "tel:", and as the user part of a SIP URI with user=phone (RFC 3261 25.1),
// where the domain may say what a phone-context would. Errors: as above but for UnknownScheme and
// NoPhoneContext.
Result<TelUri, ParseError> parse_telephone_subscriber(std::string_view text);

// RFC 3966 4: visual separators mean nothing, letters compare without case, the order of parameters
// does not count.
bool equal(const TelUri& a, const TelUri& b);

// The number without its visual separators: what a dial plan compares, and the user part of a SIP
// URI (RFC 3261 19.1.6). Nothing when `out` is too small.
std::optional<std::string_view> write_number(const TelUri& uri, std::span<char> out);

}  // namespace tipring::sip
