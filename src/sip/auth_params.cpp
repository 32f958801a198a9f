#include "sip/auth_params.h"

#include "core/text.h"
#include "sip/chars.h"
#include "sip/message.h"
#include "sip/params.h"
#include "sip/scan_value.h"

namespace tipring::sip {

namespace {

template <class T>
struct Field {
  std::string_view name;
  std::string_view T::*member;
};

constexpr Field<DigestCredentials> kCredentialFields[] = {
    {"username", &DigestCredentials::username}, {"realm", &DigestCredentials::realm},
    {"nonce", &DigestCredentials::nonce},       {"uri", &DigestCredentials::uri},
    {"response", &DigestCredentials::response}, {"algorithm", &DigestCredentials::algorithm},
    {"cnonce", &DigestCredentials::cnonce},     {"opaque", &DigestCredentials::opaque},
    {"qop", &DigestCredentials::qop},           {"nc", &DigestCredentials::nc},
    {"userhash", &DigestCredentials::userhash},
};

constexpr Field<DigestChallenge> kChallengeFields[] = {
    {"realm", &DigestChallenge::realm}, {"domain", &DigestChallenge::domain},
    {"nonce", &DigestChallenge::nonce}, {"opaque", &DigestChallenge::opaque},
    {"stale", &DigestChallenge::stale}, {"algorithm", &DigestChallenge::algorithm},
    {"qop", &DigestChallenge::qop},
};

constexpr Field<DigestInfo> kInfoFields[] = {
    {"nextnonce", &DigestInfo::nextnonce},
    {"qop", &DigestInfo::qop},
    {"rspauth", &DigestInfo::rspauth},
    {"cnonce", &DigestInfo::cnonce},
    {"nc", &DigestInfo::nc},
};

// Takes the value that begins at `at` off `rest`, which begins with its name, and all up to the next
// comma. False when more follows a quoted string, or when it has no end.
bool take_value(std::string_view& rest, size_t at, std::string_view& value) {
  const bool quoted = at < rest.size() && rest[at] == '"';
  size_t end = 0;
  if (quoted) {
    end = at + quoted_string_size(between(rest, at, rest.size()));
    if (end == at) return false;
    value = between(rest, at + 1, end - 1);
  } else {
    end = kTokenChar.skip(rest, at);
    value = between(rest, at, end);
  }
  end = skip_lws(rest, end);
  if (end == rest.size() || rest[end] == ',') {
    rest.remove_prefix(end);
    return true;
  }
  if (quoted) return false;
  std::string_view piece;  // no token, as peers send them
  next_list_value(rest, piece);
  value = trim_lws(piece.substr(at));
  return true;
}

// `name=value, name="value" …`, which is `rest`, the end of `text`.
template <class T, size_t N>
Result<T, ParseError> parse_fields(std::string_view text, std::string_view rest,
                                   const Field<T> (&fields)[N]) {
  T values;
  uint32_t seen = 0;
  for (size_t count = 0;; ++count) {
    while (!rest.empty() && (rest.front() == ',' || kLwsChar(rest.front()))) rest.remove_prefix(1);
    if (rest.empty()) return values;
    const std::string_view whole = rest;
    if (count == kParamsMax) return fault_at(ParseFault::TooManyParameters, text, whole);
    const std::string_view given = between(whole, 0, kTokenChar.skip(whole));
    const size_t equals = skip_lws(whole, given.size());
    std::string_view value;
    if (given.empty() || equals == whole.size() || whole[equals] != '=' ||
        !take_value(rest, skip_lws(whole, equals + 1), value))
      return fault_at(ParseFault::BadParameter, text, whole);
    for (size_t i = 0; i < N; ++i) {
      const std::string_view name = fields[i].name;
      if (name[0] != to_lower(given[0]) || !iequals(name, given)) continue;
      if ((seen >> i & 1U) != 0) return fault_at(ParseFault::DuplicateHeader, text, whole);
      seen |= 1U << i;
      values.*fields[i].member = value;
      break;
    }
  }
}

// The same behind the word `Digest`.
template <class T, size_t N>
Result<T, ParseError> parse_digest(std::string_view text, const Field<T> (&fields)[N]) {
  const size_t scheme_size = kTokenChar.skip(text);
  if (!iequals(text.substr(0, scheme_size), "Digest"))
    return fault_at(ParseFault::UnknownAuthScheme, text, text);
  return parse_fields(text, text.substr(scheme_size), fields);
}

}  // namespace

Result<DigestCredentials, ParseError> parse_digest_credentials(std::string_view text) {
  return parse_digest(text, kCredentialFields);
}

Result<DigestChallenge, ParseError> parse_digest_challenge(std::string_view text) {
  return parse_digest(text, kChallengeFields);
}

Result<DigestInfo, ParseError> parse_digest_info(std::string_view text) {
  return parse_fields(text, text, kInfoFields);
}

}  // namespace tipring::sip
