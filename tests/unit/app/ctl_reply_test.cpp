#include "app/ctl_reply.h"

#include <doctest/doctest.h>

#include "port/http_client.h"

namespace tipring::app {
namespace {

TEST_CASE("listing reply: rows, cells by kind, and the cursor") {
  CtlRows rows;
  std::string next;
  REQUIRE(parse_listing(R"({"users":[{"name":"a\u00e4","n":18446744073709551615,"b":true},{}],)"
                        R"("next":"17"})",
                        "users", rows, next));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0][0].text == "a\xc3\xa4");
  CHECK(rows[0][1].text == "18446744073709551615");
  CHECK_FALSE(rows[0][1].is_text);
  CHECK(rows[0][2].text == "true");
  CHECK(next == "17");
}

TEST_CASE("listing reply: an object is one row, and without next it was the last page") {
  CtlRows rows;
  std::string next = "x";
  CHECK(parse_listing(R"({"status":{"version":"1"}})", "status", rows, next));
  CHECK(rows.size() == 1);
  CHECK(next == "");
}

TEST_CASE("replies of another form are told") {
  CtlRows rows;
  std::string next;
  for (const char* reply :
       {"", "[]", "{}", R"({"users":7})", R"({"users":[7]})", R"({"users":[{"a":[7]}]})",
        R"({"users":[],"next":7})", R"({"users":[])"})
    CHECK_FALSE(parse_listing(reply, "users", rows, next));
  CtlImportReply import;
  for (const char* const reply : {"{}", R"({"created":-1,"changed":0})", R"({"detail":"x"})",
                                  R"({"detail":"x","created":1,"changed":0})"})
    CHECK_FALSE(parse_import_reply(reply, import));
  CHECK(parse_error_message("<html>") == "");
  CHECK(parse_error_message(R"({"detail":7})") == "");
  CHECK(parse_error_message(R"({"title":"t","status":400,"detail":"m"})") == "m");
}

TEST_CASE("HTTP reply: status and body, as long as Content-Length says" *
          doctest::description("RFC 9112 4, 6.3")) {
  port::HttpReply reply;
  REQUIRE(port::parse_http_reply("HTTP/1.1 404 Not Found\r\nCONTENT-length: 2\r\n\r\nabc", reply));
  CHECK(reply.status == 404);
  CHECK(reply.body == "ab");
  CHECK(port::parse_http_reply("HTTP/1.0 200\r\n\r\nto the end", reply));
  CHECK(reply.body == "to the end");
}

TEST_CASE("HTTP reply: what is none or cut short is told" * doctest::description("RFC 9112 8")) {
  port::HttpReply reply;
  for (const char* bytes :
       {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
        "SIP/2.0 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nabc"}) {
    CAPTURE(bytes);
    CHECK_FALSE(port::parse_http_reply(bytes, reply));
  }
}

}  // namespace
}  // namespace tipring::app
