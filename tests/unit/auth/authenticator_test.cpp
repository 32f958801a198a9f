#include "auth/authenticator.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "../core/test_arena.h"

using namespace tipring;
using namespace tipring::auth;

namespace {

constexpr Millis kNow{1'800'000'000'000};
constexpr std::string_view kUri = "sip:example.com";

class Users final : public SecretLookup {
 public:
  bool find_secret(std::string_view username, Algorithm algorithm, Secret& secret) override {
    ++lookups;
    if (username != "alice") return false;
    ha1_ = make_ha1(algorithm, "alice", "example.com", "secret");
    secret = {7, ha1_.view()};
    return true;
  }
  int lookups = 0;

 private:
  DigestValue ha1_;
};

struct Bench {
  explicit Bench(bool both = false) : options(make_options(both)) {}

  static AuthOptions make_options(bool both) {
    AuthOptions options;
    options.realm = "example.com";
    options.algorithms = {Algorithm::Sha256, Algorithm::Md5};
    if (!both) options.algorithms[0] = Algorithm::Md5;
    options.algorithm_count = both ? 2 : 1;
    return options;
  }

  std::string nonce() {
    char out[NonceTable::kNonceSize];
    return std::string(nonces.write(kNow, out));
  }

  std::string credentials(Algorithm algorithm, const std::string& user, const std::string& password,
                          const std::string& nonce, const std::string& nc = "00000001",
                          const std::string& uri = std::string(kUri)) {
    char out[kDigestTextMax];
    const std::string response(
        write_response(algorithm, make_ha1(algorithm, user, "example.com", password).view(),
                       {"REGISTER", uri, nonce, "auth", nc, "abc"}, out));
    return "Digest username=\"" + user + "\", realm=\"example.com\", nonce=\"" + nonce +
           "\", uri=\"" + uri + "\", response=\"" + response +
           "\", algorithm=" + std::string(to_text(algorithm)) +
           ", cnonce=\"abc\", qop=auth, nc=" + nc;
  }

  AuthResult check(const std::string& lines, Role role = Role::Server, Millis wall = kNow) {
    const std::string text =
        "REGISTER " + std::string(kUri) +
        " SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\n"
        "To: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 REGISTER\r\n" +
        lines + "\r\n";
    const sip::ParsedMessage parsed = sip::parse_message(text, index, sip::Framing::Datagram);
    REQUIRE(parsed.status == sip::ParseStatus::Complete);
    return authenticator.check(parsed.view, role, wall);
  }
  AuthResult check_one(const std::string& value) {
    return check("Authorization: " + value + "\r\n");
  }

  TestArena arena;
  AuthOptions options;
  NonceTable nonces{arena, HashKey{1, 2}, 1, 64};
  Users users;
  Authenticator authenticator{options, nonces, users};
  sip::HeaderIndex index;
};

}  // namespace

TEST_CASE("authentication: the right password is accepted, once per count" *
          doctest::description("R1.2; RFC 3261 22.2")) {
  Bench bench;
  const std::string nonce = bench.nonce();
  const AuthResult result =
      bench.check_one(bench.credentials(Algorithm::Md5, "alice", "secret", nonce));
  CHECK(result.verdict == AuthVerdict::Accepted);
  CHECK(result.user == 7);
  CHECK(bench.check_one(bench.credentials(Algorithm::Md5, "alice", "secret", nonce)).verdict ==
        AuthVerdict::Stale);
  CHECK(bench.check_one(bench.credentials(Algorithm::Md5, "alice", "secret", nonce, "00000002"))
            .verdict == AuthVerdict::Accepted);
}

TEST_CASE("authentication: wrong password and unknown user look the same" *
          doctest::description("R1.5, C6")) {
  Bench bench;
  const std::string nonce = bench.nonce();
  CHECK(bench.check_one(bench.credentials(Algorithm::Md5, "alice", "wrong", nonce)).verdict ==
        AuthVerdict::Wrong);
  CHECK(bench.check_one(bench.credentials(Algorithm::Md5, "mallory", "secret", nonce)).verdict ==
        AuthVerdict::Wrong);
  CHECK(bench.users.lookups == 2);
  // A wrong password uses up no count.
  CHECK(bench.check_one(bench.credentials(Algorithm::Md5, "alice", "secret", nonce)).verdict ==
        AuthVerdict::Accepted);
}

TEST_CASE("authentication: an old or foreign nonce with the right password is stale" *
          doctest::description("R11.3; RFC 7616 3.3")) {
  Bench bench;
  const std::string old = bench.nonce();
  CHECK(bench
            .check("Authorization: " + bench.credentials(Algorithm::Md5, "alice", "secret", old) +
                       "\r\n",
                   Role::Server, kNow + Millis(300'001))
            .verdict == AuthVerdict::Stale);
  CHECK(bench.check_one(bench.credentials(Algorithm::Md5, "alice", "secret", "made-up")).verdict ==
        AuthVerdict::Stale);
  CHECK(bench.check_one(bench.credentials(Algorithm::Md5, "alice", "wrong", "made-up")).verdict ==
        AuthVerdict::Wrong);
}

TEST_CASE("authentication: credentials for other realms and schemes are passed over" *
          doctest::description("RFC 3261 22.3")) {
  Bench bench;
  const std::string ours = bench.credentials(Algorithm::Md5, "alice", "secret", bench.nonce());
  CHECK(bench.check("").verdict == AuthVerdict::NoCredentials);
  CHECK(bench.check_one("Basic YTpi").verdict == AuthVerdict::NoCredentials);
  CHECK(bench
            .check_one(
                "Digest username=\"x\", realm=\"other\", nonce=\"n\", uri=\"u\", response=\"r\"")
            .verdict == AuthVerdict::NoCredentials);
  CHECK(bench
            .check("Authorization: Digest username=\"x\", realm=\"other\", nonce=\"n\", uri=\"u\", "
                   "response=\"r\"\r\n"
                   "Authorization: " +
                   ours + "\r\n")
            .verdict == AuthVerdict::Accepted);
  CHECK(bench.check("Proxy-Authorization: " + ours + "\r\n").verdict == AuthVerdict::NoCredentials);
}

TEST_CASE("authentication: an algorithm that was not offered counts as none" *
          doctest::description("C13")) {
  Bench md5_only;
  CHECK(md5_only
            .check_one(md5_only.credentials(Algorithm::Sha256, "alice", "secret", md5_only.nonce()))
            .verdict == AuthVerdict::NoCredentials);
  Bench both(true);
  CHECK(both.check_one(both.credentials(Algorithm::Sha256, "alice", "secret", both.nonce()))
            .verdict == AuthVerdict::Accepted);
  CHECK(both.check_one(both.credentials(Algorithm::Md5, "alice", "secret", both.nonce())).verdict ==
        AuthVerdict::Accepted);
}

TEST_CASE("authentication: a digest for another request is wrong" *
          doctest::description("RFC 7616 3.4.6")) {
  Bench bench;
  CHECK(bench
            .check_one(bench.credentials(Algorithm::Md5, "alice", "secret", bench.nonce(),
                                         "00000001", "sip:other.com"))
            .verdict == AuthVerdict::Wrong);
  CHECK(bench
            .check_one(bench.credentials(Algorithm::Md5, "alice", "secret", bench.nonce(),
                                         "00000001", "sip:EXAMPLE.com"))
            .verdict == AuthVerdict::Accepted);
}

TEST_CASE("authentication: credentials that lack what they must have are malformed") {
  Bench bench;
  for (const char* value :
       {"Digest realm=\"example.com\"", "Digest username=\"a\", realm=\"example.com\", nonce=\"n\"",
        "Digest username=\"a\", realm=\"example.com\", nonce=\"n\", response=\"r\", qop=auth-int",
        "Digest username=\"a\", realm=\"example.com\", nonce=\"n\", response=\"r\", qop=auth",
        "Digest username=\"a\", username=\"b\", realm=\"example.com\"", "Digest username"}) {
    CAPTURE(value);
    CHECK(bench.check_one(value).verdict == AuthVerdict::Malformed);
  }
}

TEST_CASE("challenge: one line for each algorithm in the configured order" *
          doctest::description("R1.1, C13")) {
  Bench bench(true);
  char text[1024];
  sip::Writer out(text);
  bench.authenticator.write_challenges(Role::Server, true, kNow, out);
  const std::string lines(out.view());
  CHECK(lines.find("WWW-Authenticate: Digest realm=\"example.com\", nonce=\"") == 0);
  CHECK(lines.find("algorithm=SHA-256, qop=\"auth\", stale=true\r\n") <
        lines.find("algorithm=MD5, qop=\"auth\", stale=true\r\n"));
  sip::Writer proxy(text);
  bench.authenticator.write_challenges(Role::Proxy, false, kNow, proxy);
  CHECK(proxy.view().starts_with("Proxy-Authenticate: "));
  CHECK(proxy.view().find("stale") == std::string_view::npos);
}
