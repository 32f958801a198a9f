#include "auth/authenticator.h"

#include <algorithm>

#include "core/text.h"
#include "port/crypto.h"
#include "sip/uri.h"

namespace tipring::auth {

namespace {

// What an unknown user's password is compared with, so that the work is the same.
constexpr std::array<uint8_t, 32> kNobody{};

constexpr size_t kNameMax = 256;

// A request may carry an answer to each challenge. More of them would be more guesses in one go.
constexpr size_t kSetsMax = kAlgorithmCount;

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

// What tells one attempt from another.
uint64_t attempt_of(const sip::DigestCredentials& given) {
  SipHasher64 hasher({});
  for (const std::string_view part : {given.nonce, given.nc, given.cnonce, given.response})
    hasher.add_sized(part);
  return hasher.finish();
}

// Hexadecimal digits in upper case are sent as well.
bool equal_digests(std::string_view given, std::string_view expected) {
  std::array<char, kDigestTextMax> lower;
  if (given.size() != expected.size()) return false;
  std::transform(given.begin(), given.end(), lower.begin(), to_lower);
  return port::equal_constant_time({lower.data(), given.size()}, expected);
}

}  // namespace

Authenticator::Authenticator(const AuthOptions& options, NonceTable& nonces, Blocks& blocks,
                             SecretLookup& lookup)
    : options_(options), nonces_(nonces), blocks_(blocks), lookup_(lookup) {}

bool Authenticator::offers(Algorithm algorithm, uint8_t own) const {
  if (own != 0) return (own & bit_of(algorithm)) != 0;
  const auto all = configured();
  return std::find(all.begin(), all.end(), algorithm) != all.end();
}

AuthResult Authenticator::check(const sip::MessageView& request, Role role, const Asker& asker,
                                uint8_t own) {
  const sip::HeaderId id =
      role == Role::Server ? sip::HeaderId::Authorization : sip::HeaderId::ProxyAuthorization;
  AuthResult result;
  size_t sets = 0;
  // Credentials for other realms stand beside ours (22.3); one good set is enough.
  for (const sip::HeaderView line : request.headers(id)) {
    const AuthResult found = check_credentials(request, line.value(), asker, own);
    if (found.verdict == AuthVerdict::NoCredentials) continue;
    result = found;
    if (found.verdict == AuthVerdict::Accepted || found.verdict == AuthVerdict::Blocked) break;
    if (++sets == kSetsMax) break;
  }
  return result;
}

// RFC 7616 3.4: what must be there is there.
bool Authenticator::is_sound(const sip::DigestCredentials& given) const {
  if (given.nonce.empty() || given.response.empty()) return false;
  if (given.qop.empty()) return true;
  const bool offered =
      iequals(given.qop, "auth") ? options_.auth : options_.auth_int && is_auth_int(given.qop);
  const Result<uint64_t> nc = parse_hex_u64(given.nc);
  return offered && !given.cnonce.empty() && given.nc.size() <= 8 && nc && *nc != 0;
}

AuthResult Authenticator::check_credentials(const sip::MessageView& request, std::string_view value,
                                            const Asker& asker, uint8_t own) {
  const auto given = sip::parse_digest_credentials(value);
  AuthResult result;
  if (!given) {
    const bool other = given.error().fault == sip::ParseFault::UnknownAuthScheme;
    if (!other) result.verdict = AuthVerdict::Malformed;
    return result;
  }
  if (given->realm != options_.realm) return result;
  result.verdict = AuthVerdict::Malformed;
  if (given->username.empty() || given->username.size() > kNameMax) return result;
  std::array<char, kNameMax> buffer;
  const std::string_view name = without_escapes(given->username, buffer);
  result.username = given->username;
  const Login login{name, asker.domain};
  result.blocked_for = blocks_.left_for(asker.address, login, asker.now);
  if (result.blocked_for > Millis(0)) {
    result.verdict = AuthVerdict::Blocked;
    blocks_.count_refused();
    return result;
  }
  const auto algorithm = parse_algorithm(given->algorithm);
  if (!algorithm || !offers(*algorithm, own)) {
    result.verdict = AuthVerdict::NoCredentials;
    return result;
  }
  if (!is_sound(*given)) return result;
  const NonceVerdict nonce =
      nonces_.judge(given->nonce, asker.address, asker.wall, options_.nonce_lifetime);
  if (nonce == NonceVerdict::Forged) {
    // Of an earlier life, or of another address of this phone: "stale" spares its owner the question
    // for a password (RFC 7616 3.3). Whether the password is right is not even looked at, as a wrong
    // one could not be counted.
    result.verdict = AuthVerdict::Stale;
    return result;
  }
  const bool right = is_right(request, *given, name, *algorithm, result.user);
  if (!right) blocks_.on_failure(asker.address, login, attempt_of(*given), asker.now);
  if (!right || !names_request(given->uri, request)) {
    result.verdict = AuthVerdict::Wrong;
    return result;
  }
  result.verdict = nonce == NonceVerdict::Valid ? AuthVerdict::Accepted : AuthVerdict::Stale;
  result.nonce = given->nonce;
  result.nc = given->qop.empty() ? 0 : static_cast<uint32_t>(*parse_hex_u64(given->nc));
  return result;
}

// The same work for every name.
bool Authenticator::is_right(const sip::MessageView& request, const sip::DigestCredentials& given,
                             std::string_view name, Algorithm algorithm, uint64_t& user) {
  Secret secret;
  const bool known =
      lookup_.find_secret(name, algorithm, secret) && secret.ha1.size() == ha1_size(algorithm);
  if (!known) secret = {0, std::span(kNobody).first(ha1_size(algorithm))};
  std::array<char, kDigestTextMax> text;
  const std::string_view expected =
      write_response(algorithm, secret.ha1,
                     {request.method_text(), given.uri, given.nonce, given.qop, given.nc,
                      given.cnonce, request.body()},
                     text);
  const bool right = equal_digests(given.response, expected) && known;
  user = right ? secret.user : 0;
  return right;
}

bool Authenticator::confirm(const AuthResult& accepted, const Asker& asker) {
  // Counted only now: a stranger must not be able to use up counts.
  if (nonces_.use(accepted.nonce, accepted.nc) != NonceVerdict::Valid) return false;
  std::array<char, kNameMax> buffer;
  const std::string_view name = without_escapes(accepted.username, buffer);
  blocks_.on_success(asker.address, {name, asker.domain}, asker.now);
  return true;
}

void Authenticator::write_challenges(Role role, bool stale, const Asker& asker, sip::Writer& out,
                                     uint8_t own) {
  const sip::HeaderId id =
      role == Role::Server ? sip::HeaderId::WwwAuthenticate : sip::HeaderId::ProxyAuthenticate;
  const auto challenge = [&](Algorithm algorithm) {
    std::array<char, NonceTable::kNonceSize> nonce;
    out.text(sip::to_text(id)).text(": Digest realm=").quoted(options_.realm);
    out.text(", nonce=\"").text(nonces_.write(asker.address, asker.wall, nonce));
    out.text("\", algorithm=").text(to_text(algorithm));
    out.text(", qop=\"").text(options_.qop).text("\"");
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
