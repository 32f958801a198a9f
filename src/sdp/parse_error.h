// What was wrong with a session description, and in which line: enough for a 400 or 488 that says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace tipring::sdp {

enum class Fault : uint8_t {
  TooLarge,         // more than kDescriptionSizeMax bytes
  Empty,            // no line at all
  NotALine,         // no letter with "=" behind it; also an empty line before the end
  ForbiddenByte,    // a NUL, or a CR that ends no line: others would read other lines than we do
  UnknownType,      // a letter that RFC 8866 has not: section 5 wants the whole refused
  WrongPlace,       // v= is not the first line, or a line of the session stands behind an m=
  Duplicate,        // a second line where one may be
  TwoDescriptions,  // a second v=: RFC 3264 5 wants one description
  BadVersion,       // v= of another number than 0
  NoOrigin,         // no o= line
  BadOrigin,
  BadConnection,
  NoConnection,  // a stream that is wanted has no address
  BadMedia,
  BadPort,
  NoFormat,      // a stream that is wanted has no format
  TooManyMedia,  // more than kMediaMax m= lines
};

struct ParseError {
  Fault fault = Fault::Empty;
  char type = 0;      // letter of the line, 0 where there is none
  uint16_t line = 0;  // from 1; 0: the description as a whole
};

// One short English phrase, such as "bad connection address".
std::string_view to_text(Fault fault);

// The status that answers a request with this fault: 488 for what is good SDP but more than we
// take, else 400.
uint16_t status_for(Fault fault);

inline constexpr size_t kErrorReasonMax = 80;

// "SDP line 4, c=: bad connection address": for a Warning. Cut at the end of `out`; kErrorReasonMax
// bytes hold every phrase.
std::string_view write_error_reason(const ParseError& error, std::span<char> out);

}  // namespace tipring::sdp
