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
  CHECK(body.fault.text.empty());
  CHECK(body.password == "a\"\xc3\xa4\\");
}

TEST_CASE("user body: a NUL in the text or escaped is refused") {
  CHECK_FALSE(parse_user_body(R"({"password":"a\u0000b"})").fault.text.empty());
  CHECK_FALSE(parse_user_body(std::string_view("{\"password\":\"a\"}\0", 17)).fault.text.empty());
}

TEST_CASE("user body: algorithms are names, none of them means as configured" *
          doctest::description("RFC 8760 2.4; C13")) {
  const auto algorithms = [](const char* text) {
    const UserBody body = parse_user_body(text);
    CHECK(body.fault.text == "");
    CHECK(body.fields.present == store::kAlgorithms);
    return body.fields.algorithms;
  };
  CHECK(algorithms(R"({"algorithms":["SHA-256","MD5"]})") == 3);
  CHECK(algorithms(R"({"algorithms":["SHA-256"],"password":"x"})") == 2);
  CHECK(algorithms(R"({"algorithms":"MD5"})") == 1);
  CHECK(algorithms(R"({"algorithms":[]})") == 0);
  CHECK(parse_user_body(R"({"password":"x"})").fields.present == 0);
  for (const char* body : {R"({"algorithms":["SHA-512"]})", R"({"algorithms":["MD5,SHA-256"]})",
                           R"({"algorithms":1})", R"({"algorithms":[1]})"}) {
    CAPTURE(body);
    CHECK(parse_user_body(body).fault.text.find("algorithms ") == 0);
  }
}

TEST_CASE("user body: every field, and a member that is none") {
  const UserBody body = parse_user_body(
      R"({"auth_name":"a","display_name":"\u00e4","aliases":["1","2"],"session_timer":"exempt"})");
  CHECK(body.fault.text == "");
  CHECK(body.fields.auth_name.view() == "a");
  CHECK(body.fields.display_name.view() == "\xc3\xa4");
  CHECK(body.fields.aliases.view() == "1\n2");
  CHECK(body.fields.session_timer == store::SessionTimerRule::Exempt);
  const std::string fault = parse_user_body(R"({"secretive":"x"})").fault.text;
  CHECK(fault.find("there is no such field; there are auth_name,") == 0);
  CHECK(fault.find("secretive") == std::string::npos);
}

TEST_CASE("secret text: growing keeps the text") {
  SecretText text("abc");
  for (int i = 0; i < 100; ++i) text.append("0123456789");
  CHECK(text.view().size() == 1003);
  CHECK(text.view().substr(0, 5) == "abc01");
}

}  // namespace
}  // namespace tipring::admin::test
