#include "auth/digest.h"

#include <doctest/doctest.h>

#include <string>

using namespace tipring::auth;

namespace {

std::string response(Algorithm algorithm, std::string_view user, std::string_view realm,
                     std::string_view password, const DigestInput& input) {
  char out[kDigestTextMax];
  return std::string(
      write_response(algorithm, make_ha1(algorithm, user, realm, password).view(), input, out));
}

}  // namespace

TEST_CASE("digest: the example of RFC 7616" * doctest::description("RFC 7616 3.9.1; C13")) {
  const DigestInput input{
      "GET",  "/dir/index.html", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
      "auth", "00000001",        "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"};
  CHECK(response(Algorithm::Md5, "Mufasa", "http-auth@example.org", "Circle of Life", input) ==
        "8ca523f5e9506fed4657c9700eebdbec");
  CHECK(response(Algorithm::Sha256, "Mufasa", "http-auth@example.org", "Circle of Life", input) ==
        "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
}

TEST_CASE("digest: the example of RFC 2617, with and without qop" *
          doctest::description("RFC 2617 3.5; RFC 3261 22.4")) {
  DigestInput input{"GET",  "/dir/index.html", "dcd98b7102dd2f0e8b11d0f600bfb0c093",
                    "auth", "00000001",        "0a4f113b"};
  CHECK(response(Algorithm::Md5, "Mufasa", "testrealm@host.com", "Circle Of Life", input) ==
        "6629fae49393a05397450978507c4ef1");
  input.qop = {};
  CHECK(response(Algorithm::Md5, "Mufasa", "testrealm@host.com", "Circle Of Life", input) ==
        "670fd8c2df070c60b045671b8b24ff02");
}

TEST_CASE("digest: algorithm names") {
  CHECK(parse_algorithm("") == Algorithm::Md5);
  CHECK(parse_algorithm("md5") == Algorithm::Md5);
  CHECK(parse_algorithm("SHA-256") == Algorithm::Sha256);
  CHECK_FALSE(parse_algorithm("MD5-sess").has_value());
  CHECK_FALSE(parse_algorithm("SHA-512-256").has_value());
}
