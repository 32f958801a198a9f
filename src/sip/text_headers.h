// Headers for people, in UTF-8: RFC 3261 20.25, 20.35, 20.36, 20.41 and 25.1 TEXT-UTF8-TRIM. And
// media types, 20.1 and 20.15, and the date, 20.17.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "core/result.h"
#include "port/time.h"
#include "sip/params.h"
#include "sip/parse_error.h"

namespace tipring::sip {

// Well-formed UTF-8 without control characters; folds and tabs are white space. Errors: BadValue.
struct TextTraits {
  using Type = std::string_view;
  static Result<std::string_view, ParseError> parse(std::string_view text);
};

// Products and comments, User-Agent and Server. More than tokens is let through, since so much more
// is sent; control characters only where a comment quotes them with a backslash.
struct ProductsTraits {
  using Type = std::string_view;
  static Result<std::string_view, ParseError> parse(std::string_view text);
};

// "application/sdp"; in Accept also "*/*" and "text/*".
struct MediaType {
  std::string_view type;
  std::string_view subtype;
  std::string_view params;  // from the first ";"

  bool is(std::string_view other_type, std::string_view other_subtype) const;
  std::optional<Param> param(std::string_view name) const { return find_param(params, name); }
};

// Errors: BadValue, BadParameter, TooManyParameters.
struct MediaTypeTraits {
  using Type = MediaType;
  static Result<MediaType, ParseError> parse(std::string_view text);
};

// Since 1970. Only GMT is a time zone. The name of the day need not fit. Errors: BadValue.
struct DateTraits {
  using Type = Millis;
  static Result<Millis, ParseError> parse(std::string_view text);
};

inline constexpr size_t kDateSize = 29;  // "Sat, 13 Nov 2010 23:29:00 GMT"

// `wall` counts from 1970 and is not negative; `out` holds kDateSize.
std::string_view write_date(Millis wall, std::span<char> out);

}  // namespace tipring::sip
