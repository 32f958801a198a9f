#include "admin/json.h"

#include <doctest/doctest.h>

namespace tipring::admin::test {
namespace {

std::string json_of(std::string_view text) {
  std::string out;
  append_json(out, text);
  return out;
}

TEST_CASE("JSON string: quotes, backslashes and control characters are escaped" *
          doctest::description("RFC 8259 7")) {
  CHECK(json_of("") == "\"\"");
  CHECK(json_of("a\"b\\c\n\x7f") == R"("a\"b\\c\u000a\u007f")");
  CHECK(json_of(std::string_view("\0", 1)) == R"("\u0000")");
  CHECK(json_of("\xf0\x9f\x98\x80") == "\"\xf0\x9f\x98\x80\"");
}

TEST_CASE("JSON string: each byte that is no UTF-8 becomes U+FFFD") {
  CHECK(json_of("\xc3") == "\"\xef\xbf\xbd\"");
  CHECK(json_of("\xed\xa0\x80") == "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
  CHECK(json_of("\xffz") == "\"\xef\xbf\xbdz\"");
}

TEST_CASE("user body: escapes are undone") {
  const UserBody body = parse_user_body(R"( {"password" : "a\"\u00e4\\"} )");
  CHECK(body.fault.empty());
  CHECK(body.password == "a\"\xc3\xa4\\");
}

TEST_CASE("user body: a NUL in the text or escaped is refused") {
  CHECK_FALSE(parse_user_body(R"({"password":"a\u0000b"})").fault.empty());
  CHECK_FALSE(parse_user_body(std::string_view("{\"password\":\"a\"}\0", 17)).fault.empty());
}

TEST_CASE("user body: algorithms are names, none of them means as configured" *
          doctest::description("RFC 8760 2.4; C13")) {
  CHECK(parse_user_body(R"({"algorithms":["SHA-256","MD5"]})").algorithms == 3);
  const UserBody own = parse_user_body(R"({"algorithms":["SHA-256"],"password":"x"})");
  CHECK(own.algorithms == 2);
  CHECK(own.password == "x");
  CHECK(parse_user_body(R"({"algorithms":[]})").algorithms == 0);
  CHECK_FALSE(parse_user_body(R"({"password":"x"})").algorithms.has_value());
  for (const char* body : {R"({"algorithms":["SHA-512"]})", R"({"algorithms":"MD5"})",
                           R"({"algorithms":[""]})", R"({"algorithms":[1]})"}) {
    CAPTURE(body);
    CHECK(parse_user_body(body).fault.find("SHA-256") != std::string::npos);
  }
}

TEST_CASE("secret text: growing keeps the text") {
  SecretText text("abc");
  for (int i = 0; i < 100; ++i) text.append("0123456789");
  CHECK(text.view().size() == 1003);
  CHECK(text.view().substr(0, 5) == "abc01");
}

}  // namespace
}  // namespace tipring::admin::test
