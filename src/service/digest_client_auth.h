// Answers to the challenges of servers and proxies: RFC 3261 22, RFC 7616, RFC 8760. What a context
// has been challenged with is kept for its next requests (22.2, 22.3); who it may say it is belongs
// to the application. Secrets are borrowed, used and never copied, logged or written.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "auth/digest.h"
#include "core/message_slabs.h"
#include "core/result.h"
#include "port/entropy.h"
#include "sip/auth_params.h"
#include "sip/message.h"
#include "sip/writer.h"

namespace tipring::service {

// One account. It outlives who uses it.
struct Credential {
  std::string_view realm;  // empty: whoever asks
  std::string_view user;
  std::string_view password;  // may be empty, as that of "anonymous" is
  // In its place, by Algorithm; those of size 0 are not known. With any of them the password is not
  // looked at.
  std::array<auth::DigestValue, auth::kAlgorithmCount> ha1 = {};

  bool knows(auth::Algorithm algorithm) const;
};

// How far a request has come through challenges: kept beside the request, new for each but a reissue.
struct AuthTries {
  uint8_t sent = 0;      // bits of the challenges that it was last written with answers to
  uint8_t answered = 0;  // of those that it was challenged with itself
  uint8_t stale = 0;     // how often with a nonce that had run out
};

class DigestClientAuth {
 public:
  // Servers and proxies on one way, by kind and realm.
  static constexpr size_t kChallengesMax = 4;
  // Nonces that ran out under one request.
  static constexpr uint8_t kStaleMax = 3;

  // The first that fits a realm counts. Borrowed, and so is what they refer to. What was known of
  // challenges is forgotten.
  void configure(std::span<const Credential> credentials) {
    credentials_ = credentials;
    clear();
  }

  enum class Verdict : uint8_t {
    Reissue,        // with a higher CSeq, and lines()
    NoCredentials,  // nothing in the response that we could answer
    Rejected,       // it was answered, and the answer is not good
    NoRoom,         // no buffer was free
  };
  // A 401 or 407 to a request that went with lines(), or without any. Of several challenges for one
  // realm the strongest algorithm is answered that the credentials can be used with, SHA-256 before
  // MD5.
  Verdict on_challenge(MessageSlabs& slabs, const sip::MessageView& response, AuthTries& tries);

  // A 2xx to such a request, which may name the next nonce (RFC 7616 3.5).
  void on_success(MessageSlabs& slabs, const sip::MessageView& response);

  // What the response is computed over.
  struct Request {
    std::string_view method;
    std::string_view uri;
    std::string_view body = {};
  };
  // Authorization and Proxy-Authorization lines for all challenges that stand, also for a request
  // that nobody has challenged yet. Each call counts the nonces up: what is written is to be sent. An
  // ACK repeats those of its INVITE instead (22.1), and a CANCEL has none. Errors: BufferFull.
  Result<std::string_view> lines(const Request& request, AuthTries& tries, port::Entropy& entropy,
                                 std::span<char> out);

  bool has_answers() const;
  // Of the first challenge that we can answer; empty while there is none. Good until the next call.
  std::string_view realm() const;
  // Nobody has challenged us yet.
  void clear();

 private:
  static constexpr size_t kTextsMax = 4096;  // of all challenges together
  enum class Qop : uint8_t { None, Auth, AuthInt };
  enum Piece : uint8_t { Realm, Nonce, Opaque, kPieces };
  using Pieces = std::array<std::string_view, kPieces>;

  // What is known of a challenge but its texts.
  struct Terms {
    uint8_t credential = 0;
    auth::Algorithm algorithm = auth::Algorithm::Md5;
    Qop qop = Qop::None;
    bool of_proxy = false;
    bool names_algorithm = false;
  };
  struct Challenge {
    Terms terms;
    bool used = false;
    bool rejected = false;                       // not to be answered unless it comes again
    uint32_t count = 0;                          // of requests with this nonce
    std::array<uint16_t, kPieces + 1> bounds{};  // of its texts
  };
  using Challenges = std::array<Challenge, kChallengesMax>;
  struct Received;     // one challenge of a response
  struct AllReceived;  // those that we can answer, one for each kind and realm
  struct Draft;        // what is to be kept, while its texts are still where they came from

  void collect(const sip::MessageView& response, sip::HeaderId header, AllReceived& all) const;
  bool read(const sip::DigestChallenge& challenge, Received& received) const;
  Draft draft() const;
  bool keep(MessageSlabs& slabs, Draft& draft);
  std::string_view piece(const Challenge& challenge, Piece which) const;
  void write_line(sip::Writer& out, const Challenge& challenge, const Request& request,
                  port::Entropy& entropy) const;

  std::span<const Credential> credentials_;
  MessageRef texts_;
  Challenges challenges_;
};

}  // namespace tipring::service
