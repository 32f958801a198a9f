#include "sip/auth_params.h"

#include "core/text.h"
#include "sip/chars.h"
#include "sip/message.h"
#include "sip/params.h"

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

ParseError fault_at(ParseFault fault, std::string_view text, std::string_view where) {
  return {fault, HeaderId::Other, static_cast<uint32_t>(where.data() - text.data())};
}

// `name=value, name="value" …`, which is `rest`, the end of `text`.
template <class T, size_t N>
Result<T, ParseError> parse_fields(std::string_view text, std::string_view rest,
                                   const Field<T> (&fields)[N]) {
  T values;
  uint32_t seen = 0;
  std::string_view piece;
  for (size_t count = 0; next_list_value(rest, piece); ++count) {
    if (count == kParamsMax) return fault_at(ParseFault::TooManyParameters, text, piece);
    const size_t name_size = kTokenChar.skip(piece);
    const std::string_view after = trim_lws(piece.substr(name_size));
    if (name_size == 0 || !after.starts_with('='))
      return fault_at(ParseFault::BadParameter, text, piece);
    std::string_view value = trim_lws(after.substr(1));
    if (value.starts_with('"')) {
      if (quoted_string_size(value) != value.size())
        return fault_at(ParseFault::BadParameter, text, piece);
      value = value.substr(1, value.size() - 2);
    }
    for (size_t i = 0; i < N; ++i) {
      const std::string_view name = fields[i].name;
      if (name.size() != name_size || name[0] != to_lower(piece[0])) continue;
      if (!iequals(name, piece.substr(0, name_size))) continue;
      if ((seen >> i & 1U) != 0) return fault_at(ParseFault::DuplicateHeader, text, piece);
      seen |= 1U << i;
      values.*fields[i].member = value;
    }
  }
  return values;
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
