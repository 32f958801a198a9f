#include "sip/auth_params.h"

#include <doctest/doctest.h>

#include <string>

#include "parsed.h"
#include "sip/headers.h"

namespace tipring::sip {
namespace {

using test::GuardedText;

ParseFault fault_of(std::string_view value) {
  const GuardedText text(value);
  const auto credentials = parse_digest_credentials(text.view());
  return credentials ? ParseFault::NotSip
                     : credentials.error().fault;  // NotSip is no fault of credentials
}

TEST_CASE("digest: credentials" * doctest::description("RFC 3261 20.7, 22.4; RFC 7616 3.4; R1.1")) {
  const GuardedText text(
      "Digest username=\"bob\", realm=\"atlanta.example.com\",\r\n "
      "nonce=\"84a4cc6f3082121f32b42a2187831a9e\", "
      "uri=\"sip:a,b@c;x\" , response = \"7587245234b3434cc3412213e5f113a5\",algorithm=MD5, "
      "cnonce=\"0a4f113b\",QOP=auth,"
      "nc=00000001,opaque=\"\",userhash=false, unknown=\"x, y\"");
  const auto credentials = parse_digest_credentials(text.view());
  REQUIRE(credentials);
  CHECK(credentials->username == "bob");
  CHECK(credentials->realm == "atlanta.example.com");
  CHECK(credentials->nonce == "84a4cc6f3082121f32b42a2187831a9e");
  CHECK(credentials->uri == "sip:a,b@c;x");
  CHECK(credentials->response == "7587245234b3434cc3412213e5f113a5");
  CHECK(credentials->algorithm == "MD5");
  CHECK(credentials->cnonce == "0a4f113b");
  CHECK(credentials->qop == "auth");
  CHECK(credentials->nc == "00000001");
  CHECK(credentials->opaque.empty());
  CHECK(credentials->userhash == "false");
}

TEST_CASE("digest: escapes inside quotes are kept" *
          doctest::description("RFC 3261 25.1 quoted-pair")) {
  CHECK(parse_digest_credentials("digest username=\"b\\\"o,b\", realm=x")->username == "b\\\"o,b");
}

TEST_CASE("digest: a parameter twice is refused" *
          doctest::description("RFC 7616 3.4; one reading for all")) {
  CHECK(fault_of("Digest username=\"a\", realm=\"r\", Username=\"b\"") ==
        ParseFault::DuplicateHeader);
  CHECK(fault_of("Digest nc=1, nc=1") == ParseFault::DuplicateHeader);
}

TEST_CASE("digest: another scheme is told apart" *
          doctest::description("RFC 3261 22; RFC 4475 3.3.7")) {
  CHECK(fault_of("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==") == ParseFault::UnknownAuthScheme);
  CHECK(fault_of("NoOneKnowsThisScheme opaque-data=here") == ParseFault::UnknownAuthScheme);
  CHECK(fault_of("") == ParseFault::UnknownAuthScheme);
  CHECK(fault_of("Digestusername=\"a\"") == ParseFault::UnknownAuthScheme);
}

TEST_CASE("digest: faults" * doctest::description("RFC 3261 25.1; R4.5")) {
  CHECK(fault_of("Digest username") == ParseFault::BadParameter);
  CHECK(fault_of("Digest =x") == ParseFault::BadParameter);
  CHECK(fault_of("Digest username=\"open") == ParseFault::BadParameter);
  CHECK(fault_of("Digest username=\"") == ParseFault::BadParameter);
  CHECK(fault_of("Digest username=\"a\"b") == ParseFault::BadParameter);
  CHECK(fault_of("Digest username=\"a\\\"") == ParseFault::BadParameter);
  std::string many = "Digest x0=1";
  for (int i = 0; i < 70; ++i) many += ",x=1";
  CHECK(fault_of(many) == ParseFault::TooManyParameters);
}

TEST_CASE("digest: a challenge" * doctest::description("RFC 3261 20.27, 20.44")) {
  const auto challenge = parse_digest_challenge(
      "Digest realm=\"atlanta.com\", domain=\"sip:ss1.carrier.com\", qop=\"auth,auth-int\",\r\n "
      "nonce=\"f84f1cec41e6cbe5aea9c8e88d359\","
      " opaque=\"\", stale=FALSE, algorithm=MD5");
  REQUIRE(challenge);
  CHECK(challenge->realm == "atlanta.com");
  CHECK(challenge->domain == "sip:ss1.carrier.com");
  CHECK(challenge->qop == "auth,auth-int");
  CHECK(challenge->nonce == "f84f1cec41e6cbe5aea9c8e88d359");
  CHECK(challenge->stale == "FALSE");
  CHECK(challenge->algorithm == "MD5");
}

TEST_CASE("digest: each line of a message is read by itself" *
          doctest::description("RFC 3261 7.3.1, 22.3")) {
  const test::Parsed parsed(test::request_with(
      "Proxy-Authorization: Digest realm=\"a\"\nProxy-Authorization: Digest realm=\"b\"\n"));
  std::string realms;
  for (const HeaderView line : parsed.view().headers(HeaderId::ProxyAuthorization)) {
    realms += parse_digest_credentials(line.value())->realm;
  }
  CHECK(realms == "ab");
  CHECK(parsed.view().typed<HeaderId::ProxyAuthorization>()->realm == "a");
}

TEST_CASE("digest: every prefix is read without a step beyond it" *
          doctest::description("guard page")) {
  const std::string whole = "Digest username=\"b\\\\\", uri=\"sip:a\", nc = 1";
  for (size_t size = 0; size <= whole.size(); ++size)
    fault_of(std::string_view(whole).substr(0, size));
}

}  // namespace
}  // namespace tipring::sip
