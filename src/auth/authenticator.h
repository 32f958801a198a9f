// Who sent a request: RFC 3261 22.2 to 22.4. Checks credentials against what a lookup knows, and
// writes challenges. Takes the same work and gives the same answer whether a user exists or not.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "auth/digest.h"
#include "auth/nonce.h"
#include "sip/message.h"
#include "sip/writer.h"

namespace tipring::auth {

// As user agent server or as proxy: which pair of headers, and 401 or 407.
enum class Role : uint8_t { Server, Proxy };

// What is known of a user.
struct Secret {
  uint64_t user = 0;             // the caller's own name for it, not 0
  std::span<const uint8_t> ha1;  // empty: none for this algorithm
};

class SecretLookup {
 public:
  // False for an unknown user. The view is good until the next call.
  virtual bool find_secret(std::string_view username, Algorithm algorithm, Secret& secret) = 0;

 protected:
  ~SecretLookup() = default;
};

enum class AuthVerdict : uint8_t {
  Accepted,
  NoCredentials,  // none for our realm
  Wrong,          // user, password or anything else that the digest covers
  Stale,          // all is right but the nonce: challenge with stale=true
  Malformed,      // credentials that cannot be read: 400
};

struct AuthResult {
  AuthVerdict verdict = AuthVerdict::NoCredentials;
  uint64_t user = 0;  // Accepted only
};

struct AuthOptions {
  std::string_view realm;                               // outlives the authenticator
  std::array<Algorithm, kAlgorithmCount> algorithms{};  // in the order in which they are offered
  size_t algorithm_count = 1;
  Millis nonce_lifetime{300000};
};

class Authenticator {
 public:
  // Borrows all three.
  Authenticator(const AuthOptions& options, NonceTable& nonces, SecretLookup& lookup);

  void set_options(const AuthOptions& options) { options_ = options; }

  // `wall` as of this turn. `own`: the algorithms for this sender alone, a bit for each (RFC 8760
  // 2.4 lets a server choose); 0: as configured.
  AuthResult check(const sip::MessageView& request, Role role, Millis wall, uint8_t own = 0);

  // One challenge for each algorithm, whole lines: those configured first, in their order.
  void write_challenges(Role role, bool stale, Millis wall, sip::Writer& out, uint8_t own = 0);

 private:
  AuthResult check_credentials(const sip::MessageView& request, std::string_view value, Millis wall,
                               uint8_t own);
  std::span<const Algorithm> configured() const {
    return std::span(options_.algorithms).first(options_.algorithm_count);
  }
  bool offers(Algorithm algorithm, uint8_t own) const;

  AuthOptions options_;
  NonceTable& nonces_;
  SecretLookup& lookup_;
};

}  // namespace tipring::auth
