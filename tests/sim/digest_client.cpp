#include "digest_client.h"

#include <array>
#include <cstdio>

#include "auth/digest.h"
#include "sip/auth_params.h"
#include "sip/headers.h"
#include "sip/status.h"

namespace tipring::sim {

bool DigestClient::learn(const sip::MessageView& response) {
  const auto challenge = response.status() == sip::status::kUnauthorized
                             ? response.typed<sip::HeaderId::WwwAuthenticate>()
                             : response.typed<sip::HeaderId::ProxyAuthenticate>();
  if (!challenge || !auth::parse_algorithm(challenge->algorithm)) return false;
  realm_ = challenge->realm;
  nonce_ = challenge->nonce;
  algorithm_ = challenge->algorithm.empty() ? "MD5" : challenge->algorithm;
  count_ = 0;
  return true;
}

std::string DigestClient::next_line(std::string_view header, std::string_view method,
                                    std::string_view uri) {
  if (!knows_nonce()) return {};
  const auth::Algorithm algorithm = *auth::parse_algorithm(algorithm_);
  const auth::DigestValue ha1 = auth::make_ha1(algorithm, user_, realm_, password_);
  std::array<char, 9> nc;
  std::snprintf(nc.data(), nc.size(), "%08x", ++count_);
  const std::string_view cnonce = "0a4f113b";
  std::array<char, auth::kDigestTextMax> room;
  const std::string_view response = auth::write_response(
      algorithm, ha1.view(), {method, uri, nonce_, "auth", nc.data(), cnonce}, room);
  return std::string(header) + ": Digest username=\"" + user_ + "\", realm=\"" + realm_ +
         "\", nonce=\"" + nonce_ + "\", uri=\"" + std::string(uri) + "\", response=\"" +
         std::string(response) + "\", algorithm=" + algorithm_ + ", qop=auth, nc=" + nc.data() +
         ", cnonce=\"" + std::string(cnonce) + "\"\r\n";
}

}  // namespace tipring::sim
