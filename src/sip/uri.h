// SIP and SIPS URIs: RFC 3261 19.1 and 25.1. Views into the text they were read from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "core/result.h"
#include "sip/params.h"
#include "sip/parse_error.h"

namespace tipring::sip {

class Writer;

enum class Scheme : uint8_t { Sip, Sips };

struct Uri {
  Scheme scheme = Scheme::Sip;
  bool has_user = false;      // "sip:@host" has none and is no URI
  bool has_password = false;  // also an empty one: "sip:alice:@host"
  bool is_ipv6 = false;       // `host` stood in brackets
  uint16_t port = 0;          // 0: absent
  std::string_view user;      // with its escapes
  std::string_view password;
  std::string_view host;     // without brackets
  std::string_view params;   // from the first ";", empty without
  std::string_view headers;  // behind the "?"
  ParamInitials initials;    // of the parameters, or of more

  std::optional<Param> param(std::string_view name) const {
    return initials.may_have(name) ? find_param(params, name) : std::nullopt;
  }
};

// Errors: UnknownScheme (well-formed so far, but neither sip: nor sips:), BadUri, BadEscape,
// BadHost, BadPort, BadParameter, TooManyParameters (more than kParamsMax parameters or headers, so
// that comparing stays bounded).
Result<Uri, ParseError> parse_uri(std::string_view text);

// The same where the result is to be kept, for a copy of it would show. REQUIRES: `result` holds a
// Uri().
void parse_uri(std::string_view text, Result<Uri, ParseError>& result);

// A URI of any scheme, and what parse_uri() says of it.
struct ParsedUri : Result<Uri, ParseError> {
  ParsedUri() : Result<Uri, ParseError>(ParseError{ParseFault::BadUri, HeaderId::Other, 0}) {}
  explicit ParsedUri(std::string_view uri) : Result<Uri, ParseError>(std::in_place), text(uri) {
    parse_uri(uri, *this);
  }

  void fail(const ParseError& error) { Result<Uri, ParseError>::operator=(error); }

  std::string_view text;
};

// The part before the first ":", empty when there is none that could be a scheme.
std::string_view scheme_of(std::string_view text);

// 19.1.4, every rule.
bool equal(const Uri& a, const Uri& b);

// Both texts are SIP or SIPS URIs and equal, or they are the same.
bool equal_uris(std::string_view a, std::string_view b);

// Two texts are the same when "%" escapes of characters that need none are read as the characters
// (19.1.4).
bool equal_unescaped(std::string_view a, std::string_view b, bool ignore_case);

// Writes `text` with its "%" escapes resolved; nothing when `out` is too small. An escape that is
// none stays.
std::optional<std::string_view> unescape(std::string_view text, std::span<char> out);

// The URI with all its parts as they are; parsing what was written gives the same parts.
void write_uri(Writer& out, const Uri& uri);

// "example.com:5070", or "[2001:db8::1]".
void write_host_port(Writer& out, const Uri& uri);

// Writes `text` as a user part: what parse_uri() would not read there is escaped, escapes stay.
void write_user(Writer& out, std::string_view text);

// Writes parameters, each with its ";", but those with these names.
void write_uri_params(Writer& out, std::string_view params,
                      std::initializer_list<std::string_view> without);

// Writes a URI without what may not stand in a Request-URI: method parameter and headers (19.1.1,
// table 1; 16.6 step 2). What is no SIP URI is written as it is.
void write_request_uri(Writer& out, std::string_view text);

// The address-of-record that a To or a Request-URI names (10.3 step 5): scheme, user with its
// escapes resolved, host in lower case, and the port if there is one; no password, parameters or
// headers. Equal texts are equal keys. Nothing when `out` is too small.
std::optional<std::string_view> write_canonical_aor(const Uri& uri, std::span<char> out);

// The default port of a scheme and transport: 5061 for TLS, else 5060.
constexpr uint16_t kSipPort = 5060;
constexpr uint16_t kSipsPort = 5061;

}  // namespace tipring::sip
