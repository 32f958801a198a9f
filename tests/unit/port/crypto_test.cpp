#include "port/crypto.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace tipring::port;

namespace {

template <class Digest>
std::string hex(const Digest& digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string md5_of(std::vector<std::string_view> pieces) { return hex(md5(pieces)); }
std::string sha256_of(std::vector<std::string_view> pieces) { return hex(sha256(pieces)); }

}  // namespace

TEST_CASE("crypto: MD5 gives the digests of its RFC" * doctest::description("RFC 1321 A.5")) {
  CHECK(md5_of({}) == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(md5_of({"abc"}) == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(md5_of({"message ", "digest"}) == "f96b697d7cb7938d525a2f31aaf161d0");
  CHECK(md5_of({"1234567890123456789012345678901234567890", "",
                "1234567890123456789012345678901234567890"}) == "57edf4a22be3c955ac49da2e2107b67a");
}

TEST_CASE("crypto: SHA-256 gives the digests of its RFC" * doctest::description("RFC 6234 8.5")) {
  CHECK(sha256_of({}) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_of({"a", "bc"}) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_of({"abcdbcdecdefdefgefghfghighijhi", "jkijkljklmklmnlmnomnopnopq"}) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_CASE("crypto: the same bytes in other pieces give the same digest") {
  const std::string text(1000, 'x');
  const std::string_view all = text;
  for (const size_t cut : {0U, 1U, 55U, 63U, 64U, 65U, 999U, 1000U}) {
    CHECK(sha256_of({all.substr(0, cut), all.substr(cut)}) == sha256_of({all}));
    CHECK(md5_of({all.substr(0, cut), all.substr(cut)}) == md5_of({all}));
  }
}

TEST_CASE("crypto: PBKDF2 gives the key of its RFC" * doctest::description("RFC 7914 11")) {
  // The first 32 of the 64 bytes listed there.
  CHECK(hex(pbkdf2_sha256("passwd", "salt", 1)) ==
        "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
  CHECK(hex(pbkdf2_sha256("Password", "NaCl", 80000)) ==
        "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56");
}

TEST_CASE("crypto: texts are equal only when every byte and the size are") {
  CHECK(equal_constant_time("", ""));
  CHECK(equal_constant_time("abc", "abc"));
  CHECK_FALSE(equal_constant_time("abc", "abd"));
  CHECK_FALSE(equal_constant_time("xbc", "abc"));
  CHECK_FALSE(equal_constant_time("abc", "abcd"));
  CHECK_FALSE(equal_constant_time("abc", ""));
}

TEST_CASE("crypto: a wiped secret is zeros") {
  std::string secret = "hunter2";
  wipe(secret);
  CHECK(secret == std::string(7, '\0'));
}
