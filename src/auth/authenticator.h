// Who sent a request: RFC 3261 22.2 to 22.4. Checks credentials against what a lookup knows, and
// writes challenges. Takes the same work and gives the same answer whether a user exists or not.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "auth/blocks.h"
#include "auth/digest.h"
#include "auth/nonce.h"
#include "sip/auth_params.h"
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
  Stale,          // the nonce cannot be used: challenge with stale=true
  Malformed,      // credentials that cannot be read: 400
  Blocked,        // too many wrong ones before: these were not looked at, 403
};

struct AuthResult {
  AuthVerdict verdict = AuthVerdict::NoCredentials;
  uint64_t user = 0;  // Accepted only, as the next two
  std::string_view nonce = {};
  uint32_t nc = 0;
  std::string_view username = {};  // as the request gives it; empty where there is none
  Millis blocked_for{0};           // Blocked only: what is left of it
};

// Who asks, and when.
struct Asker {
  port::IpAddress address;  // that the request came from
  std::string_view domain;  // in which its names are looked up
  Millis wall;              // both of this turn
  Millis now;
};

struct AuthOptions {
  std::string_view realm;                               // outlives the authenticator
  std::array<Algorithm, kAlgorithmCount> algorithms{};  // in the order in which they are offered
  size_t algorithm_count = 1;
  std::string_view qop = "auth";  // as challenges say it, a literal
  bool auth = true;               // which of the two that offers
  bool auth_int = false;
  Millis nonce_lifetime{300000};
};

class Authenticator {
 public:
  // Borrows all but the options.
  Authenticator(const AuthOptions& options, NonceTable& nonces, Blocks& blocks,
                SecretLookup& lookup);

  void set_options(const AuthOptions& options) { options_ = options; }

  // `own`: the algorithms for this sender alone, a bit for each (RFC 8760 2.4 lets a server choose);
  // 0: as configured. Wrong credentials are counted, and what comes of it is in the Blocks. Accepted
  // counts for nothing yet: confirm() does. Views in the result live as the request does.
  AuthResult check(const sip::MessageView& request, Role role, const Asker& asker, uint8_t own = 0);

  // Uses up the nonce count of an accepted request. False when it was used before: stale. Apart
  // from check(), so that a request which is refused for other reasons gets the same refusal when it
  // comes again.
  bool confirm(const AuthResult& accepted, const Asker& asker);

  // One challenge for each algorithm, whole lines: those configured first, in their order.
  void write_challenges(Role role, bool stale, const Asker& asker, sip::Writer& out,
                        uint8_t own = 0);

 private:
  AuthResult check_credentials(const sip::MessageView& request, std::string_view value,
                               const Asker& asker, uint8_t own);
  bool is_sound(const sip::DigestCredentials& given) const;
  bool is_right(const sip::MessageView& request, const sip::DigestCredentials& given,
                std::string_view name, Algorithm algorithm, uint64_t& user);
  std::span<const Algorithm> configured() const {
    return std::span(options_.algorithms).first(options_.algorithm_count);
  }
  bool offers(Algorithm algorithm, uint8_t own) const;

  AuthOptions options_;
  NonceTable& nonces_;
  Blocks& blocks_;
  SecretLookup& lookup_;
};

}  // namespace tipring::auth
