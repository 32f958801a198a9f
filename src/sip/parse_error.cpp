#include "sip/parse_error.h"

#include <algorithm>
#include <cstring>

#include "sip/status.h"
#include "sip/writer.h"

namespace tipring::sip {

std::string_view to_text(ParseFault fault) {
  switch (fault) {
    case ParseFault::NotSip: return "not SIP";
    case ParseFault::BadStartLine: return "bad start line";
    case ParseFault::BadVersion: return "bad SIP version";
    case ParseFault::BadMethod: return "bad method";
    case ParseFault::BadStatus: return "bad status code";
    case ParseFault::BadHeaderName: return "bad header name";
    case ParseFault::BadHeaderSyntax: return "bad header syntax";
    case ParseFault::TooManyHeaders: return "too many header lines";
    case ParseFault::TooLarge: return "message too large";
    case ParseFault::NoEndOfHeaders: return "no empty line after the headers";
    case ParseFault::MissingHeader: return "missing";
    case ParseFault::DuplicateHeader: return "appears more than once";
    case ParseFault::BadContentLength: return "bad or missing length";
    case ParseFault::BodyTooShort: return "body shorter than said";
    case ParseFault::MethodMismatch: return "method differs from the request line";
    case ParseFault::BadNumber: return "bad number";
    case ParseFault::BadUri: return "bad URI";
    case ParseFault::HeadersInUri: return "headers in it";
    case ParseFault::UriTooLong: return "too long";
    case ParseFault::NoPhoneContext: return "phone-context missing";
    case ParseFault::UnknownScheme: return "unknown URI scheme";
    case ParseFault::BadEscape: return "bad escape";
    case ParseFault::BadHost: return "bad host";
    case ParseFault::NoHost: return "an address that is no host's";
    case ParseFault::BadPort: return "bad port";
    case ParseFault::BadParameter: return "bad parameter";
    case ParseFault::TooManyParameters: return "too many parameters";
    case ParseFault::BadNameAddr: return "bad address";
    case ParseFault::BadVia:
    case ParseFault::BadValue: return "bad value";
    case ParseFault::UnknownAuthScheme: return "unknown authentication scheme";
  }
  return "bad";
}

uint16_t status_for(ParseFault fault) {
  switch (fault) {
    case ParseFault::BadVersion: return status::kVersionNotSupported;
    case ParseFault::TooLarge: return status::kMessageTooLarge;
    case ParseFault::UnknownScheme: return status::kUnsupportedUriScheme;
    case ParseFault::UriTooLong: return status::kRequestUriTooLong;
    case ParseFault::NoPhoneContext: return status::kAddressIncomplete;
    default: return status::kBadRequest;
  }
}

std::string_view write_error_reason(const ParseError& error, std::span<char> out) {
  return write_error_reason(error, to_text(error.header), out);
}

std::string_view write_error_reason(const ParseError& error, std::string_view part,
                                    std::span<char> out) {
  size_t used = 0;
  const auto add = [&](std::string_view text) {
    const size_t size = std::min(text.size(), out.size() - used);
    if (size != 0) std::memcpy(out.data() + used, text.data(), size);
    used += size;
  };
  add(default_reason(status_for(error.fault)));
  add(" - ");
  add(part);
  add(part.empty() ? "" : ": ");
  add(to_text(error.fault));
  return {out.data(), used};
}

std::string_view write_error_warning(std::string_view part, std::string_view fault,
                                     std::span<char> out) {
  Writer line(out);
  line.text("Warning: 399 tipring \"").text(part).text(part.empty() ? "" : ": ");
  line.text(fault).text("\"\r\n");
  return line.full() ? std::string_view() : line.view();
}

}  // namespace tipring::sip
