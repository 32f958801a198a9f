#include "auth/digest.h"

#include <algorithm>

#include "core/text.h"
#include "port/crypto.h"

namespace tipring::auth {

namespace {

constexpr std::array<std::string_view, kAlgorithmCount> kNames = {"MD5", "SHA-256"};

std::string_view write_digest(Algorithm algorithm, std::span<const std::string_view> pieces,
                              std::span<char> out) {
  return write_hex(digest(algorithm, pieces).view(), out);
}

}  // namespace

std::string_view to_text(Algorithm algorithm) { return kNames[static_cast<size_t>(algorithm)]; }

std::optional<Algorithm> parse_algorithm(std::string_view text) {
  if (text.empty()) return Algorithm::Md5;
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (iequals(kNames[i], text)) return static_cast<Algorithm>(i);
  }
  return std::nullopt;
}

bool is_auth_int(std::string_view qop) { return iequals(qop, "auth-int"); }

DigestValue digest(Algorithm algorithm, std::span<const std::string_view> pieces) {
  DigestValue value;
  if (algorithm == Algorithm::Md5) {
    const port::Md5Digest md5 = port::md5(pieces);
    std::copy(md5.begin(), md5.end(), value.bytes.begin());
    value.size = static_cast<uint8_t>(md5.size());
  } else {
    value.bytes = port::sha256(pieces);
    value.size = static_cast<uint8_t>(value.bytes.size());
  }
  return value;
}

DigestValue make_ha1(Algorithm algorithm, std::string_view user, std::string_view realm,
                     std::string_view password) {
  const std::string_view pieces[] = {user, ":", realm, ":", password};
  return digest(algorithm, pieces);
}

std::string_view write_response(Algorithm algorithm, std::span<const uint8_t> ha1,
                                const DigestInput& input, std::span<char> out) {
  std::array<char, kDigestTextMax> ha1_text;
  std::array<char, kDigestTextMax> ha2_text;
  const std::string_view secret = write_hex(ha1, ha1_text);
  std::array<char, kDigestTextMax> body_text;
  const std::string_view request[] = {input.method, ":", input.uri};
  std::string_view ha2;
  if (is_auth_int(input.qop)) {
    const std::string_view body = write_digest(algorithm, {&input.body, 1}, body_text);
    const std::string_view whole[] = {input.method, ":", input.uri, ":", body};
    ha2 = write_digest(algorithm, whole, ha2_text);
  } else {
    ha2 = write_digest(algorithm, request, ha2_text);
  }
  if (input.qop.empty()) {
    const std::string_view pieces[] = {secret, ":", input.nonce, ":", ha2};
    return write_digest(algorithm, pieces, out);
  }
  const std::string_view pieces[] = {secret,       ":", input.nonce, ":", input.nc, ":",
                                     input.cnonce, ":", input.qop,   ":", ha2};
  return write_digest(algorithm, pieces, out);
}

}  // namespace tipring::auth
