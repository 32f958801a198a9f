// Digest credentials, challenges and confirmations on the wire: RFC 3261 20.6, 20.7, 20.27, 20.28,
// 20.44; RFC 7616 3.3 to 3.5.
#pragma once

#include <string_view>

#include "core/result.h"
#include "sip/parse_error.h"

namespace tipring::sip {

// Views without quotes; escapes inside quoted strings are kept as they are. Empty: absent.
struct DigestCredentials {
  std::string_view username;
  std::string_view realm;
  std::string_view nonce;
  std::string_view uri;
  std::string_view response;
  std::string_view algorithm;
  std::string_view cnonce;
  std::string_view opaque;
  std::string_view qop;
  std::string_view nc;
  std::string_view userhash;  // RFC 7616 3.4.4
};

struct DigestChallenge {
  std::string_view realm;
  std::string_view domain;
  std::string_view nonce;
  std::string_view opaque;
  std::string_view stale;
  std::string_view algorithm;
  std::string_view qop;
};

struct DigestInfo {
  std::string_view nextnonce;
  std::string_view qop;
  std::string_view rspauth;
  std::string_view cnonce;
  std::string_view nc;
};

// The value of one Authorization or Proxy-Authorization line.
// Errors: UnknownAuthScheme, DuplicateHeader (a parameter twice), BadParameter, TooManyParameters.
Result<DigestCredentials, ParseError> parse_digest_credentials(std::string_view text);
// The value of one WWW-Authenticate or Proxy-Authenticate line.
Result<DigestChallenge, ParseError> parse_digest_challenge(std::string_view text);
// The value of an Authentication-Info. Errors: as above, but for the scheme, which it has none of.
Result<DigestInfo, ParseError> parse_digest_info(std::string_view text);

struct CredentialsTraits {
  using Type = DigestCredentials;
  static Result<DigestCredentials, ParseError> parse(std::string_view text) {
    return parse_digest_credentials(text);
  }
};

struct ChallengeTraits {
  using Type = DigestChallenge;
  static Result<DigestChallenge, ParseError> parse(std::string_view text) {
    return parse_digest_challenge(text);
  }
};

struct AuthInfoTraits {
  using Type = DigestInfo;
  static Result<DigestInfo, ParseError> parse(std::string_view text) {
    return parse_digest_info(text);
  }
};

}  // namespace tipring::sip
