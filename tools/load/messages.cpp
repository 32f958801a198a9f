#include "tools/load/messages.h"

#include <array>

#include "auth/digest.h"
#include "core/text.h"
#include "sip/auth_params.h"
#include "sip/via.h"

namespace tipring::load {

const std::string_view kSdp =
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n";

void write_request(const Endpoint& from, const RequestParts& parts, std::string& out) {
  out.assign(parts.method).append(" ").append(parts.uri).append(" SIP/2.0\r\nVia: SIP/2.0/");
  out.append(from.reliable() ? "TCP " : "UDP ").append(from.host_port());
  out.append(";branch=").append(sip::kMagicCookie).append(parts.branch);
  out.append(";rport\r\nMax-Forwards: 70\r\nFrom: <").append(parts.from).append(">;tag=");
  out.append(parts.from_tag).append("\r\nTo: ").append(parts.to).append("\r\nCall-ID: ");
  out.append(parts.call_id).append("\r\nCSeq: ").append(std::to_string(parts.cseq)).append(" ");
  out.append(parts.method).append("\r\n").append(parts.headers);
  out.append("User-Agent: tipring-load\r\n");
  if (!parts.body.empty()) out.append("Content-Type: ").append(kSdpType).append("\r\n");
  out.append("Content-Length: ").append(std::to_string(parts.body.size())).append("\r\n\r\n");
  out.append(parts.body);
}

std::string user_name(uint64_t number) { return "u" + std::to_string(number); }

std::string address_of_record(const Options& options, std::string_view user) {
  return std::string("sip:").append(user).append("@").append(options.domain);
}

std::string server_uri(const Options& options) {
  std::array<char, port::kAddressTextMax> text;
  return std::string("sip:").append(port::write_address(options.server, text));
}

std::string contact(const Endpoint& at, std::string_view user, std::string_view uri_params) {
  return std::string("<sip:")
      .append(user)
      .append("@")
      .append(at.host_port())
      .append(at.reliable() ? ";transport=tcp" : ";transport=udp")
      .append(uri_params)
      .append(">");
}

namespace {

constexpr std::string_view kCnonce = "c0ffee";
constexpr std::string_view kNc = "00000001";  // each challenge is answered once

std::string answer(const sip::DigestChallenge& challenge, auth::Algorithm algorithm,
                   std::string_view user, std::string_view password, std::string_view method,
                   std::string_view uri) {
  const bool has_qop = !challenge.qop.empty();
  auth::DigestInput input;
  input.method = method;
  input.uri = uri;
  input.nonce = challenge.nonce;
  if (has_qop) {
    input.qop = "auth";
    input.nc = kNc;
    input.cnonce = kCnonce;
  }
  const auth::DigestValue ha1 = auth::make_ha1(algorithm, user, challenge.realm, password);
  std::array<char, auth::kDigestTextMax> response;
  std::string line("Digest username=\"");
  line.append(user).append("\", realm=\"").append(challenge.realm).append("\", nonce=\"");
  line.append(challenge.nonce).append("\", uri=\"").append(uri).append("\", response=\"");
  line.append(auth::write_response(algorithm, ha1.view(), input, response));
  line.append("\", algorithm=").append(auth::to_text(algorithm));
  if (has_qop) line.append(", cnonce=\"").append(kCnonce).append("\", qop=auth, nc=").append(kNc);
  if (!challenge.opaque.empty()) line.append(", opaque=\"").append(challenge.opaque).append("\"");
  return line;
}

sip::HeaderId challenge_of(const sip::MessageView& response) {
  const bool by_proxy = response.status() == 407;
  return by_proxy ? sip::HeaderId::ProxyAuthenticate : sip::HeaderId::WwwAuthenticate;
}

}  // namespace

std::string credentials(const sip::MessageView& response, std::string_view user,
                        std::string_view password, std::string_view method, std::string_view uri) {
  const bool by_proxy = response.status() == 407;
  for (const std::string_view value : response.values(challenge_of(response))) {
    const auto challenge = sip::parse_digest_challenge(value);
    if (!challenge) continue;
    const auto algorithm = auth::parse_algorithm(challenge->algorithm);
    if (!algorithm) continue;
    return std::string(by_proxy ? "Proxy-Authorization: " : "Authorization: ")
        .append(answer(*challenge, *algorithm, user, password, method, uri))
        .append("\r\n");
  }
  return {};
}

bool is_stale(const sip::MessageView& response) {
  for (const std::string_view value : response.values(challenge_of(response))) {
    const auto challenge = sip::parse_digest_challenge(value);
    if (challenge && iequals(challenge->stale, "true")) return true;
  }
  return false;
}

}  // namespace tipring::load
