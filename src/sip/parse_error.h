// What was wrong with received bytes, and where: enough for a 400 that names the header.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "sip/header_id.h"

namespace tipring::sip {

enum class ParseFault : uint8_t {
  NotSip,  // nothing about the first line is SIP: count and drop
  BadStartLine,
  BadVersion,  // SIP, but not 2.0: 505
  BadMethod,
  BadStatus,
  BadHeaderName,    // no token, or longer than 255 bytes
  BadHeaderSyntax,  // no colon, a fold before the first header, a bare CR
  TooManyHeaders,   // more than kHeadersMax lines
  TooLarge,         // more than kMessageSizeMax bytes: 513
  NoEndOfHeaders,   // a datagram without the empty line
  MissingHeader,
  DuplicateHeader,  // a second line of a header, or a second parameter, that may appear once only
  BadContentLength,
  BodyTooShort,
  MethodMismatch,  // the CSeq names another method than the request line
  BadNumber,       // no number, or beyond the range of its header
  BadUri,
  HeadersInUri,    // in a Request-URI, where they may not stand
  UriTooLong,      // a Request-URI that had to be rewritten: 414
  NoPhoneContext,  // a local number that says nowhere where it is valid: 484 in a Request-URI
  UnknownScheme,   // well-formed, but neither sip: nor sips:: 416 in a Request-URI
  BadEscape,       // a "%" that two hexadecimal digits do not follow
  BadHost,
  NoHost,  // an address that no host has to itself, where a request is to be sent
  BadPort,
  BadParameter,
  TooManyParameters,
  BadNameAddr,
  BadVia,
  BadValue,           // any other value that does not follow the grammar of its header
  UnknownAuthScheme,  // credentials or a challenge that are not Digest
};

struct ParseError {
  ParseFault fault = ParseFault::NotSip;
  HeaderId header = HeaderId::Other;  // Other: the start line, the framing, or an unknown header
  uint32_t offset = 0;  // into the message, or into the text given to a parser that stands alone
};

// A fault of a text that stands alone, at the part of it that begins with `where`.
inline ParseError fault_at(ParseFault fault, std::string_view text, std::string_view where) {
  return {fault, HeaderId::Other, static_cast<uint32_t>(where.data() - text.data())};
}

// One short English phrase, such as "bad header syntax".
std::string_view to_text(ParseFault fault);

// The status that answers a request with this fault: 505, 513, 416, else 400.
uint16_t status_for(ParseFault fault);

inline constexpr size_t kErrorReasonMax = 96;

// Reason phrase that names header and fault, such as "Bad Request - CSeq: bad number". Cut at the
// end of `out`; kErrorReasonMax bytes hold every phrase.
std::string_view write_error_reason(const ParseError& error, std::span<char> out);
// The same for another part of the message than the error's header.
std::string_view write_error_reason(const ParseError& error, std::string_view part,
                                    std::span<char> out);

inline constexpr size_t kErrorWarningMax = 128;

// The same as a whole Warning line (RFC 3261 20.43), for programs that show no reason phrase: what
// is wrong with which part of the message. Empty when it does not fit into `out`; kErrorWarningMax
// bytes hold every header and fault.
std::string_view write_error_warning(std::string_view part, std::string_view fault,
                                     std::span<char> out);

}  // namespace tipring::sip
