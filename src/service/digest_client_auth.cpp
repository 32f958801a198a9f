#include "service/digest_client_auth.h"

#include <algorithm>

#include "core/text.h"
#include "sip/headers.h"

namespace tipring::service {

namespace {

constexpr size_t kCnonceBytes = 8;

// nc: eight digits.
std::string_view write_count(uint32_t count, std::span<char> out) {
  const std::array<uint8_t, 4> bytes = {
      static_cast<uint8_t>(count >> 24), static_cast<uint8_t>(count >> 16),
      static_cast<uint8_t>(count >> 8), static_cast<uint8_t>(count)};
  return write_hex(bytes, out);
}

constexpr uint8_t bit_of(size_t slot) { return static_cast<uint8_t>(1U << slot); }

// Whether the comma-separated `list` of a challenge holds `option`.
bool offers(std::string_view list, std::string_view option) {
  std::string_view value;
  while (sip::next_list_value(list, value)) {
    if (iequals(value, option)) return true;
  }
  return false;
}

}  // namespace

struct DigestClientAuth::Received {
  Pieces pieces;
  Terms terms;
  bool stale = false;

  bool is_for_realm_of(const Received& other) const {
    return terms.of_proxy == other.terms.of_proxy && pieces[Realm] == other.pieces[Realm];
  }
};

struct DigestClientAuth::AllReceived {
  std::array<Received, kChallengesMax> each;
  size_t count = 0;
};

struct DigestClientAuth::Draft {
  Challenges challenges;
  std::array<Pieces, kChallengesMax> pieces;

  bool is_known(size_t slot, const Received& received) const {
    return challenges[slot].used && challenges[slot].terms.of_proxy == received.terms.of_proxy &&
           pieces[slot][Realm] == received.pieces[Realm];
  }
  // Where it belongs, or a free place, or that of one that this response says nothing of.
  size_t slot_for(const Received& received, uint8_t taken) const {
    for (size_t i = 0; i < kChallengesMax; ++i) {
      if (is_known(i, received)) return i;
    }
    for (size_t i = 0; i < kChallengesMax; ++i) {
      if (!challenges[i].used) return i;
    }
    size_t slot = 0;
    while ((taken & bit_of(slot)) != 0) ++slot;
    return slot;
  }
  // 22.1: credentials that were refused are not tried again, unless it was for the nonce. One that
  // went with an older nonce, before anybody asked this time, was refused for that.
  bool may_answer_again(size_t slot, const Received& received, AuthTries& tries) const {
    if (received.pieces[Nonce] == pieces[slot][Nonce]) return false;
    if (!received.stale) return (tries.answered & bit_of(slot)) == 0;
    return tries.stale++ < kStaleMax;
  }
};

bool Credential::knows(auth::Algorithm algorithm) const {
  bool any = false;
  for (const auth::DigestValue& value : ha1) any = any || value.size != 0;
  return !any || ha1[static_cast<size_t>(algorithm)].size != 0;
}

// False for a challenge that we cannot answer.
bool DigestClientAuth::read(const sip::DigestChallenge& challenge, Received& received) const {
  const auto algorithm = auth::parse_algorithm(challenge.algorithm);
  if (!algorithm || challenge.nonce.empty()) return false;
  Terms& terms = received.terms;
  if (!challenge.qop.empty()) {
    // 22.4 point 8: with it there is a count and a nonce of ours. The body is covered only on demand.
    if (offers(challenge.qop, "auth")) {
      terms.qop = Qop::Auth;
    } else if (offers(challenge.qop, "auth-int")) {
      terms.qop = Qop::AuthInt;
    } else {
      return false;
    }
  }
  terms.algorithm = *algorithm;
  terms.names_algorithm = !challenge.algorithm.empty();
  received.pieces = {challenge.realm, challenge.nonce, challenge.opaque};
  received.stale = iequals(challenge.stale, "true");
  for (size_t i = 0; i < credentials_.size() && i <= UINT8_MAX; ++i) {
    const Credential& credential = credentials_[i];
    const bool fits = credential.realm.empty() || credential.realm == challenge.realm;
    if (!fits || !credential.knows(*algorithm)) continue;
    terms.credential = static_cast<uint8_t>(i);
    return true;
  }
  return false;
}

// Of several for one realm the strongest stays, and of equal ones the first (RFC 8760 2.4).
void DigestClientAuth::collect(const sip::MessageView& response, sip::HeaderId header,
                               AllReceived& all) const {
  for (const std::string_view value : response.values(header)) {
    const auto challenge = sip::parse_digest_challenge(value);
    Received received;
    received.terms.of_proxy = header == sip::HeaderId::ProxyAuthenticate;
    if (!challenge || !read(*challenge, received)) continue;
    size_t at = 0;
    while (at < all.count && !all.each[at].is_for_realm_of(received)) ++at;
    if (at == kChallengesMax) continue;
    if (at < all.count && all.each[at].terms.algorithm >= received.terms.algorithm) continue;
    all.each[at] = received;
    all.count = std::max(all.count, at + 1);
  }
}

DigestClientAuth::Verdict DigestClientAuth::on_challenge(MessageSlabs& slabs,
                                                         const sip::MessageView& response,
                                                         AuthTries& tries) {
  AllReceived all;
  collect(response, sip::HeaderId::WwwAuthenticate, all);
  collect(response, sip::HeaderId::ProxyAuthenticate, all);
  Draft next = draft();
  AuthTries now = tries;
  uint8_t taken = 0;  // slots of this response
  uint8_t rejected = 0;
  for (size_t i = 0; i < all.count; ++i) {
    const Received& received = all.each[i];
    const size_t slot = next.slot_for(received, taken);
    taken |= bit_of(slot);
    const bool sent = next.is_known(slot, received) && (now.sent & bit_of(slot)) != 0;
    if (sent && !next.may_answer_again(slot, received, now)) {
      rejected |= bit_of(slot);
      challenges_[slot].rejected = next.challenges[slot].rejected = true;
      continue;
    }
    next.challenges[slot] = {received.terms, true, false, 0, {}};
    next.pieces[slot] = received.pieces;
    now.answered |= bit_of(slot);
  }
  if (taken == rejected) return taken == 0 ? Verdict::NoCredentials : Verdict::Rejected;
  if (!keep(slabs, next)) return Verdict::NoRoom;
  tries = now;
  return Verdict::Reissue;
}

void DigestClientAuth::on_success(MessageSlabs& slabs, const sip::MessageView& response) {
  const auto info = response.typed<sip::HeaderId::AuthenticationInfo>();
  if (!info || info->nextnonce.empty()) return;
  Draft next = draft();
  // It names no realm: it is from the one server that we have authenticated ourselves to.
  size_t slot = kChallengesMax;
  for (size_t i = 0; i < kChallengesMax; ++i) {
    const Challenge& challenge = challenges_[i];
    if (!challenge.used || challenge.rejected || challenge.terms.of_proxy) continue;
    if (slot != kChallengesMax) return;
    slot = i;
  }
  if (slot == kChallengesMax || next.pieces[slot][Nonce] == info->nextnonce) return;
  next.pieces[slot][Nonce] = info->nextnonce;
  next.challenges[slot].count = 0;
  static_cast<void>(keep(slabs, next));  // else the old one stays, until it is called stale
}

DigestClientAuth::Draft DigestClientAuth::draft() const {
  Draft draft{challenges_, {}};
  for (size_t i = 0; i < kChallengesMax; ++i) {
    if (!challenges_[i].used) continue;
    for (const Piece which : {Realm, Nonce, Opaque})
      draft.pieces[i][which] = piece(challenges_[i], which);
  }
  return draft;
}

// Copies the texts, which may still lie in the buffer that is replaced.
bool DigestClientAuth::keep(MessageSlabs& slabs, Draft& draft) {
  size_t size = 0;
  for (const Pieces& pieces : draft.pieces) {
    for (const std::string_view text : pieces) size += text.size();
  }
  if (size > kTextsMax) return false;
  MessageRef buffer = slabs.acquire(size);
  if (!buffer) return false;
  sip::Writer out(buffer.room());
  for (size_t i = 0; i < kChallengesMax; ++i) {
    auto& bounds = draft.challenges[i].bounds;
    bounds[0] = static_cast<uint16_t>(out.size());
    for (size_t k = 0; k < kPieces; ++k) {
      out.unfolded(draft.pieces[i][k]);
      bounds[k + 1] = static_cast<uint16_t>(out.size());
    }
  }
  buffer.set_size(out.size());
  texts_ = std::move(buffer);
  challenges_ = draft.challenges;
  return true;
}

std::string_view DigestClientAuth::piece(const Challenge& challenge, Piece which) const {
  return between(texts_.view(), challenge.bounds[which], challenge.bounds[which + 1]);
}

Result<std::string_view> DigestClientAuth::lines(const Request& request, AuthTries& tries,
                                                 port::Entropy& entropy, std::span<char> out) {
  sip::Writer lines(out);
  uint8_t sent = 0;
  for (size_t i = 0; i < kChallengesMax; ++i) {
    if (!challenges_[i].used || challenges_[i].rejected) continue;
    sent |= bit_of(i);
    write_line(lines, challenges_[i], request, entropy);
  }
  if (lines.full()) return Error::BufferFull;
  for (size_t i = 0; i < kChallengesMax; ++i) {
    if ((sent & bit_of(i)) != 0) ++challenges_[i].count;
  }
  tries.sent = sent;
  return lines.view();
}

void DigestClientAuth::write_line(sip::Writer& out, const Challenge& challenge,
                                  const Request& request, port::Entropy& entropy) const {
  const Terms& terms = challenge.terms;
  const Credential& credential = credentials_[terms.credential];
  const std::string_view realm = piece(challenge, Realm);
  auth::DigestInput input{request.method, request.uri, piece(challenge, Nonce), {}, {}, {},
                          request.body};
  std::array<char, 2 * kCnonceBytes> cnonce;
  std::array<char, 8> count;
  if (terms.qop != Qop::None) {
    input.qop = terms.qop == Qop::Auth ? "auth" : "auth-int";
    input.cnonce = write_hex_u64(entropy.u64(), cnonce);
    input.nc = write_count(challenge.count + 1, count);
  }
  auth::DigestValue ha1 = credential.ha1[static_cast<size_t>(terms.algorithm)];
  if (ha1.size == 0)
    ha1 = auth::make_ha1(terms.algorithm, credential.user, realm, credential.password);
  std::array<char, auth::kDigestTextMax> response;
  out.text(sip::to_text(terms.of_proxy ? sip::HeaderId::ProxyAuthorization
                                       : sip::HeaderId::Authorization));
  out.text(": Digest username=").quoted(credential.user).text(", realm=\"").text(realm);
  out.text("\", nonce=\"").text(input.nonce).text("\", uri=\"").text(request.uri);
  out.text("\", response=\"");
  out.text(auth::write_response(terms.algorithm, ha1.view(), input, response)).text("\"");
  if (terms.names_algorithm) out.text(", algorithm=").text(auth::to_text(terms.algorithm));
  if (const std::string_view opaque = piece(challenge, Opaque); !opaque.empty())
    out.text(", opaque=\"").text(opaque).text("\"");
  if (terms.qop != Qop::None) {
    out.text(", qop=").text(input.qop).text(", nc=").text(input.nc);
    out.text(", cnonce=\"").text(input.cnonce).text("\"");
  }
  out.crlf();
}

bool DigestClientAuth::has_answers() const {
  return std::any_of(challenges_.begin(), challenges_.end(), [](const Challenge& challenge) {
    return challenge.used && !challenge.rejected;
  });
}

std::string_view DigestClientAuth::realm() const {
  for (const Challenge& challenge : challenges_) {
    if (challenge.used && !challenge.rejected) return piece(challenge, Realm);
  }
  return {};
}

void DigestClientAuth::clear() {
  texts_.reset();
  challenges_ = {};
}

}  // namespace tipring::service
