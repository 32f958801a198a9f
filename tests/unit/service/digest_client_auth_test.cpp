#include "service/digest_client_auth.h"

#include <doctest/doctest.h>

#include <array>
#include <string>
#include <vector>

#include "port/sim/sim_clock.h"
#include "sip/headers.h"
#include "unit/core/test_arena.h"
#include "unit/sip/parsed.h"

using namespace tipring;
using auth::Algorithm;
using service::AuthTries;
using service::Credential;
using service::DigestClientAuth;
using Verdict = DigestClientAuth::Verdict;

namespace {

const Credential kBob{"biloxi.com", "bob", "zanzibar"};

std::string challenge(const std::string& nonce, const std::string& realm = "biloxi.com",
                      const std::string& more = ", qop=\"auth\"", bool of_proxy = false) {
  return std::string(of_proxy ? "Proxy-Authenticate" : "WWW-Authenticate") + ": Digest realm=\"" +
         realm + "\", nonce=\"" + nonce + "\"" + more + "\n";
}

std::string response(const std::string& status, const std::string& lines) {
  return test::wire("\nSIP/2.0 " + status + R"(
Via: SIP/2.0/UDP pc33.atlanta.example;branch=z9hG4bK776asdhds
From: Alice <sip:alice@atlanta.example>;tag=1928301774
To: Bob <sip:bob@biloxi.com>;tag=1
Call-ID: a84b4c76e66710
CSeq: 314159 INVITE
)" + lines + "\n");
}

class Bench {
 public:
  explicit Bench(std::vector<Credential> credentials = {kBob}, MessageSlabs::Counts counts = {4, 4})
      : credentials_(std::move(credentials)), slabs(arena_, counts) {
    auth.configure(credentials_);
  }

  Verdict challenged(const std::string& lines) {
    const test::Parsed parsed(response("401 Unauthorized", lines));
    REQUIRE(parsed.complete());
    return auth.on_challenge(slabs, parsed.view(), tries);
  }
  void succeeded(const std::string& lines) {
    const test::Parsed parsed(response("200 OK", lines));
    REQUIRE(parsed.complete());
    auth.on_success(slabs, parsed.view());
  }
  // A new request, which is no reissue.
  std::string first(const std::string& body = "") {
    tries = {};
    return lines(body);
  }
  std::string lines(const std::string& body = "") {
    std::array<char, 2048> room;
    const auto text = auth.lines({"INVITE", "sip:bob@biloxi.com", body}, tries, entropy, room);
    REQUIRE(text);
    return std::string(*text);
  }

 private:
  TestArena arena_;
  std::vector<Credential> credentials_;

 public:
  MessageSlabs slabs;
  DigestClientAuth auth;
  AuthTries tries;
  port::SimEntropy entropy{5};
};

// The lines as the server reads them.
struct Line {
  bool of_proxy = false;
  sip::DigestCredentials value;
};
std::vector<Line> read(const std::string& lines) {
  std::vector<Line> all;
  for (size_t at = 0, end = 0; (end = lines.find("\r\n", at)) != std::string::npos; at = end + 2) {
    const std::string_view line = std::string_view(lines).substr(at, end - at);
    const size_t colon = line.find(": ");
    REQUIRE(colon != std::string_view::npos);
    const bool of_proxy = line.substr(0, colon) == "Proxy-Authorization";
    if (!of_proxy) REQUIRE(line.substr(0, colon) == "Authorization");
    const auto value = sip::parse_digest_credentials(line.substr(colon + 2));
    REQUIRE(value);
    all.push_back({of_proxy, *value});
  }
  return all;
}

// Whether the response is the one of this password.
bool is_of(const sip::DigestCredentials& line, const std::string& password,
           const std::string& body = "") {
  const Algorithm algorithm = auth::parse_algorithm(line.algorithm).value_or(Algorithm::Md5);
  std::array<char, auth::kDigestTextMax> room;
  const auto ha1 = auth::make_ha1(algorithm, line.username, line.realm, password);
  return line.response ==
         auth::write_response(
             algorithm, ha1.view(),
             {"INVITE", line.uri, line.nonce, line.qop, line.nc, line.cnonce, body}, room);
}

// The only line of `lines`.
sip::DigestCredentials only(const std::string& lines) {
  const std::vector<Line> all = read(lines);
  REQUIRE(all.size() == 1);
  return all[0].value;
}

}  // namespace

TEST_CASE("digest client: the challenge of RFC 2617 without qop gets its response" *
          doctest::description("RFC 2617 3.2.2.1; RFC 3261 22.4 point 8; F28")) {
  Bench bench({{"testrealm@host.com", "Mufasa", "Circle Of Life"}});
  REQUIRE(bench.challenged("WWW-Authenticate: Digest realm=\"testrealm@host.com\","
                           "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\","
                           "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"\n") == Verdict::Reissue);
  std::array<char, 512> room;
  const auto lines = bench.auth.lines({"GET", "/dir/index.html"}, bench.tries, bench.entropy, room);
  REQUIRE(lines);
  CHECK(*lines ==
        "Authorization: Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
        "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", "
        "response=\"670fd8c2df070c60b045671b8b24ff02\", "
        "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"\r\n");
}

TEST_CASE("digest client: a request that nobody challenged says nothing" *
          doctest::description("RFC 3261 22.1; F28")) {
  Bench bench;
  CHECK(bench.first().empty());
  CHECK_FALSE(bench.auth.has_answers());
}

TEST_CASE("digest client: a 401 and a 407 are answered under their names" *
          doctest::description("RFC 3261 22.2, 22.3; F28")) {
  Bench bench;
  CHECK(bench.first().empty());
  REQUIRE(bench.challenged(challenge("n1")) == Verdict::Reissue);
  const std::string lines = bench.lines();
  const auto line = only(lines);
  CHECK_FALSE(read(lines)[0].of_proxy);
  CHECK(line.username == "bob");
  CHECK(line.realm == "biloxi.com");
  CHECK(line.nonce == "n1");
  CHECK(line.uri == "sip:bob@biloxi.com");
  CHECK(line.qop == "auth");
  CHECK(line.nc == "00000001");
  CHECK(line.cnonce.size() == 16);
  CHECK(line.algorithm.empty());  // as in the challenge
  CHECK(is_of(line, "zanzibar"));
  Bench proxy;
  REQUIRE(proxy.challenged(challenge("n1", "biloxi.com", "", true)) == Verdict::Reissue);
  const std::string proxied = proxy.lines();
  CHECK(read(proxied)[0].of_proxy);
  CHECK(is_of(only(proxied), "zanzibar"));
}

TEST_CASE("digest client: the strongest algorithm is answered, whatever stands first" *
          doctest::description("RFC 8760 2.4; C13, F28")) {
  const std::string md5 = challenge("m", "biloxi.com", ", algorithm=MD5, qop=\"auth\"");
  const std::string sha = challenge("s", "biloxi.com", ", algorithm=SHA-256, qop=\"auth\"");
  const std::string other = challenge("o", "biloxi.com", ", algorithm=SHA-512-256, qop=\"auth\"");
  const std::string session = challenge("t", "biloxi.com", ", algorithm=MD5-sess, qop=\"auth\"");
  for (const std::string& lines : {md5 + sha, sha + md5, other + md5 + session + sha}) {
    Bench bench;
    REQUIRE(bench.challenged(lines) == Verdict::Reissue);
    const std::string text = bench.lines();
    const auto line = only(text);
    CHECK(line.nonce == "s");
    CHECK(line.algorithm == "SHA-256");
    CHECK(line.response.size() == 64);
    CHECK(is_of(line, "zanzibar"));
  }
  CHECK(Bench().challenged(other + session) == Verdict::NoCredentials);
}

TEST_CASE(
    "digest client: an HA1 answers in the password's place, with the algorithms it is known for" *
    doctest::description("RFC 7616 3.4.2; F28")) {
  Credential credential{"biloxi.com", "bob", ""};
  credential.ha1[0] = auth::make_ha1(Algorithm::Md5, "bob", "biloxi.com", "zanzibar");
  Bench bench({credential});
  REQUIRE(bench.challenged(challenge("s", "biloxi.com", ", algorithm=SHA-256") +
                           challenge("m", "biloxi.com", ", algorithm=MD5")) == Verdict::Reissue);
  const std::string text = bench.lines();
  CHECK(only(text).algorithm == "MD5");
  CHECK(is_of(only(text), "zanzibar"));
}

TEST_CASE("digest client: credentials are for their realm, and those without one for any" *
          doctest::description("RFC 3261 22.1; F28")) {
  CHECK(Bench().challenged(challenge("n", "chicago.com")) == Verdict::NoCredentials);
  CHECK(Bench().challenged("WWW-Authenticate: Basic realm=\"biloxi.com\"\n") ==
        Verdict::NoCredentials);
  CHECK(Bench().challenged("") == Verdict::NoCredentials);
  Bench bench({kBob, {"", "robert", "kampala"}});
  REQUIRE(bench.challenged(challenge("n", "chicago.com")) == Verdict::Reissue);
  std::string text = bench.lines();
  CHECK(only(text).username == "robert");
  CHECK(only(text).realm == "chicago.com");
  CHECK(is_of(only(text), "kampala"));
}

TEST_CASE("digest client: a server and two proxies are answered at once" *
          doctest::description("RFC 3261 22.3; F28")) {
  Bench bench({{"", "bob", "zanzibar"}});
  REQUIRE(bench.challenged(challenge("1", "a.com", "", true) + challenge("2", "b.com") +
                           challenge("3", "b.com", "", true)) == Verdict::Reissue);
  const std::string text = bench.lines();
  const auto lines = read(text);
  REQUIRE(lines.size() == 3);
  int proxies = 0;
  for (const Line& line : lines) {
    proxies += line.of_proxy ? 1 : 0;
    CHECK(line.of_proxy == (line.value.nonce != "2"));
    CHECK(line.value.realm == (line.value.nonce == "1" ? "a.com" : "b.com"));
    CHECK(is_of(line.value, "zanzibar"));
  }
  CHECK(proxies == 2);
}

TEST_CASE("digest client: one proxy after the other, and the first stays answered" *
          doctest::description("RFC 3261 22.3; F28")) {
  Bench bench({{"", "bob", "zanzibar"}});
  bench.first();
  REQUIRE(bench.challenged(challenge("1", "a.com", "", true)) == Verdict::Reissue);
  CHECK(read(bench.lines()).size() == 1);
  REQUIRE(bench.challenged(challenge("2", "b.com", "", true)) == Verdict::Reissue);
  CHECK(read(bench.lines()).size() == 2);
}

TEST_CASE("digest client: credentials that were refused are not sent again" *
          doctest::description("RFC 3261 22.1; F28")) {
  Bench bench;
  bench.first();
  REQUIRE(bench.challenged(challenge("n1")) == Verdict::Reissue);
  CHECK(read(bench.lines()).size() == 1);
  CHECK(bench.challenged(challenge("n2")) == Verdict::Rejected);
  CHECK_FALSE(bench.auth.has_answers());
  CHECK(bench.first().empty());
  // A later request may try once: the password may have been set meanwhile.
  REQUIRE(bench.challenged(challenge("n3")) == Verdict::Reissue);
  CHECK(read(bench.lines()).size() == 1);
  CHECK(bench.challenged(challenge("n3")) == Verdict::Rejected);
}

TEST_CASE("digest client: one refused realm does not keep another from its answer" *
          doctest::description("RFC 3261 22.3; F28")) {
  Bench bench({{"a.com", "bob", "wrong"}, {"b.com", "bob", "zanzibar"}});
  bench.first();
  REQUIRE(bench.challenged(challenge("1", "a.com")) == Verdict::Reissue);
  CHECK(only(bench.lines()).realm == "a.com");
  REQUIRE(bench.challenged(challenge("2", "a.com") + challenge("3", "b.com")) == Verdict::Reissue);
  const std::string text = bench.lines();
  CHECK(only(text).realm == "b.com");
}

TEST_CASE("digest client: a stale nonce is replaced, but not without an end" *
          doctest::description("RFC 7616 3.3; RFC 3261 22.1; F28")) {
  const std::string stale = ", qop=\"auth\", stale=TRUE";
  Bench bench;
  bench.first();
  REQUIRE(bench.challenged(challenge("n0")) == Verdict::Reissue);
  bench.lines();
  for (int i = 1; i <= DigestClientAuth::kStaleMax; ++i) {
    const std::string nonce = "n" + std::to_string(i);
    REQUIRE(bench.challenged(challenge(nonce, "biloxi.com", stale)) == Verdict::Reissue);
    const std::string text = bench.lines();
    CHECK(only(text).nonce == nonce);
    CHECK(only(text).nc == "00000001");
  }
  CHECK(bench.challenged(challenge("n9", "biloxi.com", stale)) == Verdict::Rejected);
}

TEST_CASE("digest client: a stale challenge with the same nonce is none" *
          doctest::description("RFC 7616 3.3; F28")) {
  Bench bench;
  bench.first();
  REQUIRE(bench.challenged(challenge("n1")) == Verdict::Reissue);
  bench.lines();
  CHECK(bench.challenged(challenge("n1", "biloxi.com", ", stale=true")) == Verdict::Rejected);
}

TEST_CASE("digest client: the next request carries credentials at once, with the next count" *
          doctest::description("RFC 3261 22.2; RFC 7616 3.4; F28")) {
  Bench bench;
  bench.first();
  REQUIRE(bench.challenged(challenge("n1")) == Verdict::Reissue);
  const std::string first = bench.lines();
  const std::string second = bench.first();
  CHECK(only(second).nonce == "n1");
  CHECK(only(second).nc == "00000002");
  CHECK(only(second).cnonce != only(first).cnonce);
  CHECK(is_of(only(second), "zanzibar"));
  std::string last;
  for (int i = 3; i <= 0x1b; ++i) last = bench.first();
  CHECK(only(last).nc == "0000001b");
}

TEST_CASE("digest client: a nonce that served before may be replaced without being called stale" *
          doctest::description("RFC 3261 22.1; F28")) {
  Bench bench;
  bench.first();
  REQUIRE(bench.challenged(challenge("n1")) == Verdict::Reissue);
  bench.lines();
  CHECK(read(bench.first()).size() == 1);
  REQUIRE(bench.challenged(challenge("n2")) == Verdict::Reissue);
  const std::string text = bench.lines();
  CHECK(only(text).nonce == "n2");
  CHECK(only(text).nc == "00000001");
  CHECK(bench.challenged(challenge("n3")) == Verdict::Rejected);
}

TEST_CASE("digest client: a request that went without credentials is answered with a known nonce" *
          doctest::description("RFC 3261 22.2; F28")) {
  Bench bench;
  bench.first();
  AuthTries other;  // of a request that left at the same time
  REQUIRE(bench.challenged(challenge("n1")) == Verdict::Reissue);
  bench.lines();
  bench.tries = other;
  CHECK(bench.challenged(challenge("n1")) == Verdict::Reissue);
}

TEST_CASE("digest client: auth-int covers the body, and only where it alone is offered" *
          doctest::description("RFC 7616 3.4.3; F28")) {
  Bench bench;
  REQUIRE(bench.challenged(challenge("n", "biloxi.com", ", qop=\"auth-int,auth\"")) ==
          Verdict::Reissue);
  CHECK(only(bench.lines("v=0\r\n")).qop == "auth");
  Bench with_body;
  REQUIRE(with_body.challenged(challenge("n", "biloxi.com", ", qop=\"auth-int\"")) ==
          Verdict::Reissue);
  const std::string text = with_body.lines("v=0\r\n");
  CHECK(only(text).qop == "auth-int");
  CHECK(is_of(only(text), "zanzibar", "v=0\r\n"));
  CHECK_FALSE(is_of(only(text), "zanzibar"));
  CHECK(Bench().challenged(challenge("n", "biloxi.com", ", qop=\"auth-ext\"")) ==
        Verdict::NoCredentials);
}

TEST_CASE("digest client: nextnonce is used for the next request" *
          doctest::description("RFC 7616 3.5; RFC 3261 20.6; F28")) {
  Bench bench({{"", "bob", "zanzibar"}});
  REQUIRE(bench.challenged(challenge("n1") + challenge("p1", "proxy", "", true)) ==
          Verdict::Reissue);
  bench.lines();
  bench.succeeded("Authentication-Info: nextnonce=\"n2\", qop=auth\n");
  const std::string text = bench.first();
  const auto lines = read(text);
  REQUIRE(lines.size() == 2);
  for (const Line& line : lines) {
    CHECK(line.value.nonce == (line.of_proxy ? "p1" : "n2"));
    if (!line.of_proxy) CHECK(line.value.nc == "00000001");
  }
  bench.succeeded("Authentication-Info: qop=auth\n");
  CHECK(bench.first().find("nonce=\"n2\"") != std::string::npos);
}

TEST_CASE("digest client: more realms than there is room for are left alone" *
          doctest::description("RFC 3261 22.3; F28")) {
  Bench bench({{"", "bob", "zanzibar"}});
  std::string lines;
  for (int i = 0; i < 6; ++i) lines += challenge("n", "r" + std::to_string(i));
  REQUIRE(bench.challenged(lines) == Verdict::Reissue);
  CHECK(read(bench.lines()).size() == DigestClientAuth::kChallengesMax);
  // A new one takes the place of one that this response does not speak of.
  REQUIRE(bench.challenged(challenge("n", "r9")) == Verdict::Reissue);
  const std::string text = bench.lines();
  CHECK(text.find("\"r9\"") != std::string::npos);
  CHECK(read(text).size() == DigestClientAuth::kChallengesMax);
}

TEST_CASE("digest client: without a free buffer what was known stays" *
          doctest::description("DESIGN Memory; F28")) {
  Bench bench({kBob}, {2, 0});
  REQUIRE(bench.challenged(challenge("n1")) == Verdict::Reissue);
  MessageRef last = bench.slabs.acquire(1);
  REQUIRE(last);
  CHECK(bench.challenged(challenge("n2")) == Verdict::NoRoom);
  CHECK(only(bench.lines()).nonce == "n1");
  last.reset();
  bench.first();
  CHECK(bench.challenged(challenge(std::string(5000, 'n'))) == Verdict::NoRoom);
  bench.auth.clear();
  CHECK(bench.first().empty());
  CHECK(bench.slabs.stats(0).in_use == 0);
}

TEST_CASE("digest client: lines that do not fit are not counted" *
          doctest::description("RFC 7616 3.4; F28")) {
  Bench bench;
  REQUIRE(bench.challenged(challenge("n1")) == Verdict::Reissue);
  std::array<char, 64> room;
  const auto lines =
      bench.auth.lines({"INVITE", "sip:bob@biloxi.com"}, bench.tries, bench.entropy, room);
  REQUIRE_FALSE(lines);
  CHECK(lines.error() == Error::BufferFull);
  CHECK(only(bench.lines()).nc == "00000001");
}

TEST_CASE("digest client: what stands in quotes stays in them" *
          doctest::description("RFC 3261 25.1; F28")) {
  Bench bench({{"", "b\"o\\b", "zanzibar"}});
  REQUIRE(bench.challenged(challenge("a\\\"b", "the \\\"realm\\\"")) == Verdict::Reissue);
  const std::string text = bench.lines();
  CHECK(text.find("username=\"b\\\"o\\\\b\", realm=\"the \\\"realm\\\"\", nonce=\"a\\\"b\"") !=
        std::string::npos);
}
