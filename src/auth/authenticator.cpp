#include "auth/authenticator.h"

#include <algorithm>

#include "core/text.h"
#include "port/crypto.h"
#include "sip/auth_params.h"
#include "sip/uri.h"

namespace tipring::auth {

namespace {

// What an unknown user's password is compared with, so that the work is the same.
constexpr std::array<uint8_t, 32> kNobody{};

constexpr size_t kNameMax = 256;

size_t ha1_size(Algorithm algorithm) { return algorithm == Algorithm::Md5 ? 16 : 32; }

// The digest must be about this request (RFC 7616 3.4.6). Phones write the Request-URI in an equal
// form at times.
bool names_request(std::string_view uri, const sip::MessageView& request) {
  return uri == request.request_uri() || sip::equal_uris(uri, request.request_uri());
}

// Quoted strings come with their escapes.
std::string_view without_escapes(std::string_view text, std::span<char> out) {
  if (text.find('\\') == std::string_view::npos) return text;
  size_t used = 0;
  for (size_t at = 0; at < text.size() && used < out.size(); ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    out[used++] = text[at];
  }
  return {out.data(), used};
}

}  // namespace

Authenticator::Authenticator(const AuthOptions& options, NonceTable& nonces, SecretLookup& lookup)
    : options_(options), nonces_(nonces), lookup_(lookup) {}

bool Authenticator::offers(Algorithm algorithm, uint8_t own) const {
  if (own != 0) return (own & bit_of(algorithm)) != 0;
  const auto all = configured();
  return std::find(all.begin(), all.end(), algorithm) != all.end();
}

AuthResult Authenticator::check(const sip::MessageView& request, Role role, Millis wall,
                                uint8_t own) {
  const sip::HeaderId id =
      role == Role::Server ? sip::HeaderId::Authorization : sip::HeaderId::ProxyAuthorization;
  AuthResult result;
  // Credentials for other realms stand beside ours (22.3); one good set is enough.
  for (const sip::HeaderView line : request.headers(id)) {
    const AuthResult found = check_credentials(request, line.value(), wall, own);
    if (found.verdict == AuthVerdict::NoCredentials) continue;
    result = found;
    if (found.verdict == AuthVerdict::Accepted) break;
  }
  return result;
}

AuthResult Authenticator::check_credentials(const sip::MessageView& request, std::string_view value,
                                            Millis wall, uint8_t own) {
  const auto given = sip::parse_digest_credentials(value);
  if (!given) {
    const bool other = given.error().fault == sip::ParseFault::UnknownAuthScheme;
    return {other ? AuthVerdict::NoCredentials : AuthVerdict::Malformed, 0};
  }
  if (given->realm != options_.realm) return {AuthVerdict::NoCredentials, 0};
  const auto algorithm = parse_algorithm(given->algorithm);
  if (!algorithm || !offers(*algorithm, own)) return {AuthVerdict::NoCredentials, 0};
  if (given->username.empty() || given->username.size() > kNameMax || given->nonce.empty() ||
      given->response.empty() || (!given->qop.empty() && !iequals(given->qop, "auth"))) {
    return {AuthVerdict::Malformed, 0};
  }
  const Result<uint64_t> nc =
      given->qop.empty() ? Result<uint64_t>(uint64_t{0}) : parse_hex_u64(given->nc);
  if (!nc || given->nc.size() > 8 || (!given->qop.empty() && (given->cnonce.empty() || *nc == 0))) {
    return {AuthVerdict::Malformed, 0};
  }
  std::array<char, kNameMax> name;
  Secret secret;
  const bool known =
      lookup_.find_secret(without_escapes(given->username, name), *algorithm, secret) &&
      secret.ha1.size() == ha1_size(*algorithm);
  if (!known) secret = {0, std::span(kNobody).first(ha1_size(*algorithm))};
  std::array<char, kDigestTextMax> text;
  const std::string_view expected = write_response(
      *algorithm, secret.ha1,
      {request.method_text(), given->uri, given->nonce, given->qop, given->nc, given->cnonce},
      text);
  const bool right = port::equal_constant_time(given->response, expected);
  const NonceVerdict nonce = nonces_.judge(given->nonce, wall, options_.nonce_lifetime);
  if (!right || !known || !names_request(given->uri, request)) return {AuthVerdict::Wrong, 0};
  // The password is right, so a nonce that is not ours is one of an earlier life: "stale" spares
  // the phone's owner the question for a password (RFC 7616 3.3). Counted only now: a stranger must
  // not be able to use up counts.
  if (nonce != NonceVerdict::Valid ||
      nonces_.use(given->nonce, static_cast<uint32_t>(*nc)) != NonceVerdict::Valid) {
    return {AuthVerdict::Stale, 0};
  }
  return {AuthVerdict::Accepted, secret.user};
}

void Authenticator::write_challenges(Role role, bool stale, Millis wall, sip::Writer& out,
                                     uint8_t own) {
  const sip::HeaderId id =
      role == Role::Server ? sip::HeaderId::WwwAuthenticate : sip::HeaderId::ProxyAuthenticate;
  const auto challenge = [&](Algorithm algorithm) {
    std::array<char, NonceTable::kNonceSize> nonce;
    out.text(sip::to_text(id)).text(": Digest realm=").quoted(options_.realm);
    out.text(", nonce=\"").text(nonces_.write(wall, nonce)).text("\", algorithm=");
    out.text(to_text(algorithm)).text(", qop=\"auth\"");
    if (stale) out.text(", stale=true");
    out.crlf();
  };
  for (const Algorithm algorithm : configured()) {
    if (offers(algorithm, own)) challenge(algorithm);
  }
  for (const Algorithm algorithm : {Algorithm::Sha256, Algorithm::Md5}) {
    if (offers(algorithm, own) && !offers(algorithm, 0)) challenge(algorithm);
  }
}

}  // namespace tipring::auth
